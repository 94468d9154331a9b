//! What is measured: the task service as it is released, and its twin.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use super::database::Database;
use crate::cargo::{self, Profile};
use crate::cluster::own::processes::Processes;
use crate::dirs;
use crate::images;
use crate::progress::Step;
use crate::project::Project;
use crate::run::Cmd;
use crate::test::stores::free_port;
use crate::wait;

/// What daprd would send.
pub(super) const APP_TOKEN: &str = "bench-app-token";

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Server {
    /// The task service.
    Task,
    /// The twin as one process.
    Twin,
    /// The twin with a process for each core.
    Twins,
}

impl Server {
    pub(super) const ALL: [Self; 3] = [Self::Task, Self::Twin, Self::Twins];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Task => "task service",
            Self::Twin => "FastAPI, 1 process",
            Self::Twins => "FastAPI, 1 per core",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Twin => "twin",
            Self::Twins => "twins",
        }
    }
}

/// All of them, running.
#[derive(Debug)]
pub(super) struct Servers {
    processes: Processes,
    ports: [u16; 3],
    /// A token that they all accept.
    pub(super) token: String,
}

impl Servers {
    pub(super) fn start(project: &Project, database: &Database) -> Result<Self> {
        let packages = project.tools().twin()?;
        let twin = project.dirs.root().join("e2e/bench/twin");
        let token = python(&packages, &twin)
            .arg("token.py")
            .arg(database.folder())
            .output()?;
        let servers = Self {
            processes: database.processes.clone(),
            ports: [free_port()?, free_port()?, free_port()?],
            token,
        };
        servers.start_task(project, database)?;
        // The service makes the tables.
        servers.wait(Server::Task)?;
        servers.start_twin(Server::Twin, 1, &packages, &twin, database)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        servers.start_twin(Server::Twins, cores, &packages, &twin, database)?;
        servers.wait(Server::Twin)?;
        servers.wait(Server::Twins)?;
        Ok(servers)
    }

    fn start_task(&self, project: &Project, database: &Database) -> Result<()> {
        let step = Step::start("building the release");
        let mut built = cargo::build(&project.dirs, Profile::Release, &images::packages())?;
        step.done();
        let program = built.remove("todo-task").context("the build gave no todo-task")?;
        let config = database.folder().join("task.yaml");
        let mut text = String::from(
            "platform: bench\nnamespace: bench\nservice: task\nappId: bench-task\nlog: {level: error}\n\
             pubsub: {component: none}\n",
        );
        let keys = database.folder().join("jwks.json");
        let port = self.port(Server::Task);
        writeln!(
            text,
            "auth: {{issuer: https://bench.test, audience: https://bench.test, jwksFile: {}}}\n\
             http: {{listen: \"127.0.0.1:{port}\", adminListen: \"127.0.0.1:{}\"}}",
            keys.display(),
            free_port()?
        )?;
        dirs::write(&config, text)?;
        // Nothing listens where the sidecar would be: what is measured is the write of the event, not its way.
        let nobody = free_port()?;
        let command = Cmd::new("env")
            .arg(format!("TODO_CONFIG={}", config.display()))
            .arg(format!("DATABASE_URL={}", database.url()))
            .arg(format!("APP_API_TOKEN={APP_TOKEN}"))
            .arg(format!("DAPR_GRPC_PORT={nobody}"))
            .arg(format!("DAPR_HTTP_PORT={nobody}"))
            .arg(program);
        self.processes.start_command(Server::Task.name(), &command)
    }

    fn start_twin(
        &self,
        server: Server,
        workers: usize,
        packages: &Path,
        twin: &Path,
        database: &Database,
    ) -> Result<()> {
        let command = Cmd::new("env")
            .arg(format!("PYTHONPATH={}", packages.display()))
            .arg("PYTHONDONTWRITEBYTECODE=1")
            .arg(format!(
                "TWIN_JWKS={}",
                database.folder().join("jwks.json").display()
            ))
            .arg(format!("DATABASE_URL={}", database.url()))
            .args([
                "python3",
                "-m",
                "uvicorn",
                "main:app",
                "--no-access-log",
                "--log-level",
                "warning",
            ])
            .arg("--app-dir")
            .arg(twin)
            .args(["--host", "127.0.0.1", "--port", &self.port(server).to_string()])
            .args(["--workers", &workers.to_string()]);
        self.processes.start_command(server.name(), &command)
    }

    /// Until it answers with the list of a user without tasks.
    fn wait(&self, server: Server) -> Result<()> {
        wait::until(
            &format!("the {} answers", server.title()),
            Duration::from_mins(1),
            || {
                self.processes.check(server.name())?;
                Ok(self
                    .request(server, "GET", "/v1/tasks?limit=1", "")
                    .is_ok_and(|status| status == 200))
            },
        )
    }

    pub(super) const fn port(&self, server: Server) -> u16 {
        self.ports[server as usize]
    }

    /// Resident memory, in KiB, of all its processes.
    pub(super) fn resident(&self, server: Server) -> u64 {
        self.processes.resident(server.name())
    }

    /// Sends one request and gives the status of its answer.
    pub(super) fn request(&self, server: Server, method: &str, path: &str, body: &str) -> Result<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port(server)))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             dapr-api-token: {APP_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.with_context(|| format!("no HTTP answer: {answer}"))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let names = Server::ALL.map(Server::name);
        // The processes of the next run are swept before they start.
        drop(self.processes.stop(&names, Duration::from_secs(20)));
    }
}

fn python(packages: &Path, twin: &Path) -> Cmd {
    Cmd::new("python3").env("PYTHONPATH", packages).cwd(twin)
}

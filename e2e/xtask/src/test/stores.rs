//! PostgreSQL, Redis and Kafka as processes on loopback, for the tests of stores and of the broker.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::kafka::Kafka;
use crate::cluster::own::processes::Processes;
use crate::dirs::{self, Dirs};
use crate::progress::Step;
use crate::run::Cmd;
use crate::tools::debian;
use crate::versions::Versions;
use crate::wait;

const PASSWORD: &str = "postgres";

/// The stores that run.
#[derive(Debug)]
pub(super) struct Stores {
    processes: Processes,
    data: PathBuf,
    postgres: u16,
    redis: u16,
    kafka: Kafka,
}

impl Stores {
    /// Starts all three, with empty data.
    pub(super) fn start(dirs: &Dirs, versions: &Versions) -> Result<Self> {
        let package = format!("postgresql-{}", versions.debian.postgresql);
        debian::install(&[&package, "redis-server"])?;
        let step = Step::start("starting PostgreSQL, Redis and Kafka");
        stop_left(dirs)?;
        let processes = processes(dirs);
        // Not in the cache: a user without rights must reach it, and home folders are closed.
        let data = std::env::temp_dir().join(format!("todoplatform-stores-{}", std::process::id()));
        dirs::make(&dirs.cluster("stores"))?;
        // Found by the next run if this one is killed.
        dirs::write(&record(dirs), data.display().to_string())?;
        dirs::make(&data)?;
        let stores = Self {
            kafka: Kafka::start(dirs, versions, &processes, &data)?,
            processes,
            data,
            postgres: free_port()?,
            redis: free_port()?,
        };
        let bin = PathBuf::from(format!("/usr/lib/postgresql/{}/bin", versions.debian.postgresql));
        stores.start_postgres(&bin)?;
        stores.start_redis()?;
        stores.wait(&bin)?;
        step.done();
        Ok(stores)
    }

    /// Where the tests find them.
    pub(super) fn envs(&self) -> Vec<(&'static str, String)> {
        let mut envs = vec![
            ("TODO_TEST_POSTGRES_URL", self.postgres_url()),
            ("TODO_TEST_REDIS_URL", self.redis_url()),
        ];
        envs.extend(self.kafka.envs());
        envs
    }

    /// A superuser's URL.
    fn postgres_url(&self) -> String {
        format!(
            "postgres://postgres:{PASSWORD}@127.0.0.1:{}/postgres",
            self.postgres
        )
    }

    fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.redis)
    }

    /// Folder of their logs.
    pub(super) fn logs(dirs: &Dirs) -> PathBuf {
        dirs.cluster("stores").join("log")
    }

    fn start_postgres(&self, bin: &Path) -> Result<()> {
        let data = self.data.join("postgres");
        let password = self.data.join("password");
        dirs::write(&password, PASSWORD)?;
        if debian::is_root() {
            Cmd::new("chown")
                .arg("postgres")
                .arg(&self.data)
                .arg(&password)
                .run()?;
        }
        let initdb = [
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ];
        as_user("postgres", &bin.join("initdb"))
            .args(initdb)
            .arg("--pwfile")
            .arg(&password)
            .arg("--pgdata")
            .arg(&data)
            .run()?;
        let server = as_user("postgres", &bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &self.postgres.to_string()])
            // Each test has a database of its own, and nothing has to outlive the machine.
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            .args(["-c", "fsync=off", "-c", "max_connections=300"]);
        self.processes.start_command("postgres", &server)
    }

    fn start_redis(&self) -> Result<()> {
        let server = as_user("nobody", Path::new("redis-server"))
            .args(["--bind", "127.0.0.1", "--port", &self.redis.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir", "/"]);
        self.processes.start_command("redis", &server)
    }

    fn wait(&self, bin: &Path) -> Result<()> {
        let ready =
            Cmd::new(bin.join("pg_isready")).args(["-h", "127.0.0.1", "-p", &self.postgres.to_string()]);
        wait::until("the stores' answer", Duration::from_mins(1), || {
            self.processes.check("postgres")?;
            self.processes.check("redis")?;
            Ok(ready.succeeds()
                && self.kafka.answers(&self.processes)?
                && std::net::TcpStream::connect(("127.0.0.1", self.redis)).is_ok())
        })
    }

    /// Stops all and removes their data.
    pub(super) fn stop(&self, dirs: &Dirs) -> Result<()> {
        self.processes
            .stop(&["postgres", "redis", Kafka::process()], Duration::from_secs(5))?;
        stop_left(dirs)
    }
}

/// Ends what an earlier run left, and removes its data.
pub(crate) fn stop_left(dirs: &Dirs) -> Result<()> {
    let folder = dirs.cluster("stores");
    if !folder.exists() {
        return Ok(());
    }
    processes(dirs).sweep()?;
    if let Ok(data) = std::fs::read_to_string(record(dirs)) {
        dirs::remove(Path::new(&data))?;
    }
    dirs::remove(&folder)
}

fn processes(dirs: &Dirs) -> Processes {
    Processes::new(&dirs.cluster("stores"), None)
}

fn record(dirs: &Dirs) -> PathBuf {
    dirs.cluster("stores").join("data")
}

/// As root the program runs as this user: PostgreSQL refuses root.
pub(crate) fn as_user(user: &str, program: &Path) -> Cmd {
    if debian::is_root() {
        Cmd::new("setpriv")
            .args(["--reuid", user, "--clear-groups", "--"])
            .arg(program)
    } else {
        Cmd::new(program)
    }
}

pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}

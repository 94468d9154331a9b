//! Everything that runs: stores, services, sidecars, and the ways between them that can be cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;
use todo_kit::failpoint::Failpoint;
use todo_kit::testing::TestIssuer;
use todo_scenarios::proof::schedule::{Fault, Link, Program, Replica};
use todo_scenarios::proxy::Way;
use todo_scenarios::{Result, wait};
use todoplatform_operator::kafka::{Connection, Target};

use super::ports::{Ports, Use};
use super::process::Process;
use super::services::Service;
use super::sidecars::{NAMESPACE, Rendered};
use super::stores;

/// How long anything may take to start on a busy machine.
const START: Duration = Duration::from_mins(2);

/// What is to happen at a point.
struct Armed {
    actions: String,
    is_told: bool,
}

/// A program that ended without our killing it.
pub(crate) struct Ended {
    program: Program,
    status: ExitStatus,
    /// Where it died, if it was told to.
    pub(crate) at: Option<Failpoint>,
}

impl Ended {
    fn was_aborted(&self) -> bool {
        self.status.signal() == Some(Signal::ABORT.as_raw())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.program.name(), self.status)?;
        self.at.map_or(Ok(()), |point| write!(f, " at {}", point.name()))
    }
}

/// The whole platform with its stores.
pub(crate) struct World {
    processes: BTreeMap<Program, Process>,
    /// Those that are to stay dead for now.
    pub(crate) down: BTreeSet<Program>,
    armed: BTreeMap<(Program, Failpoint), Armed>,
    ways: BTreeMap<Link, Way>,
    ports: Ports,
    pub(crate) issuer: TestIssuer,
    pub(crate) database: PgPool,
    http: reqwest::Client,
    logs: PathBuf,
    folder: TempDir,
}

impl World {
    /// Starts everything, and waits until all of it answers.
    pub(crate) async fn start(logs: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("todo-proof-").tempdir()?;
        open_to_all(folder.path())?;
        std::fs::create_dir_all(logs)?;
        for program in Program::ALL {
            let log = logs.join(format!("{}.log", program.name()));
            // What another run left, if one did.
            std::fs::write(log, "")?;
        }
        let ports = Ports::find()?;
        let ways = ways(&ports).await?;
        let issuer = TestIssuer::new(1);
        let database = PgConnectOptions::new()
            .host("127.0.0.1")
            .port(ports.main(Program::Postgres))
            .username("postgres")
            .database("postgres");
        let mut world = Self {
            processes: BTreeMap::new(),
            down: BTreeSet::new(),
            armed: BTreeMap::new(),
            ways,
            ports,
            issuer,
            database: PgPoolOptions::new()
                .max_connections(2)
                .connect_lazy_with(database),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(3))
                .build()?,
            logs: logs.to_owned(),
            folder,
        };
        world.start_stores().await?;
        world.start_services().await?;
        Ok(world)
    }

    /// Where the gateway listens.
    pub(crate) fn gateway(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.main(Program::Gateway))
    }

    pub(crate) fn way(&self, link: Link) -> Result<&Way> {
        self.ways
            .get(&link)
            .ok_or_else(|| format!("no way {link:?}").into())
    }

    pub(crate) fn process(&mut self, program: Program) -> Result<&mut Process> {
        let process = self.processes.get_mut(&program);
        process.ok_or_else(|| format!("{} was never started", program.name()).into())
    }

    /// Starts again what has ended and is not to stay dead, as a node would, and arms it as it was; gives what ended by
    /// itself.
    pub(crate) async fn revive(&mut self) -> Result<Vec<Ended>> {
        let mut all = Vec::new();
        for (program, process) in &mut self.processes {
            if let Some(status) = process.ended()? {
                all.push(Ended {
                    program: *program,
                    status,
                    at: None,
                });
            }
            if !process.is_running() && !self.down.contains(program) {
                process.again()?;
                let own = self.armed.iter_mut().filter(|((whose, _), _)| whose == program);
                own.for_each(|(_, armed)| armed.is_told = false);
            }
        }
        for ended in &mut all {
            let own = self.armed.keys().find(|(program, _)| *program == ended.program);
            ended.at = own.map(|(_, point)| *point).filter(|_| ended.was_aborted());
            if let Some(point) = ended.at {
                self.disarm(point).await;
            }
        }
        self.tell().await;
        Ok(all)
    }

    /// Tells every program that passes the point what is to happen there, also those that are started later.
    pub(crate) async fn arm(&mut self, point: Failpoint, actions: &str) {
        for program in Fault::DieAt(point).ends() {
            let armed = Armed {
                actions: actions.to_owned(),
                is_told: false,
            };
            self.armed.insert((program, point), armed);
        }
        self.tell().await;
    }

    /// Nothing happens at this point any more.
    pub(crate) async fn disarm(&mut self, point: Failpoint) {
        for program in Fault::DieAt(point).ends() {
            self.armed.remove(&(program, point));
            // One that is dead has forgotten anyway.
            let _ = self.put(program, point, "off").await;
        }
    }

    /// Disarms all points.
    pub(crate) async fn disarm_all(&mut self) {
        while let Some((_, point)) = self.armed.keys().next().copied() {
            self.disarm(point).await;
        }
    }

    /// Whether something is still to happen at some point.
    pub(crate) fn is_armed(&self) -> bool {
        !self.armed.is_empty()
    }

    async fn tell(&mut self) {
        let untold = self.armed.iter().filter(|(_, armed)| !armed.is_told);
        let untold: Vec<_> = untold
            .map(|(place, armed)| (*place, armed.actions.clone()))
            .collect();
        for ((program, point), actions) in untold {
            let is_told = self.put(program, point, &actions).await.is_ok();
            if let Some(armed) = self.armed.get_mut(&(program, point)) {
                armed.is_told = is_told;
            }
        }
    }

    async fn put(&self, program: Program, point: Failpoint, actions: &str) -> Result<()> {
        let port = self.ports.of(program, Use::Admin);
        let url = format!("http://127.0.0.1:{port}/failpoints/{}", point.name());
        let request = self.http.put(url).body(actions.to_owned());
        // One that is held does not answer, and the schedule goes on.
        let answer = request.timeout(Duration::from_millis(300)).send().await?;
        answer.error_for_status()?;
        Ok(())
    }

    fn run(&mut self, program: Program, recipe: super::process::Recipe) -> Result<()> {
        let process = Process::start(recipe, self.log(program))?;
        self.processes.insert(program, process);
        Ok(())
    }

    fn log(&self, program: Program) -> PathBuf {
        self.logs.join(format!("{}.log", program.name()))
    }

    async fn start_stores(&mut self) -> Result<()> {
        let folder = self.folder.path().to_owned();
        let ways = [
            self.way(Link::TaskToKafka)?.address(),
            self.way(Link::RecorderToKafka)?.address(),
        ];
        let kafka = stores::kafka(&folder, &self.log(Program::Kafka), &self.ports, ways).await?;
        self.run(Program::Kafka, kafka)?;
        let port = self.ports.main(Program::Postgres);
        let postgres = stores::postgres(&folder, &self.log(Program::Postgres), port).await?;
        self.run(Program::Postgres, postgres)?;
        let redis = stores::redis(self.ports.main(Program::Redis));
        self.run(Program::Redis, redis)?;
        let database = self.database.clone();
        wait::until(START, "PostgreSQL", || async {
            sqlx::query("select 1").execute(&database).await?;
            Ok(())
        })
        .await?;
        let rendered = Rendered::new()?;
        let broker = self.ports.main(Program::Kafka);
        wait::until(START, "the topics on Kafka", || make_topics(broker, &rendered)).await
    }

    async fn start_services(&mut self) -> Result<()> {
        let folder = self.folder.path().to_owned();
        let rendered = Rendered::new()?;
        let keys = folder.join("jwks.json");
        std::fs::write(&keys, self.issuer.jwks().to_string())?;
        let recipes = {
            let mut recipes = Vec::new();
            for (service, link) in self.services(rendered.topic_prefix()?)? {
                let broker = match link {
                    Some(link) => self.way(link)?.address().to_string(),
                    None => String::new(),
                };
                let (objects, configuration) = rendered.write(&folder, service.name, &broker)?;
                recipes.push((service.sidecar, service.sidecar(&objects, &configuration)?));
                recipes.push((service.program, service.recipe(&folder, &keys)?));
            }
            recipes
        };
        for (program, recipe) in recipes {
            self.run(program, recipe)?;
        }
        let (tasks, token) = (
            format!("{}/v1/tasks", self.gateway()),
            self.issuer.token("nobody"),
        );
        wait::until(START, "a list of tasks through the gateway", || async {
            let answer = self.http.get(&tasks).bearer_auth(&token).send().await?;
            answer.error_for_status()?;
            Ok(())
        })
        .await
    }

    /// Each service with the way of its sidecar to the broker.
    fn services(&self, topic_prefix: &str) -> Result<Vec<(Service<'_>, Option<Link>)>> {
        let database = |link: Link| -> Result<_> {
            let address = self.way(link)?.address();
            let url = format!("postgres://postgres@{address}/postgres?sslmode=disable");
            Ok(("DATABASE_URL", url))
        };
        let redis = format!("redis://127.0.0.1:{}/0", self.ports.main(Program::Redis));
        let gateway = Service {
            name: "gateway",
            binary: "TODO_TEST_GATEWAY",
            program: Program::Gateway,
            sidecar: Program::GatewaySidecar,
            own: json!({
                "peers": {"task": "todo-task"},
                "rateLimit": {"requests": 1_000_000, "periodSeconds": 60, "burst": 1_000_000},
            }),
            store: ("REDIS_URL", redis),
            ports: &self.ports,
        };
        let mut services = vec![(gateway, None)];
        for replica in Replica::ALL {
            let task = Service {
                name: "task",
                binary: "TODO_TEST_TASK",
                program: Program::Task(replica),
                sidecar: Program::TaskSidecar(replica),
                own: json!({"pubsub": {"component": "todo-task-events", "topicPrefix": topic_prefix}}),
                store: database(Link::TaskToPostgres)?,
                ports: &self.ports,
            };
            services.push((task, Some(Link::TaskToKafka)));
        }
        let recorder = Service {
            name: "recorder",
            binary: "TODO_TEST_RECORDER",
            program: Program::Recorder,
            sidecar: Program::RecorderSidecar,
            own: json!({}),
            store: database(Link::RecorderToPostgres)?,
            ports: &self.ports,
        };
        services.push((recorder, Some(Link::RecorderToKafka)));
        Ok(services)
    }
}

/// Other users' programs keep their data there.
fn open_to_all(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777))
}

async fn ways(ports: &Ports) -> Result<BTreeMap<Link, Way>> {
    let mut ways = BTreeMap::new();
    for link in Link::ALL {
        let port = match link {
            Link::TaskToPostgres | Link::RecorderToPostgres => ports.main(Program::Postgres),
            Link::TaskToKafka => ports.main(Program::Kafka),
            Link::RecorderToKafka => ports.of(Program::Kafka, Use::Second),
        };
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        ways.insert(link, Way::to(to.to_string()).await?);
    }
    Ok(ways)
}

async fn make_topics(port: u16, rendered: &Rendered) -> Result<()> {
    let target = Target {
        brokers: vec![format!("127.0.0.1:{port}")],
        ..Target::default()
    };
    let mut connection = Connection::open(&target, NAMESPACE, Duration::from_secs(5)).await?;
    let refused = connection.create(&rendered.topics).await?;
    match refused.first() {
        None => Ok(()),
        Some((topic, error)) => Err(format!("{topic}: {error}").into()),
    }
}

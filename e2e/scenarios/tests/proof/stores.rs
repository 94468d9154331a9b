//! PostgreSQL, Redis and Kafka of our own, since they are killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use todo_scenarios::proof::schedule::Program;
use todo_scenarios::{Result, env};

use super::ports::{Ports, Use};
use super::process::Recipe;

const CLUSTER_ID: &str = "dG9kb3BsYXRmb3JtdG9kbw";

/// PostgreSQL with empty data, which only trusts.
pub(crate) async fn postgres(folder: &Path, log: &Path, port: u16) -> Result<Recipe> {
    let programs = PathBuf::from(env::required("TODO_TEST_POSTGRES_PROGRAMS")?);
    let data = folder.join("postgres");
    let init = Recipe::new(programs.join("initdb")).user("postgres").args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--pgdata",
        &data.display().to_string(),
    ]);
    init.finish(log).await?;
    let settings = [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        // It outlives the death of its processes without; only the machine's it would not.
        "fsync=off",
        "max_connections=200",
    ];
    let settings = settings.iter().flat_map(|setting| ["-c", *setting]);
    // Asked by SIGTERM it waits until every client has gone.
    Ok(Recipe::new(programs.join("postgres"))
        .user("postgres")
        .ends_by(Signal::INT)
        .args([
            "-D".to_owned(),
            data.display().to_string(),
            "-p".to_owned(),
            port.to_string(),
        ])
        .args(settings))
}

/// Redis that keeps nothing.
pub(crate) fn redis(port: u16) -> Recipe {
    let port = port.to_string();
    let args = [
        "--bind",
        "127.0.0.1",
        "--port",
        &port,
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        "/",
    ];
    Recipe::new("redis-server").user("nobody").args(args)
}

/// One Kafka node that tells the sidecars of each app of a way of their own.
pub(crate) async fn kafka(folder: &Path, log: &Path, ports: &Ports, ways: [SocketAddr; 2]) -> Result<Recipe> {
    let files = PathBuf::from(env::required("TODO_TEST_KAFKA_FILES")?);
    let port = |purpose| ports.of(Program::Kafka, purpose);
    let [task, recorder] = ways;
    let (main, second, controller) = (port(Use::Main), port(Use::Second), port(Use::Controller));
    let data = folder.join("kafka");
    let properties = folder.join("kafka.properties");
    let text = format!(
        "node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=TASK
listeners=TASK://127.0.0.1:{main},RECORDER://127.0.0.1:{second},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=TASK://{task},RECORDER://{recorder}
listener.security.protocol.map=TASK:PLAINTEXT,RECORDER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
",
        data.display()
    );
    std::fs::write(&properties, text)?;
    let java = |main: &str| {
        let jars = files.join("lib/*").display().to_string();
        Recipe::new(files.join("jre/bin/java"))
            .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args([
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                &jars,
                main,
            ])
    };
    let properties = properties.display().to_string();
    let format = java("kafka.tools.StorageTool").args(["format", "-t", CLUSTER_ID, "-c", &properties]);
    format.finish(log).await?;
    Ok(java("kafka.Kafka").args([properties]))
}

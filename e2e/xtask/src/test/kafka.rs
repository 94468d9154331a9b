//! One Kafka node on loopback, with every way in that a platform may be told of: in clear, with a login, encrypted under
//! an authority of its own, and with a client certificate.

use std::net::TcpStream;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::stores::free_port;
use crate::cluster::own::processes::Processes;
use crate::dirs::{self, Dirs};
use crate::images;
use crate::run::Cmd;
use crate::versions::Versions;

const NAME: &str = "kafka";
const CLUSTER_ID: &str = "dG9kb3BsYXRmb3JtdG9kbw";
/// The user of every listener with a login.
const USER: &str = "todo";
const PASSWORD: &str = "todo-password";

/// A Kafka node.
#[derive(Debug)]
pub(super) struct Kafka {
    folder: PathBuf,
    clear: u16,
    sasl: u16,
    tls: u16,
    mtls: u16,
}

impl Kafka {
    /// Starts it with an empty log below `data`.
    pub(super) fn start(
        dirs: &Dirs,
        versions: &Versions,
        processes: &Processes,
        data: &Path,
    ) -> Result<Self> {
        let kafka = Self {
            folder: data.join(NAME),
            clear: free_port()?,
            sasl: free_port()?,
            tls: free_port()?,
            mtls: free_port()?,
        };
        dirs::make(&kafka.folder)?;
        kafka.certificates()?;
        let properties = kafka.folder.join("server.properties");
        dirs::write(&properties, kafka.properties(free_port()?))?;
        let files = images::kafka_files(dirs, versions)?;
        let java = |main: &str| {
            Cmd::new(files.join("jre/bin/java"))
                .args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
                .args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"])
                .arg(files.join("lib/*"))
                .arg(main)
        };
        let mut format = java("kafka.tools.StorageTool")
            .args(["format", "-t", CLUSTER_ID, "-c"])
            .arg(&properties);
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            format = format
                .arg("--add-scram")
                .arg(format!("{mechanism}=[name={USER},password={PASSWORD}]"));
        }
        format.run()?;
        processes.start_command(NAME, &java("kafka.Kafka").arg(&properties))?;
        Ok(kafka)
    }

    /// Whether all its listeners accept connections.
    pub(super) fn answers(&self, processes: &Processes) -> Result<bool> {
        processes.check(NAME)?;
        let ports = [self.clear, self.sasl, self.tls, self.mtls];
        Ok(ports
            .iter()
            .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()))
    }

    /// Name of its process.
    pub(super) const fn process() -> &'static str {
        NAME
    }

    /// What tests are told: the listeners, the login, and where the certificates are.
    pub(super) fn envs(&self) -> Vec<(&'static str, String)> {
        let at = |port: u16| format!("localhost:{port}");
        vec![
            ("TODO_TEST_KAFKA_CLEAR", at(self.clear)),
            ("TODO_TEST_KAFKA_SASL", at(self.sasl)),
            ("TODO_TEST_KAFKA_TLS", at(self.tls)),
            ("TODO_TEST_KAFKA_MTLS", at(self.mtls)),
            ("TODO_TEST_KAFKA_USER", USER.to_owned()),
            ("TODO_TEST_KAFKA_PASSWORD", PASSWORD.to_owned()),
            ("TODO_TEST_KAFKA_CERTIFICATES", self.folder.display().to_string()),
        ]
    }

    fn properties(&self, controller: u16) -> String {
        let Self {
            folder,
            clear,
            sasl,
            tls,
            mtls,
        } = self;
        let folder = folder.display();
        let listeners = format!(
            "CLEAR://localhost:{clear},LOGIN://localhost:{sasl},TLS://localhost:{tls},MTLS://localhost:{mtls}"
        );
        let module = "org.apache.kafka.common.security";
        let mut text = format!(
            "node.id=1
process.roles=broker,controller
controller.quorum.voters=1@localhost:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLEAR
listeners={listeners},CONTROLLER://localhost:{controller}
advertised.listeners={listeners}
listener.security.protocol.map=CLEAR:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SASL_SSL,MTLS:SSL,CONTROLLER:PLAINTEXT
log.dirs={folder}/log
auto.create.topics.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.crt
listener.name.mtls.ssl.client.auth=required
"
        );
        for listener in ["login", "tls"] {
            for (mechanism, login) in [
                ("scram-sha-256", "scram.ScramLoginModule required".to_owned()),
                ("scram-sha-512", "scram.ScramLoginModule required".to_owned()),
                (
                    "plain",
                    format!("plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\""),
                ),
            ] {
                let line =
                    format!("listener.name.{listener}.{mechanism}.sasl.jaas.config={module}.{login};\n");
                text.push_str(&line);
            }
        }
        text
    }

    /// An authority, the node's certificate for `localhost`, a client's, and an authority that signed none of them.
    fn certificates(&self) -> Result<()> {
        let file = |name: &str| self.folder.join(name);
        for authority in ["ca", "other-ca"] {
            self.request(authority)
                .args(["-x509", "-days", "30", "-addext", "keyUsage=critical,keyCertSign"])
                .arg("-out")
                .arg(file(&format!("{authority}.crt")))
                .run()?;
        }
        for (name, usage) in [("server", "serverAuth"), ("client", "clientAuth")] {
            self.request(name)
                .args(["-x509", "-days", "30", "-CA"])
                .arg(file("ca.crt"))
                .arg("-CAkey")
                .arg(file("ca.key"))
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
                .args(["-addext", &format!("extendedKeyUsage={usage}")])
                .arg("-out")
                .arg(file(&format!("{name}.crt")))
                .run()?;
        }
        let pem = ["server.key", "server.crt"].map(|name| dirs::read(&file(name)));
        let [key, certificate] = pem;
        dirs::write(&file("server.pem"), key? + &certificate?)
    }

    fn request(&self, name: &str) -> Cmd {
        Cmd::new("openssl")
            .args([
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args(["-nodes", "-subj", &format!("/CN=todo-{name}"), "-keyout"])
            .arg(self.folder.join(format!("{name}.key")))
    }
}

//! How a Kafka or Redpanda is reached, and which topics there have to be, from the spec alone.

use todoplatform_api::{
    Broker, ClusterRef, KafkaSasl, KafkaTls, Profile, SaslMechanism, StrimziUser, Topics, UserAuthentication,
};

use super::{Collector, DependencyTarget, SecretReference};
use crate::{graph::Node, names::Names};

/// How a Kafka or Redpanda is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaAccess {
    /// The word that the status shows: `Kafka` or `Redpanda`.
    pub kind: &'static str,
    /// Where its brokers are.
    pub brokers: BrokersAt,
    /// User and password.
    pub sasl: Option<SaslReference>,
    /// Encryption; of a Strimzi listener its status says whether.
    pub tls: Option<TlsReference>,
    /// Every topic of the platform, sorted by name.
    pub topics: Vec<Topic>,
    /// Who makes the topics that are missing.
    pub maker: TopicMaker,
}

/// Where the brokers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokersAt {
    /// At these hosts and ports.
    Addresses(Vec<String>),
    /// Where the status of a `Kafka` of Strimzi says.
    Strimzi {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Name of the listener.
        listener: String,
    },
    /// At the address of a `Redpanda`, which says by its status whether it is ready.
    Redpanda {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Host and port.
        address: String,
    },
}

/// User and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaslReference {
    /// How they are shown.
    pub mechanism: SaslMechanism,
    /// The user's name.
    pub username: Username,
    /// Where the password is.
    pub password: SecretReference,
}

/// The name of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Username {
    /// The name itself.
    Plain(String),
    /// Where the name is.
    Secret(SecretReference),
}

/// Encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsReference {
    /// Where the certificate of the authority is; none means the public ones, or those that a status names.
    pub ca: Option<SecretReference>,
    /// Where the client's certificate and private key are.
    pub client: Option<(SecretReference, SecretReference)>,
}

/// One topic.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// Its name on the broker.
    pub name: String,
    /// What it is called among the platform's children (`task-created`).
    pub child: String,
    /// Partitions that it must have at least.
    pub partitions: i32,
    /// Brokers that must hold each partition at least; none leaves it to the broker.
    pub replication_factor: Option<i32>,
    /// How long its events are kept.
    pub retention_milliseconds: i64,
}

/// Who makes the topics that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicMaker {
    /// The operator, on the broker.
    Operator,
    /// Strimzi's topic operator, by `KafkaTopic`s.
    Strimzi,
    /// The user.
    User,
}

/// Port of a Redpanda's Kafka listener inside the cluster.
const REDPANDA_PORT: i32 = 9093;
const DEAD_LETTER_PARTITIONS: i32 = 1;
const MINUTE: i64 = 60_000;

impl Collector<'_> {
    /// The broker, when it is Kafka or Redpanda.
    pub(super) fn log(&mut self, broker: &Broker, nodes: &[Node], profile: Profile) {
        let section = |field: &str| format!("spec.broker.{field}");
        let (kind, brokers, sasl, tls) = if let Some(kafka) = &broker.kafka {
            let sasl = self.sasl(kafka.sasl.as_ref(), &section("kafka"));
            let tls = self.tls(kafka.tls.as_ref(), &section("kafka"));
            ("Kafka", BrokersAt::Addresses(kafka.brokers.clone()), sasl, tls)
        } else if let Some(redpanda) = &broker.redpanda {
            let sasl = self.sasl(redpanda.sasl.as_ref(), &section("redpanda"));
            let tls = self.tls(redpanda.tls.as_ref(), &section("redpanda"));
            (
                "Redpanda",
                BrokersAt::Addresses(redpanda.brokers.clone()),
                sasl,
                tls,
            )
        } else if let Some(strimzi) = &broker.strimzi {
            let (sasl, tls) = self.strimzi_user(strimzi.user.as_ref());
            let brokers = BrokersAt::Strimzi {
                namespace: self.namespace_of(&strimzi.cluster_ref),
                name: strimzi.cluster_ref.name.clone(),
                listener: strimzi.listener.clone(),
            };
            ("Kafka", brokers, sasl, tls)
        } else if let Some(cluster) = &broker.redpanda_cluster {
            let sasl = self.sasl(cluster.sasl.as_ref(), &section("redpandaCluster"));
            let tls = self.tls(cluster.tls.as_ref(), &section("redpandaCluster"));
            let namespace = self.namespace_of(&cluster.cluster_ref);
            let name = cluster.cluster_ref.name.clone();
            let port = cluster.port.unwrap_or(REDPANDA_PORT);
            let address = format!("{name}.{namespace}.svc:{port}");
            let brokers = BrokersAt::Redpanda {
                namespace,
                name,
                address,
            };
            ("Redpanda", brokers, sasl, tls)
        } else {
            return;
        };
        let manage = broker.topics.as_ref().and_then(|topics| topics.manage);
        let is_neighbour = |brokers: &BrokersAt| matches!(brokers, BrokersAt::Strimzi { namespace, .. } if namespace == self.names.namespace());
        let maker = if manage == Some(false) {
            TopicMaker::User
        } else if is_neighbour(&brokers) {
            // Strimzi's topic operator looks into the namespace of its Kafka only.
            TopicMaker::Strimzi
        } else {
            TopicMaker::Operator
        };
        let prefix = super::broker::topic_prefix(Some(broker), self.names, profile == Profile::Development);
        let access = KafkaAccess {
            kind,
            brokers,
            sasl,
            tls,
            topics: topics(nodes, self.names, &prefix, broker.topics.as_ref(), profile),
            maker,
        };
        self.depend("broker", DependencyTarget::Kafka(Box::new(access)));
        self.depend("topics", DependencyTarget::Topics(maker));
    }

    fn namespace_of(&self, cluster: &ClusterRef) -> String {
        cluster
            .namespace
            .clone()
            .unwrap_or_else(|| self.names.namespace().to_owned())
    }

    fn sasl(&mut self, sasl: Option<&KafkaSasl>, section: &str) -> Option<SaslReference> {
        let sasl = sasl?;
        let username = self.user(
            Some(&sasl.username_secret_key_ref),
            &format!("{section}.sasl.usernameSecretKeyRef"),
        )?;
        let password = self.user(
            Some(&sasl.password_secret_key_ref),
            &format!("{section}.sasl.passwordSecretKeyRef"),
        )?;
        Some(SaslReference {
            mechanism: sasl.mechanism,
            username: Username::Secret(username),
            password,
        })
    }

    fn tls(&mut self, tls: Option<&KafkaTls>, section: &str) -> Option<TlsReference> {
        let tls = tls?;
        let mut named = |reference, field: &str| self.user(reference, &format!("{section}.tls.{field}"));
        let ca = named(tls.ca_secret_key_ref.as_ref(), "caSecretKeyRef");
        let certificate = named(tls.client_cert_secret_key_ref.as_ref(), "clientCertSecretKeyRef");
        let key = named(tls.client_key_secret_key_ref.as_ref(), "clientKeySecretKeyRef");
        tls.enabled.unwrap_or(true).then(|| TlsReference {
            ca,
            client: certificate.zip(key),
        })
    }

    /// What Strimzi's user operator puts into the Secret of a user.
    fn strimzi_user(&mut self, user: Option<&StrimziUser>) -> (Option<SaslReference>, Option<TlsReference>) {
        let Some(user) = user else { return (None, None) };
        let mut key = |key: &str| {
            let reference = SecretReference {
                name: user.name.clone(),
                key: key.into(),
                field_path: "spec.broker.strimzi.user.name".into(),
                optional: false,
            };
            self.references.secrets.push(reference.clone());
            reference
        };
        match user.authentication.unwrap_or_default() {
            UserAuthentication::ScramSha512 => {
                let sasl = SaslReference {
                    mechanism: SaslMechanism::ScramSha512,
                    username: Username::Plain(user.name.clone()),
                    password: key("password"),
                };
                (Some(sasl), None)
            }
            UserAuthentication::Tls => {
                let client = Some((key("user.crt"), key("user.key")));
                (None, Some(TlsReference { ca: None, client }))
            }
        }
    }
}

/// Every topic that an application publishes or consumes, and the dead letters of each consumer.
fn topics(
    nodes: &[Node],
    names: &Names,
    prefix: &str,
    section: Option<&Topics>,
    profile: Profile,
) -> Vec<Topic> {
    let partitions = section
        .and_then(|section| section.partitions)
        .unwrap_or(match profile {
            Profile::Development => 1,
            Profile::Production => 6,
        });
    let replication_factor = section.and_then(|section| section.replication_factor);
    let retention = milliseconds(section.and_then(|section| section.retention.as_deref()), "7d");
    let dead_letters = milliseconds(
        section.and_then(|section| section.dead_letter_retention.as_deref()),
        "30d",
    );
    let mut topics = Vec::new();
    for node in nodes {
        let consumed = node.consumes.iter().map(|consumption| &consumption.topic);
        for topic in node.publishes.iter().chain(consumed) {
            let own = section
                .map_or(&[] as &[_], |section| &section.overrides)
                .iter()
                .find(|own| own.topic == *topic);
            topics.push(Topic {
                name: format!("{prefix}{topic}"),
                child: child(topic),
                partitions: own.and_then(|own| own.partitions).unwrap_or(partitions),
                replication_factor: own.and_then(|own| own.replication_factor).or(replication_factor),
                retention_milliseconds: own
                    .and_then(|own| own.retention.as_deref())
                    .map_or(retention, |own| milliseconds(Some(own), "7d")),
            });
        }
        for consumption in &node.consumes {
            topics.push(Topic {
                name: names.dead_letter_topic(prefix, &node.name, &consumption.topic),
                child: format!("{}-{}-dlq", child(&consumption.topic), node.name),
                partitions: DEAD_LETTER_PARTITIONS,
                replication_factor,
                retention_milliseconds: dead_letters,
            });
        }
    }
    topics.sort();
    topics.dedup();
    topics
}

/// A topic's name as part of an object's.
fn child(topic: &str) -> String {
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    topic.chars().map(allowed).collect()
}

/// A duration of the spec. What the schema refuses counts as the default.
fn milliseconds(text: Option<&str>, default: &str) -> i64 {
    let parse = |text: &str| {
        let unit = match text.chars().last()? {
            'm' => MINUTE,
            'h' => 60 * MINUTE,
            'd' => 24 * 60 * MINUTE,
            _ => return None,
        };
        let count: i64 = text[..text.len() - 1].parse().ok()?;
        count.checked_mul(unit)
    };
    text.and_then(parse)
        .or_else(|| parse(default))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_minutes_hours_or_days() {
        for (text, expected) in [
            ("90m", 5_400_000),
            ("72h", 259_200_000),
            ("7d", 604_800_000),
            ("odd", 60_000),
        ] {
            assert_eq!(milliseconds(Some(text), "1m"), expected, "{text}");
        }
    }
}

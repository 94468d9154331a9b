//! What carries the events.

use todoplatform_api::SecretKeyRef;

use super::Resolver;
use crate::{
    BrokersAt, KafkaAccess, References, SecretReference, TopicMaker, Username, Violation,
    graph::graph,
    references,
    validate::{BROKER_UNKNOWN, INVALID_SPEC},
    validated::{Authority, BrokerSettings, SaslSettings, TlsSettings, TopicSettings, UserName},
};

/// What Dapr's client speaks by default to a Kafka.
const KAFKA_VERSION: &str = "3.6.0";
/// Redpanda has spoken this from its first release on, and the client asks for nothing newer.
const REDPANDA_VERSION: &str = "2.0.0";

impl Resolver<'_> {
    pub(super) fn embeds_broker(&self) -> bool {
        references::embeds_broker(self.spec.broker.as_ref(), self.development())
    }

    pub(super) fn broker(
        &self,
        references: &References,
        violations: &mut Vec<Violation>,
    ) -> Option<BrokerSettings> {
        if self.embeds_broker() {
            return Some(BrokerSettings::Redis {
                host: self.redis_host(),
                password: Some(self.redis_key("password")),
                tls: false,
            });
        }
        if let Some(access) = references.kafka() {
            return Some(self.log(access, violations));
        }
        let external = self.spec.broker.as_ref()?.redis.as_ref()?.external.as_ref()?;
        Some(BrokerSettings::Redis {
            host: external.host.clone(),
            password: external.password_secret_key_ref.clone(),
            tls: external.enable_tls.unwrap_or(false),
        })
    }

    fn log(&self, access: &KafkaAccess, violations: &mut Vec<Violation>) -> BrokerSettings {
        let mut tls = access.tls.as_ref().map(|tls| TlsSettings {
            ca: tls.ca.as_ref().map(|ca| Authority::Secret(key(ca))),
            client: tls
                .client
                .as_ref()
                .map(|(certificate, private)| (key(certificate), key(private))),
        });
        let brokers = match &access.brokers {
            BrokersAt::Addresses(addresses) => addresses.clone(),
            BrokersAt::Redpanda { address, .. } => vec![address.clone()],
            BrokersAt::Strimzi { namespace, name, .. } => {
                if let Some(fact) = &self.facts.kafka {
                    if let Some(certificates) = &fact.certificates {
                        tls.get_or_insert_default().ca = Some(Authority::Pem(certificates.clone()));
                    }
                    fact.brokers.clone()
                } else {
                    // Before the first start the gate waits for it. Later, components without brokers would stop what runs.
                    if self.facts.started {
                        violations.push(Violation {
                            field_path: "spec.broker.strimzi.clusterRef".into(),
                            reason: BROKER_UNKNOWN,
                            message: format!("Kafka `{name}` in namespace `{namespace}` no longer says where its brokers are; what runs is left as it is"),
                            next_action: format!("kubectl -n {namespace} get kafkas.kafka.strimzi.io {name} -o yaml"),
                        });
                    }
                    Vec::new()
                }
            }
        };
        let sasl = access.sasl.as_ref().map(|sasl| SaslSettings {
            mechanism: sasl.mechanism,
            username: match &sasl.username {
                Username::Plain(name) => UserName::Plain(name.clone()),
                Username::Secret(reference) => UserName::Secret(key(reference)),
            },
            password: key(&sasl.password),
        });
        BrokerSettings::Kafka {
            brokers,
            sasl,
            tls,
            version: self.protocol_version(access.kind),
        }
    }

    fn protocol_version(&self, kind: &str) -> String {
        let broker = self.spec.broker.as_ref();
        let of_address = |broker: &todoplatform_api::KafkaBroker| broker.version.clone();
        broker
            .and_then(|broker| {
                broker
                    .kafka
                    .as_ref()
                    .and_then(of_address)
                    .or_else(|| broker.redpanda.as_ref().and_then(of_address))
                    .or_else(|| broker.strimzi.as_ref()?.version.clone())
                    .or_else(|| broker.redpanda_cluster.as_ref()?.version.clone())
            })
            .unwrap_or_else(|| {
                if kind == "Redpanda" {
                    REDPANDA_VERSION.into()
                } else {
                    KAFKA_VERSION.into()
                }
            })
    }

    /// The topics that are made as objects; and says which overrides name no topic of the platform.
    pub(super) fn topics(
        &self,
        references: &References,
        violations: &mut Vec<Violation>,
    ) -> Option<TopicSettings> {
        let section = self
            .spec
            .broker
            .as_ref()
            .and_then(|broker| broker.topics.as_ref());
        let nodes = graph(self.spec);
        for (index, own) in section
            .map_or(&[] as &[_], |section| &section.overrides)
            .iter()
            .enumerate()
        {
            let is_known = nodes.iter().any(|node| {
                node.publishes.contains(&own.topic)
                    || node
                        .consumes
                        .iter()
                        .any(|consumption| consumption.topic == own.topic)
            });
            if !is_known {
                violations.push(Violation {
                    field_path: format!("spec.broker.topics.overrides[{index}].topic"),
                    reason: INVALID_SPEC,
                    message: format!(
                        "nothing of the platform publishes or consumes the topic `{}`",
                        own.topic
                    ),
                    next_action: "Name a topic as the services do, without the prefix (`task.created`)"
                        .into(),
                });
            }
        }
        let access = references.kafka()?;
        match &access.brokers {
            BrokersAt::Strimzi { name, .. } if access.maker == TopicMaker::Strimzi => Some(TopicSettings {
                cluster: name.clone(),
                topics: access.topics.clone(),
            }),
            _ => None,
        }
    }

    pub(super) fn topic_prefix(&self) -> String {
        references::topic_prefix(self.spec.broker.as_ref(), &self.names, self.development())
    }
}

fn key(reference: &SecretReference) -> SecretKeyRef {
    SecretKeyRef {
        name: reference.name.clone(),
        key: reference.key.clone(),
    }
}

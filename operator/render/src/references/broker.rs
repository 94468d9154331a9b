//! What carries the events.

use todoplatform_api::{Broker, Profile};

use super::{Collector, DependencyTarget};
use crate::{graph::Node, names::Names};

/// Whether the broker is the platform's own Redis.
pub(crate) fn embeds_broker(broker: Option<&Broker>, development: bool) -> bool {
    broker.map_or(development, |section| {
        !is_log(section)
            && section
                .redis
                .as_ref()
                .map_or(development, |redis| redis.external.is_none())
    })
}

/// Whether the broker is a Kafka or Redpanda, however it is named.
fn is_log(broker: &Broker) -> bool {
    broker.kafka.is_some()
        || broker.redpanda.is_some()
        || broker.strimzi.is_some()
        || broker.redpanda_cluster.is_some()
}

/// What stands before the name of every topic.
pub(crate) fn topic_prefix(broker: Option<&Broker>, names: &Names, development: bool) -> String {
    let own = broker.and_then(|broker| broker.topic_prefix.clone());
    own.unwrap_or_else(|| {
        if embeds_broker(broker, development) {
            String::new()
        } else {
            format!("{}.{}.", names.namespace(), names.platform())
        }
    })
}

impl Collector<'_> {
    pub(super) fn broker(&mut self, broker: Option<&Broker>, nodes: &[Node], profile: Profile) {
        let development = profile == Profile::Development;
        if embeds_broker(broker, development) {
            self.own_redis("broker");
            return;
        }
        let Some(broker) = broker else { return };
        if is_log(broker) {
            self.log(broker, nodes, profile);
        } else if let Some(external) = broker.redis.as_ref().and_then(|redis| redis.external.as_ref()) {
            let password = self.user(
                external.password_secret_key_ref.as_ref(),
                "spec.broker.redis.external.passwordSecretKeyRef",
            );
            let tls = external.enable_tls.unwrap_or(false);
            self.depend(
                "broker",
                DependencyTarget::RedisHost {
                    host: external.host.clone(),
                    password,
                    tls,
                },
            );
        }
    }
}

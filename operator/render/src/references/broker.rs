//! What carries the events.

use todoplatform_api::{Broker, KafkaBroker};

use super::{Collector, DependencyTarget};

/// Whether the broker is the platform's own Redis.
pub(crate) fn embeds_broker(broker: Option<&Broker>, development: bool) -> bool {
    broker.map_or(development, |section| {
        section.kafka.is_none()
            && section
                .redis
                .as_ref()
                .map_or(development, |redis| redis.external.is_none())
    })
}

impl Collector<'_> {
    pub(super) fn broker(&mut self, broker: Option<&Broker>, development: bool) {
        if embeds_broker(broker, development) {
            self.own_redis("broker");
            return;
        }
        let Some(broker) = broker else { return };
        if let Some(kafka) = &broker.kafka {
            self.kafka(kafka);
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

    pub(super) fn kafka(&mut self, kafka: &KafkaBroker) {
        if let Some(sasl) = &kafka.sasl {
            self.user(
                Some(&sasl.username_secret_key_ref),
                "spec.broker.kafka.sasl.usernameSecretKeyRef",
            );
            self.user(
                Some(&sasl.password_secret_key_ref),
                "spec.broker.kafka.sasl.passwordSecretKeyRef",
            );
        }
        if let Some(tls) = &kafka.tls {
            self.user(
                tls.ca_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.caSecretKeyRef",
            );
            self.user(
                tls.client_cert_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.clientCertSecretKeyRef",
            );
            self.user(
                tls.client_key_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.clientKeySecretKeyRef",
            );
        }
        self.depend(
            "broker",
            DependencyTarget::Kafka {
                brokers: kafka.brokers.clone(),
            },
        );
    }
}

//! What carries the events.

use super::Resolver;
use crate::{
    references,
    validated::{BrokerSettings, SaslSettings, TlsSettings},
};

impl Resolver<'_> {
    pub(super) fn embeds_broker(&self) -> bool {
        references::embeds_broker(self.spec.broker.as_ref(), self.development())
    }

    pub(super) fn broker(&self) -> Option<BrokerSettings> {
        if self.embeds_broker() {
            return Some(BrokerSettings::Redis {
                host: self.redis_host(),
                password: Some(self.redis_key("password")),
                tls: false,
            });
        }
        let broker = self.spec.broker.as_ref()?;
        if let Some(kafka) = &broker.kafka {
            let sasl = kafka.sasl.as_ref().map(|sasl| SaslSettings {
                mechanism: sasl.mechanism,
                username: sasl.username_secret_key_ref.clone(),
                password: sasl.password_secret_key_ref.clone(),
            });
            let tls = kafka
                .tls
                .as_ref()
                .filter(|tls| tls.enabled.unwrap_or(true))
                .map(|tls| TlsSettings {
                    ca: tls.ca_secret_key_ref.clone(),
                    client: tls
                        .client_cert_secret_key_ref
                        .clone()
                        .zip(tls.client_key_secret_key_ref.clone()),
                });
            let version = kafka.version.clone().unwrap_or_else(|| "3.6.0".into());
            return Some(BrokerSettings::Kafka {
                brokers: kafka.brokers.clone(),
                sasl,
                tls,
                version,
            });
        }
        let external = broker.redis.as_ref()?.external.as_ref()?;
        Some(BrokerSettings::Redis {
            host: external.host.clone(),
            password: external.password_secret_key_ref.clone(),
            tls: external.enable_tls.unwrap_or(false),
        })
    }

    pub(super) fn topic_prefix(&self) -> String {
        let own = self
            .spec
            .broker
            .as_ref()
            .and_then(|broker| broker.topic_prefix.clone());
        own.unwrap_or_else(|| {
            if self.embeds_broker() {
                String::new()
            } else {
                format!("{}.{}.", self.names.namespace(), self.names.platform())
            }
        })
    }
}

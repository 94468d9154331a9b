//! What carries the events.

use todoplatform_api::{SaslMechanism, SecretKeyRef};

/// What carries the events.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "there is one per platform")]
pub enum BrokerSettings {
    /// Redis streams.
    Redis {
        /// Host and port.
        host: String,
        /// The Secret's key with the password.
        password: Option<SecretKeyRef>,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// Kafka or Redpanda.
    Kafka {
        /// Hosts and ports.
        brokers: Vec<String>,
        /// User and password.
        sasl: Option<SaslSettings>,
        /// Encryption.
        tls: Option<TlsSettings>,
        /// The brokers' version of the protocol.
        version: String,
    },
}

/// User and password for Kafka.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SaslSettings {
    /// How they are shown.
    pub mechanism: SaslMechanism,
    /// The Secret's key with the user's name.
    pub username: SecretKeyRef,
    /// The Secret's key with the password.
    pub password: SecretKeyRef,
}

/// Encryption of the connection to Kafka.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TlsSettings {
    /// The Secret's key with the certificate of the brokers' authority.
    pub ca: Option<SecretKeyRef>,
    /// The Secret's keys with the client's certificate and private key.
    pub client: Option<(SecretKeyRef, SecretKeyRef)>,
}

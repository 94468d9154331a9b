//! What carries the events.

use todoplatform_api::{SaslMechanism, SecretKeyRef};

use crate::Topic;

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
        /// Hosts and ports; empty while the cluster that the spec refers to has not said where it is.
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
    /// The user's name.
    pub username: UserName,
    /// The Secret's key with the password.
    pub password: SecretKeyRef,
}

/// The name of a user of Kafka.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum UserName {
    /// The name itself.
    Plain(String),
    /// The Secret's key with the name.
    Secret(SecretKeyRef),
}

impl UserName {
    /// The Secret's key, where the name is in one.
    pub fn secret(&self) -> Option<&SecretKeyRef> {
        match self {
            Self::Secret(key) => Some(key),
            Self::Plain(_) => None,
        }
    }
}

/// The certificate of an authority.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Authority {
    /// The certificate itself (PEM); it is public.
    Pem(String),
    /// The Secret's key with the certificate.
    Secret(SecretKeyRef),
}

impl Authority {
    /// The Secret's key, where the certificate is in one.
    pub fn secret(&self) -> Option<&SecretKeyRef> {
        match self {
            Self::Secret(key) => Some(key),
            Self::Pem(_) => None,
        }
    }
}

/// Topics that Strimzi's topic operator makes.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TopicSettings {
    /// Name of the `Kafka`.
    pub cluster: String,
    /// The topics.
    pub topics: Vec<Topic>,
}

/// Encryption of the connection to Kafka.
#[derive(serde::Serialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TlsSettings {
    /// The certificate of the brokers' authority; none means the public ones.
    pub ca: Option<Authority>,
    /// The Secret's keys with the client's certificate and private key.
    pub client: Option<(SecretKeyRef, SecretKeyRef)>,
}

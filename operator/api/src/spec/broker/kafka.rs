//! Kafka and Redpanda by their addresses.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{rules, spec::SecretKeyRef};

/// Kafka or Redpanda as the broker.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::KAFKA_TLS_NEEDS_CERTIFICATE.rule())]
#[serde(rename_all = "camelCase")]
pub struct KafkaBroker {
    /// Hosts and ports to begin with (`kafka-0.example:9092`). Required.
    #[schemars(
        length(min = 1, max = 16),
        inner(
            length(min = 1, max = 259),
            regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub brokers: Vec<String>,
    /// User and password. Default of both profiles: no authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sasl: Option<KafkaSasl>,
    /// Encryption. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<KafkaTls>,
    /// The brokers' version of the protocol (`3.6.0`). Default of both profiles: `3.6.0` for Kafka, `2.0.0` for Redpanda, which speaks every version since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[0-9]+\.[0-9]+\.[0-9]+$"))]
    pub version: Option<String>,
}

/// How user and password are shown to the broker.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
pub enum SaslMechanism {
    /// In clear; only over TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Challenge and response with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Challenge and response with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

/// User and password for Kafka.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KafkaSasl {
    /// How user and password are shown to the broker. Required.
    pub mechanism: SaslMechanism,
    /// The key of a Secret with the user's name. Required.
    pub username_secret_key_ref: SecretKeyRef,
    /// The key of a Secret with the password. Required.
    pub password_secret_key_ref: SecretKeyRef,
}

/// Encryption of the connection to Kafka.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::KAFKA_CLIENT_CERTIFICATE.rule())]
#[serde(rename_all = "camelCase")]
pub struct KafkaTls {
    /// Whether the connection is encrypted. Default of both profiles: true where `tls` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The key of a Secret with the certificate (PEM) of the authority that signed the brokers'. Default of both profiles: the public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the client's certificate (PEM); together with `clientKeySecretKeyRef`. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_cert_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the client's private key (PEM); together with `clientCertSecretKeyRef`. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_secret_key_ref: Option<SecretKeyRef>,
}

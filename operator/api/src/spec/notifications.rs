//! `spec.notifications`: how users are told.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretKeyRef;
use crate::rules;

/// How users are told.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Notifications {
    /// The mail server. Default of both profiles: none; deliveries are then recorded as skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Smtp>,
}

/// How the connection to the mail server is protected.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Not at all.
    None,
    /// Upgraded to TLS after the greeting.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl SmtpSecurity {
    /// The value as the service's configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::StartTls => "starttls",
            Self::Tls => "tls",
        }
    }
}

/// A mail server.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(validation = rules::SMTP_CREDENTIALS.rule())]
#[serde(rename_all = "camelCase")]
pub struct Smtp {
    /// Host name of the server. Required.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?$")
    )]
    pub host: String,
    /// Port of the server. Default of both profiles: 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<i32>,
    /// Sender of every mail (`Todo <todo@example.com>`). Default of both profiles: `Todo <todo@<host>>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 320), regex(pattern = r"^[^\r\n]*[^\s@]+@[^\s@]+$"))]
    pub from: Option<String>,
    /// How the connection is protected. Default of both profiles: `starttls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<SmtpSecurity>,
    /// The key of a Secret with the user's name; together with `passwordSecretKeyRef`. Default of both profiles: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_secret_key_ref: Option<SecretKeyRef>,
    /// The key of a Secret with the password; together with `usernameSecretKeyRef`. Default of both profiles: no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_secret_key_ref: Option<SecretKeyRef>,
}

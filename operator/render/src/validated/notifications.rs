//! How users are told.

use todoplatform_api::{SecretKeyRef, SmtpSecurity};

/// The mail server.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SmtpSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: i32,
    /// The sender.
    pub from: String,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// The Secret's keys with user name and password.
    pub login: Option<(SecretKeyRef, SecretKeyRef)>,
}

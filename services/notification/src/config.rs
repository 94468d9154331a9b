//! The keys that only this service has.

use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};
use todo_kit::config::PubSubConfig;

/// The keys of the notification service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationConfig {
    /// The service's own pub/sub component.
    pub pubsub: PubSubConfig,
    /// Name of the Dapr state store that holds the preferences.
    pub state_store: String,
    /// The mail server. Without it no mail is sent, and deliveries by mail are skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<SmtpConfig>,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SmtpConfig {
    /// Its name, also the one that its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What stands in `From`: `Todo <todo@example.com>`.
    pub from: Mailbox,
    /// How the connection is secured; `starttls` by default.
    #[serde(default)]
    pub security: SmtpSecurity,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Not at all.
    None,
    /// Plain at first, TLS before anything is said; a server without STARTTLS gets no mail.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
}

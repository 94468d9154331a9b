use serde::{Deserialize, Serialize};

/// Who is told, and how. One without any way tells nobody.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// By Slack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slack_configs: Vec<SlackConfig>,
    /// By PagerDuty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pagerduty_configs: Vec<PagerdutyConfig>,
    /// By e-mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_configs: Vec<EmailConfig>,
    /// By a POST of JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhook_configs: Vec<WebhookConfig>,
}

/// One key of a Secret in the namespace of the object.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretKeySelector {
    /// Name of the Secret.
    pub name: String,
    /// Key in its data.
    pub key: String,
}

/// Messages to a channel.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SlackConfig {
    /// Where the URL of the incoming webhook is.
    #[serde(rename = "apiURL")]
    pub api_url: SecretKeySelector,
    /// `#channel` or `@person`.
    pub channel: String,
    /// Template of the first line.
    pub title: String,
    /// Template of the rest.
    pub text: String,
    /// Whether the end is told too.
    pub send_resolved: bool,
}

/// Incidents by the Events API v2.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PagerdutyConfig {
    /// Where the key of the integration is.
    pub routing_key: SecretKeySelector,
    /// Template of the incident's severity: `critical`, `error`, `warning` or `info`.
    pub severity: String,
    /// Whether the end closes the incident.
    pub send_resolved: bool,
}

/// Mails.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct EmailConfig {
    /// Addresses.
    pub to: String,
    /// Sender.
    pub from: String,
    /// Host and port of the mail server.
    pub smarthost: String,
    /// Who logs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_username: Option<String>,
    /// Where the password is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_password: Option<SecretKeySelector>,
    /// Whether nothing is sent without TLS.
    #[serde(rename = "requireTLS")]
    pub require_tls: bool,
    /// Whether the end is told too.
    pub send_resolved: bool,
}

/// A POST of JSON.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct WebhookConfig {
    /// Where the URL is.
    pub url_secret: SecretKeySelector,
    /// Whether the end is told too.
    pub send_resolved: bool,
}

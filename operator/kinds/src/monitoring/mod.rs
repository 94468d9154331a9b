//! Kinds of `monitoring.coreos.com`, the Prometheus operator's.

mod alertmanager_config;
mod endpoint;
mod pod_monitor;
mod prometheus_rule;
mod receiver;
mod service_monitor;

pub use alertmanager_config::{
    AlertmanagerConfig, AlertmanagerConfigSpec, DayRange, InhibitRule, Matcher, MuteTimeInterval, Route,
    TimeInterval, TimeRange,
};
pub use endpoint::{Endpoint, NamespaceSelector, Relabeling, Selector};
pub use pod_monitor::{PodMonitor, PodMonitorSpec};
pub use prometheus_rule::{Group, PrometheusRule, PrometheusRuleSpec, Rule};
pub use receiver::{EmailConfig, PagerdutyConfig, Receiver, SecretKeySelector, SlackConfig, WebhookConfig};
pub use service_monitor::{ServiceMonitor, ServiceMonitorSpec};

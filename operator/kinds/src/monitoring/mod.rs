//! Kinds of `monitoring.coreos.com`, the Prometheus operator's.

mod endpoint;
mod pod_monitor;
mod prometheus_rule;
mod service_monitor;

pub use endpoint::{Endpoint, NamespaceSelector, Relabeling, Selector};
pub use pod_monitor::{PodMonitor, PodMonitorSpec};
pub use prometheus_rule::{Group, PrometheusRule, PrometheusRuleSpec, Rule};
pub use service_monitor::{ServiceMonitor, ServiceMonitorSpec};

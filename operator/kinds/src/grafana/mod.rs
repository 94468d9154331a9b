//! Kinds of `grafana.integreatly.org`, the Grafana operator's.

mod grafana_dashboard;

pub use grafana_dashboard::{GrafanaDashboard, GrafanaDashboardSpec, InstanceSelector};

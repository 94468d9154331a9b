//! What Prometheus scrapes: sidecars, services, exporters, and stores that have metrics of their own.
//!
//! Every target gets the labels `namespace` and `platform` of the platform, wherever its pods are: rules and dashboards
//! select by these two alone.

use std::collections::BTreeMap;

use todoplatform_kinds::monitoring::{
    Endpoint, NamespaceSelector, PodMonitor, PodMonitorSpec, Relabeling, Selector, ServiceMonitor,
    ServiceMonitorSpec,
};

use super::{
    exporter,
    object::{COMPONENT, INSTANCE, child, metadata, selected_by},
};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{BrokerMetrics, DatabaseMetrics, ExporterKind, MonitoringSettings},
};

const POD_APP_ID: &str = "__meta_kubernetes_pod_annotation_dapr_io_app_id";
const SERVICE_NAME: &str = "__meta_kubernetes_service_name";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(monitoring) = &platform.monitoring else {
        return Vec::new();
    };
    let mut monitors = vec![sidecars(platform, monitoring), services(platform, monitoring)];
    monitors.extend(
        monitoring
            .exporters
            .keys()
            .map(|kind| of_exporter(platform, monitoring, *kind)),
    );
    monitors.extend(database(platform, monitoring));
    monitors.extend(broker(platform, monitoring));
    monitors
}

fn sidecars(platform: &ValidatedPlatform, monitoring: &MonitoringSettings) -> Child {
    // The injector's own label: a sidecar whose metrics are off has no such port.
    let selector = own(platform, ("dapr.io/metrics-enabled", "true"));
    let endpoint = endpoint(platform, "dapr-metrics", "/", Some(POD_APP_ID));
    pod_monitor(platform, monitoring, "sidecars", selector, None, endpoint)
}

fn services(platform: &ValidatedPlatform, monitoring: &MonitoringSettings) -> Child {
    let spec = ServiceMonitorSpec {
        selector: own(platform, ("app.kubernetes.io/part-of", platform.names.platform())),
        endpoints: vec![endpoint(platform, "admin", "/metrics", Some(SERVICE_NAME))],
    };
    let name = platform.names.child("services");
    let mut monitor = ServiceMonitor::new(&name, spec);
    monitor.metadata = metadata(platform, &name, None);
    selected_by(&mut monitor.metadata, &monitoring.labels);
    child(ChildKind::ServiceMonitor, None, &monitor)
}

fn of_exporter(platform: &ValidatedPlatform, monitoring: &MonitoringSettings, kind: ExporterKind) -> Child {
    let selector = own(platform, (COMPONENT, kind.component()));
    let endpoint = endpoint(platform, exporter::PORT, "/metrics", None);
    pod_monitor(platform, monitoring, kind.component(), selector, None, endpoint)
}

/// CloudNativePG labels the pods of a cluster, and names their port.
fn database(platform: &ValidatedPlatform, monitoring: &MonitoringSettings) -> Option<Child> {
    let DatabaseMetrics::CloudNativePg { name, namespace } = &monitoring.database else {
        return None;
    };
    let selector = selector([("cnpg.io/cluster", name)]);
    let endpoint = endpoint(platform, "metrics", "/metrics", None);
    Some(pod_monitor(
        platform,
        monitoring,
        "database",
        selector,
        Some(namespace),
        endpoint,
    ))
}

/// Strimzi labels all pods of a `Kafka`, its exporter's too, and names the port of their metrics alike; Redpanda's chart
/// and operator name the port of the admin API.
fn broker(platform: &ValidatedPlatform, monitoring: &MonitoringSettings) -> Option<Child> {
    let (selector, namespace, endpoint) = match &monitoring.broker {
        BrokerMetrics::Strimzi { name, namespace } => (
            selector([("strimzi.io/cluster", name), ("strimzi.io/kind", "Kafka")]),
            namespace,
            endpoint(platform, "tcp-prometheus", "/metrics", None),
        ),
        BrokerMetrics::Redpanda { name, namespace } => (
            selector([
                ("app.kubernetes.io/name", "redpanda"),
                ("app.kubernetes.io/instance", name),
            ]),
            namespace,
            endpoint(platform, "admin", "/public_metrics", None),
        ),
        BrokerMetrics::RedisStreams | BrokerMetrics::KafkaExporter | BrokerMetrics::None => return None,
    };
    Some(pod_monitor(
        platform,
        monitoring,
        "broker",
        selector,
        Some(namespace),
        endpoint,
    ))
}

fn pod_monitor(
    platform: &ValidatedPlatform,
    monitoring: &MonitoringSettings,
    suffix: &str,
    selector: Selector,
    namespace: Option<&String>,
    endpoint: Endpoint,
) -> Child {
    let elsewhere = namespace.filter(|namespace| *namespace != platform.names.namespace());
    let spec = PodMonitorSpec {
        selector,
        namespace_selector: elsewhere.map(|namespace| NamespaceSelector {
            match_names: vec![namespace.clone()],
        }),
        pod_metrics_endpoints: vec![endpoint],
    };
    let name = platform.names.child(suffix);
    let mut monitor = PodMonitor::new(&name, spec);
    monitor.metadata = metadata(platform, &name, None);
    selected_by(&mut monitor.metadata, &monitoring.labels);
    child(ChildKind::PodMonitor, None, &monitor)
}

/// Objects of this platform with one more label.
fn own(platform: &ValidatedPlatform, label: (&str, &str)) -> Selector {
    selector([(INSTANCE, platform.names.platform()), label])
}

fn selector<const N: usize>(labels: [(&str, &str); N]) -> Selector {
    Selector {
        match_labels: labels
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn endpoint(platform: &ValidatedPlatform, port: &str, path: &str, app_id: Option<&str>) -> Endpoint {
    let fixed = |label: &str, value: &str| Relabeling {
        target_label: Some(label.into()),
        replacement: Some(value.into()),
        ..Relabeling::default()
    };
    let app_id = app_id.map(|source| Relabeling {
        source_labels: vec![source.into()],
        target_label: Some("app_id".into()),
        ..Relabeling::default()
    });
    let mut relabelings: Vec<_> = app_id.into_iter().collect();
    relabelings.push(fixed("namespace", platform.names.namespace()));
    relabelings.push(fixed("platform", platform.names.platform()));
    Endpoint {
        port: port.into(),
        path: path.into(),
        interval: "30s".into(),
        scrape_timeout: "10s".into(),
        relabelings,
        // A sample's own labels of these names would come back under a prefix.
        metric_relabelings: vec![Relabeling {
            action: Some("labeldrop".into()),
            regex: Some("exported_(app_id|namespace)".into()),
            ..Relabeling::default()
        }],
    }
}

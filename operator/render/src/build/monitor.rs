//! PodMonitor of the sidecars and ServiceMonitor of the services. Both put `platform`, `app_id` onto every target.

use std::collections::BTreeMap;

use todoplatform_kinds::monitoring::{
    Endpoint, PodMonitor, PodMonitorSpec, Relabeling, Selector, ServiceMonitor, ServiceMonitorSpec,
};

use super::object::{INSTANCE, child, metadata};
use crate::{Child, ChildKind, ValidatedPlatform};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(monitoring) = &platform.monitoring else {
        return Vec::new();
    };
    vec![
        sidecars(platform, &monitoring.labels),
        services(platform, &monitoring.labels),
    ]
}

fn sidecars(platform: &ValidatedPlatform, extra: &BTreeMap<String, String>) -> Child {
    let spec = PodMonitorSpec {
        // The injector's own label: a sidecar whose metrics are off has no such port.
        selector: selector(platform, ("dapr.io/metrics-enabled", "true")),
        pod_metrics_endpoints: vec![endpoint(
            "dapr-metrics",
            "/",
            "__meta_kubernetes_pod_annotation_dapr_io_app_id",
            "__meta_kubernetes_pod_label_app_kubernetes_io_instance",
        )],
    };
    let name = platform.names.child("sidecars");
    let mut monitor = PodMonitor::new(&name, spec);
    monitor.metadata = metadata(platform, &name, None);
    monitor
        .metadata
        .labels
        .get_or_insert_default()
        .extend(extra.clone());
    child(ChildKind::PodMonitor, None, &monitor)
}

fn services(platform: &ValidatedPlatform, extra: &BTreeMap<String, String>) -> Child {
    let spec = ServiceMonitorSpec {
        selector: selector(platform, ("app.kubernetes.io/part-of", platform.names.platform())),
        endpoints: vec![endpoint(
            "admin",
            "/metrics",
            "__meta_kubernetes_service_name",
            "__meta_kubernetes_service_label_app_kubernetes_io_instance",
        )],
    };
    let name = platform.names.child("services");
    let mut monitor = ServiceMonitor::new(&name, spec);
    monitor.metadata = metadata(platform, &name, None);
    monitor
        .metadata
        .labels
        .get_or_insert_default()
        .extend(extra.clone());
    child(ChildKind::ServiceMonitor, None, &monitor)
}

fn selector(platform: &ValidatedPlatform, (key, value): (&str, &str)) -> Selector {
    Selector {
        match_labels: BTreeMap::from([
            (INSTANCE.into(), platform.names.platform().into()),
            (key.into(), value.into()),
        ]),
    }
}

fn endpoint(port: &str, path: &str, app_id: &str, platform: &str) -> Endpoint {
    let label = |source: &str, target: &str| Relabeling {
        source_labels: vec![source.into()],
        target_label: Some(target.into()),
        ..Relabeling::default()
    };
    Endpoint {
        port: port.into(),
        path: path.into(),
        interval: "30s".into(),
        scrape_timeout: "10s".into(),
        relabelings: vec![label(app_id, "app_id"), label(platform, "platform")],
        // Dapr's own labels of these names would come back under a prefix.
        metric_relabelings: vec![Relabeling {
            action: Some("labeldrop".into()),
            regex: Some("exported_(app_id|namespace)".into()),
            ..Relabeling::default()
        }],
    }
}

//! Dashboards for Grafana: a ConfigMap or a `GrafanaDashboard` each.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::ConfigMap, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use sha2::{Digest, Sha256};
use todoplatform_kinds::grafana::{GrafanaDashboard, GrafanaDashboardSpec, InstanceSelector};

use super::object::{child, metadata, selected_by};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    observability::dashboards::{Named, of_platform},
    validated::{DashboardSettings, GrafanaOperatorSettings},
};

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let Some(settings) = &platform.dashboards else {
        return Vec::new();
    };
    of_platform(platform)
        .into_iter()
        .map(|named| match &settings.grafana_operator {
            None => config_map(platform, settings, &named),
            Some(operator) => grafana_dashboard(platform, settings, operator, &named),
        })
        .collect()
}

fn config_map(platform: &ValidatedPlatform, settings: &DashboardSettings, named: &Named) -> Child {
    // The sidecar puts the files of all namespaces into one folder.
    let file = format!("{}.json", named.dashboard.uid);
    let map = ConfigMap {
        metadata: described(platform, settings, &name(platform, named)),
        data: Some(BTreeMap::from([(file, named.dashboard.json())])),
        ..ConfigMap::default()
    };
    child(ChildKind::ConfigMap, None, &map)
}

fn grafana_dashboard(
    platform: &ValidatedPlatform,
    settings: &DashboardSettings,
    operator: &GrafanaOperatorSettings,
    named: &Named,
) -> Child {
    let name = format!("{}-{}", name(platform, named), fixed(operator));
    let spec = GrafanaDashboardSpec {
        instance_selector: InstanceSelector {
            match_labels: operator.instance_selector.clone(),
        },
        allow_cross_namespace_import: operator.allow_cross_namespace_import,
        folder: operator.folder.clone(),
        resync_period: go_duration(operator.resync_period_seconds),
        json: named.dashboard.json(),
    };
    let mut object = GrafanaDashboard::new(&name, spec);
    object.metadata = described(platform, settings, &name);
    child(ChildKind::GrafanaDashboard, None, &object)
}

fn name(platform: &ValidatedPlatform, named: &Named) -> String {
    platform.names.child(&format!("dashboard-{}", named.name))
}

fn described(platform: &ValidatedPlatform, settings: &DashboardSettings, name: &str) -> ObjectMeta {
    let mut metadata = metadata(platform, name, None);
    selected_by(&mut metadata, &settings.labels);
    if !settings.annotations.is_empty() {
        metadata
            .annotations
            .get_or_insert_default()
            .extend(settings.annotations.clone());
    }
    metadata
}

/// What cannot be changed in an object, in its name: another choice makes other objects, and those before go.
fn fixed(operator: &GrafanaOperatorSettings) -> String {
    let fixed = format!(
        "{:?} {}",
        operator.instance_selector, operator.allow_cross_namespace_import
    );
    hex::encode(&Sha256::digest(fixed)[..4])
}

/// A duration as Go prints it: whoever reads it into Go and writes it back leaves it as it is.
fn go_duration(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::go_duration;

    #[test]
    fn durations_are_written_as_go_does() {
        for (seconds, text) in [
            (10, "10s"),
            (600, "10m0s"),
            (90, "1m30s"),
            (3600, "1h0m0s"),
            (86_400, "24h0m0s"),
        ] {
            assert_eq!(go_duration(seconds), text);
        }
    }
}

//! Where pods run and what they carry: an application's own over what all share.

use std::collections::BTreeMap;

use todoplatform_api::{
    PodDisruptionBudget, PodOptions, SpreadConstraint, TopologySpread, WhenUnsatisfiable,
};

use super::Resolver;
use crate::{
    Violation,
    validate::INVALID_SPEC,
    validated::{DisruptionBudget, PodSettings},
};

/// Beginnings of keys that are the operator's or Dapr's, on pods.
const RESERVED: [&str; 2] = ["dapr.io/", "todoplatform.dev/"];
/// The labels by which pods are selected.
const RECOMMENDED: &str = "app.kubernetes.io/";

impl Resolver<'_> {
    pub(super) fn pod(
        &self,
        own: Option<&PodOptions>,
        field_path: &str,
        violations: &mut Vec<Violation>,
    ) -> PodSettings {
        let shared = self.spec.pod_defaults.as_ref();
        if let Some(own) = own {
            refuse_reserved(own, &format!("{field_path}.pod"), violations);
        }
        let layers = || own.into_iter().chain(shared);
        let merged = |pick: fn(&PodOptions) -> &BTreeMap<String, String>| {
            let mut map = shared.map(pick).cloned().unwrap_or_default();
            map.extend(own.map(pick).cloned().unwrap_or_default());
            map
        };
        PodSettings {
            node_selector: merged(|pod| &pod.node_selector),
            tolerations: layers()
                .map(|pod| &pod.tolerations)
                .find(|list| !list.is_empty())
                .cloned()
                .unwrap_or_default(),
            affinity: layers().find_map(|pod| pod.affinity.clone()),
            spread: self.spread(layers().find_map(|pod| pod.topology_spread.as_ref())),
            priority_class_name: layers().find_map(|pod| pod.priority_class_name.clone()),
            annotations: merged(|pod| &pod.annotations),
            labels: merged(|pod| &pod.labels),
        }
    }

    pub(super) fn check_pod_defaults(&self, violations: &mut Vec<Violation>) {
        if let Some(shared) = &self.spec.pod_defaults {
            refuse_reserved(shared, "spec.podDefaults", violations);
        }
    }

    fn spread(&self, section: Option<&TopologySpread>) -> Vec<SpreadConstraint> {
        let constraints = section.map_or(&[] as &[_], |section| &section.constraints);
        let enabled = section
            .and_then(|section| section.enabled)
            .unwrap_or(!self.development() || !constraints.is_empty());
        if !enabled {
            return Vec::new();
        }
        if !constraints.is_empty() {
            return constraints.to_vec();
        }
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
            .map(|key| SpreadConstraint {
                topology_key: key.into(),
                max_skew: Some(1),
                when_unsatisfiable: Some(WhenUnsatisfiable::ScheduleAnyway),
            })
            .into()
    }

    /// None below two pods: a budget over one pod would keep its node from ever being drained.
    pub(super) fn disruption_budget(
        &self,
        section: Option<&PodDisruptionBudget>,
        least_pods: i32,
        field_path: &str,
        violations: &mut Vec<Violation>,
    ) -> Option<DisruptionBudget> {
        let enabled = section
            .and_then(|section| section.enabled)
            .unwrap_or(!self.development() || section.is_some());
        if !enabled || least_pods < 2 {
            return None;
        }
        let Some(least) = section.and_then(|section| section.min_available) else {
            let most = section.and_then(|section| section.max_unavailable);
            return Some(DisruptionBudget::MaxUnavailable(most.unwrap_or(1)));
        };
        if least >= least_pods {
            violations.push(Violation {
                field_path: format!("{field_path}.podDisruptionBudget.minAvailable"),
                reason: INVALID_SPEC,
                message: format!(
                    "minAvailable {least} of {least_pods} pods lets no pod ever be moved: no node that runs one can be drained"
                ),
                next_action: format!("Set it to at most {}, or raise the number of pods", least_pods - 1),
            });
        }
        Some(DisruptionBudget::MinAvailable(least))
    }
}

/// Refuses annotations of a ServiceAccount whose keys are the operator's.
pub(super) fn refuse_reserved_annotations(
    annotations: &BTreeMap<String, String>,
    field_path: &str,
    violations: &mut Vec<Violation>,
) {
    refuse(annotations, &RESERVED, field_path, violations);
}

fn refuse_reserved(pod: &PodOptions, field_path: &str, violations: &mut Vec<Violation>) {
    refuse(
        &pod.annotations,
        &RESERVED,
        &format!("{field_path}.annotations"),
        violations,
    );
    let of_labels = [RESERVED[0], RESERVED[1], RECOMMENDED];
    refuse(
        &pod.labels,
        &of_labels,
        &format!("{field_path}.labels"),
        violations,
    );
}

fn refuse(
    map: &BTreeMap<String, String>,
    reserved: &[&str],
    field_path: &str,
    violations: &mut Vec<Violation>,
) {
    for key in map.keys() {
        if let Some(owner) = reserved.iter().find(|owner| key.starts_with(**owner)) {
            violations.push(Violation {
                field_path: format!("{field_path}.{key}"),
                reason: INVALID_SPEC,
                message: format!("keys that begin with `{owner}` are set by the operator"),
                next_action: format!("Remove {key} from {field_path}; settings of the sidecar are in `dapr`"),
            });
        }
    }
}

//! Where the pods of an application run.

use k8s_openapi::{
    api::core::v1::{
        Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodAffinity,
        PodAffinityTerm, PodAntiAffinity, PodSpec, PreferredSchedulingTerm, Toleration,
        TopologySpreadConstraint, WeightedPodAffinityTerm,
    },
    apimachinery::pkg::apis::meta::v1::LabelSelector,
};
use todoplatform_api::{self as api, Neighbour, NodeOperator, NodeRequirement, WhenUnsatisfiable};

use super::object::selector;
use crate::{ValidatedPlatform, validated::App};

/// The pod with what the application's settings say of its place.
pub(super) fn placed(platform: &ValidatedPlatform, app: &App, pod: PodSpec) -> PodSpec {
    let settings = &app.pod;
    let own = selector(platform, &app.node.name);
    let spread = settings.spread.iter().map(|constraint| TopologySpreadConstraint {
        topology_key: constraint.topology_key.clone(),
        max_skew: constraint.max_skew.unwrap_or(1),
        when_unsatisfiable: constraint
            .when_unsatisfiable
            .unwrap_or(WhenUnsatisfiable::ScheduleAnyway)
            .as_str()
            .into(),
        label_selector: Some(own.clone()),
        // Each revision spreads by itself: pods that are about to go count for nothing.
        match_label_keys: Some(vec!["pod-template-hash".into()]),
        ..TopologySpreadConstraint::default()
    });
    let tolerations = settings.tolerations.iter().map(toleration);
    PodSpec {
        node_selector: some(settings.node_selector.clone()),
        tolerations: some(tolerations.collect::<Vec<_>>()),
        affinity: settings.affinity.as_ref().map(affinity),
        topology_spread_constraints: some(spread.collect::<Vec<_>>()),
        priority_class_name: settings.priority_class_name.clone(),
        ..pod
    }
}

/// None instead of nothing, so that an empty list is not sent.
fn some<T: IntoIterator + Clone>(items: T) -> Option<T> {
    items.clone().into_iter().next().is_some().then_some(items)
}

fn toleration(wanted: &api::Toleration) -> Toleration {
    Toleration {
        key: Some(wanted.key.clone()),
        operator: Some(if wanted.value.is_some() { "Equal" } else { "Exists" }.into()),
        value: wanted.value.clone(),
        effect: wanted.effect.map(|effect| effect.as_str().into()),
        toleration_seconds: wanted.toleration_seconds,
    }
}

fn affinity(wanted: &api::Affinity) -> Affinity {
    let (near, near_if_possible) = neighbours(&wanted.near);
    let (away, away_if_possible) = neighbours(&wanted.away_from);
    Affinity {
        node_affinity: node_affinity(wanted),
        pod_affinity: (!wanted.near.is_empty()).then_some(PodAffinity {
            required_during_scheduling_ignored_during_execution: near,
            preferred_during_scheduling_ignored_during_execution: near_if_possible,
        }),
        pod_anti_affinity: (!wanted.away_from.is_empty()).then_some(PodAntiAffinity {
            required_during_scheduling_ignored_during_execution: away,
            preferred_during_scheduling_ignored_during_execution: away_if_possible,
        }),
    }
}

fn node_affinity(wanted: &api::Affinity) -> Option<NodeAffinity> {
    if wanted.required_nodes.is_empty() && wanted.preferred_nodes.is_empty() {
        return None;
    }
    let required = NodeSelectorTerm {
        match_expressions: some(wanted.required_nodes.iter().map(requirement).collect::<Vec<_>>()),
        match_fields: None,
    };
    let preferred = wanted.preferred_nodes.iter().map(|node| PreferredSchedulingTerm {
        weight: 1,
        preference: NodeSelectorTerm {
            match_expressions: Some(vec![requirement(node)]),
            match_fields: None,
        },
    });
    Some(NodeAffinity {
        required_during_scheduling_ignored_during_execution: (!wanted.required_nodes.is_empty()).then(|| {
            NodeSelector {
                node_selector_terms: vec![required],
            }
        }),
        preferred_during_scheduling_ignored_during_execution: some(preferred.collect::<Vec<_>>()),
    })
}

fn requirement(node: &NodeRequirement) -> NodeSelectorRequirement {
    NodeSelectorRequirement {
        key: node.key.clone(),
        operator: node.operator.unwrap_or(NodeOperator::In).as_str().into(),
        values: some(node.values.clone()),
    }
}

type Terms = (Option<Vec<PodAffinityTerm>>, Option<Vec<WeightedPodAffinityTerm>>);

fn neighbours(wanted: &[Neighbour]) -> Terms {
    let term = |neighbour: &Neighbour| PodAffinityTerm {
        topology_key: neighbour.topology_key.clone(),
        label_selector: Some(LabelSelector {
            match_labels: Some(neighbour.match_labels.clone()),
            ..LabelSelector::default()
        }),
        ..PodAffinityTerm::default()
    };
    let (required, preferred): (Vec<_>, Vec<_>) = wanted
        .iter()
        .partition(|neighbour| neighbour.required.unwrap_or(false));
    let preferred = preferred.into_iter().map(|neighbour| WeightedPodAffinityTerm {
        weight: 1,
        pod_affinity_term: term(neighbour),
    });
    (
        some(required.into_iter().map(term).collect::<Vec<_>>()),
        some(preferred.collect::<Vec<_>>()),
    )
}

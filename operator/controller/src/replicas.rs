//! Who owns the number of a Deployment's pods: the main apply, or an autoscaler. The decision; [`crate::hand_over`] does it.
//!
//! A field that the main apply leaves out, and that nobody else owns, falls back to the API server's default: one pod. So
//! before the main apply leaves the number out, a second field manager says the live number; the autoscaler takes it from
//! there with its first change. On the way back the autoscaler is deleted first, and the main apply takes the number by
//! saying it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use todoplatform_render::{Child, ChildKind};

use crate::apply::FIELD_MANAGER;

/// The field manager that holds the number of pods between the main apply and an autoscaler. Never renamed.
pub const REPLICAS_MANAGER: &str = "todoplatform-operator-replicas";

/// Annotation of a Deployment that sleeps: how many pods its autoscaler had given it.
pub const AWAKE_REPLICAS: &str = "todoplatform.dev/awake-replicas";

/// Least and most pods that an autoscaler gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least pods.
    pub min: i32,
    /// Most pods.
    pub max: i32,
}

/// How a child is written, so that the number of its pods never dips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// As it is: the number stands in it, or somebody else owns it already.
    AsIs,
    /// Its autoscaler has gone and left the very number that is wanted: the main apply says it, and owns it again.
    TakeBack,
    /// It runs: the number goes from the main apply to the second manager, as it is.
    HandOver {
        /// Pods that it has.
        replicas: i32,
    },
    /// Nothing runs yet, and an autoscaler does not begin from nothing: it starts with so many, which are then handed over.
    Start {
        /// Pods to begin with.
        replicas: i32,
    },
}

/// The Deployments among the children whose number of pods an autoscaler owns, by name.
pub fn autoscaled(children: &[Child]) -> BTreeMap<String, Bounds> {
    children
        .iter()
        .filter_map(|child| {
            let spec = &child.object["spec"];
            let (min, max) = match child.kind {
                ChildKind::HorizontalPodAutoscaler => (&spec["minReplicas"], &spec["maxReplicas"]),
                ChildKind::ScaledObject => (&spec["minReplicaCount"], &spec["maxReplicaCount"]),
                _ => return None,
            };
            let target = spec["scaleTargetRef"]["name"].as_str()?.to_owned();
            let (min, max) = (number(min)?, number(max)?);
            Some((target, Bounds { min, max }))
        })
        .collect()
}

/// How a child is to be written over what is live.
pub fn handling(child: &Child, bounds: Option<Bounds>, live: Option<&Value>) -> Handling {
    if child.kind != ChildKind::Deployment {
        return Handling::AsIs;
    }
    let Some(bounds) = bounds else {
        return match live {
            Some(live) if is_left_to_us(child, live) => Handling::TakeBack,
            _ => Handling::AsIs,
        };
    };
    let Some(live) = live else {
        return Handling::Start { replicas: bounds.min };
    };
    match number(&live["spec"]["replicas"]).unwrap_or(1) {
        0 => Handling::Start {
            replicas: before_sleep(live).map_or(bounds.min, |known| {
                known.clamp(bounds.min, bounds.max.max(bounds.min))
            }),
        },
        replicas if main_apply_owns_replicas(live) => Handling::HandOver { replicas },
        _ => Handling::AsIs,
    }
}

/// The same where others' numbers of pods are left to them: only what the operator put to sleep itself is started again.
pub fn leaving_others(handling: Handling, live: &Value) -> Handling {
    match handling {
        Handling::Start { .. } if main_apply_owns_replicas(live) => handling,
        Handling::Start { .. } | Handling::TakeBack => Handling::AsIs,
        handling => handling,
    }
}

/// The child with its number of pods in it.
pub fn with_replicas(child: &Child, replicas: i32) -> Value {
    let mut object = child.object.clone();
    object["spec"]["replicas"] = json!(replicas);
    object
}

/// Notes on a Deployment that is to sleep how many pods its autoscaler had given it; what was noted stays until it wakes.
pub fn remember(child: &mut Child, live: Option<&Value>) {
    let awake = live.and_then(|live| match number(&live["spec"]["replicas"]) {
        Some(0) | None => before_sleep(live),
        Some(running) => Some(running),
    });
    if let (Some(awake), Some(metadata)) = (awake, child.object["metadata"].as_object_mut()) {
        metadata.entry("annotations").or_insert_with(|| json!({}))[AWAKE_REPLICAS] = json!(awake.to_string());
    }
}

fn before_sleep(live: &Value) -> Option<i32> {
    live["metadata"]["annotations"][AWAKE_REPLICAS]
        .as_str()?
        .parse()
        .ok()
}

/// Whether the number of pods is what is wanted, and somebody else's. Another number is sent for its own sake.
fn is_left_to_us(child: &Child, live: &Value) -> bool {
    let wanted = number(&child.object["spec"]["replicas"]);
    wanted.is_some()
        && wanted == number(&live["spec"]["replicas"])
        && owners(live).next().is_some()
        && !main_apply_owns_replicas(live)
}

fn main_apply_owns_replicas(live: &Value) -> bool {
    owners(live).any(|entry| entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply")
}

/// The entries of `managedFields` that own the number of pods.
fn owners(live: &Value) -> impl Iterator<Item = &Value> {
    let entries = live["metadata"]["managedFields"].as_array();
    entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some())
}

fn number(value: &Value) -> Option<i32> {
    value.as_i64()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Child {
        Child {
            kind: ChildKind::Deployment,
            name: "todo-task".into(),
            component: Some("task".into()),
            object: json!({"metadata": {"name": "todo-task"}, "spec": {"template": {}}}),
        }
    }

    fn live(replicas: i32, owners: &[(&str, &str)]) -> Value {
        let entries: Vec<Value> = owners
            .iter()
            .map(|(manager, operation)| {
                json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {"f:replicas": {}}}})
            })
            .collect();
        json!({"metadata": {"managedFields": entries}, "spec": {"replicas": replicas}})
    }

    #[test]
    fn others_numbers_of_pods_are_left_and_our_own_sleep_ends() {
        let start = Handling::Start { replicas: 2 };
        let ours = live(0, &[(FIELD_MANAGER, "Apply")]);
        let theirs = live(0, &[("kubectl", "Update")]);
        assert_eq!(leaving_others(start, &ours), start);
        assert_eq!(leaving_others(start, &theirs), Handling::AsIs);
        assert_eq!(leaving_others(Handling::TakeBack, &theirs), Handling::AsIs);
        let hand_over = Handling::HandOver { replicas: 3 };
        assert_eq!(leaving_others(hand_over, &ours), hand_over);
    }

    #[test]
    fn the_number_of_pods_is_handed_over_once_and_never_made_up() {
        let bounds = Some(Bounds { min: 2, max: 6 });
        let main = (FIELD_MANAGER, "Apply");
        let second = (REPLICAS_MANAGER, "Apply");
        let scaler = ("kube-controller-manager", "Update");
        let mut asleep = live(0, &[main]);
        asleep["metadata"]["annotations"] = json!({AWAKE_REPLICAS: "5"});
        let mut over = asleep.clone();
        over["metadata"]["annotations"] = json!({AWAKE_REPLICAS: "50"});
        let mut odd = asleep.clone();
        odd["metadata"]["annotations"] = json!({AWAKE_REPLICAS: "many"});
        for (name, bounds, live, expected) in [
            ("no autoscaler", None, Some(live(3, &[main])), Handling::AsIs),
            ("new", bounds, None, Handling::Start { replicas: 2 }),
            (
                "just switched on",
                bounds,
                Some(live(3, &[main])),
                Handling::HandOver { replicas: 3 },
            ),
            (
                "half-way through a hand-over",
                bounds,
                Some(live(3, &[main, second])),
                Handling::HandOver { replicas: 3 },
            ),
            ("handed over", bounds, Some(live(3, &[second])), Handling::AsIs),
            ("scaled", bounds, Some(live(5, &[scaler])), Handling::AsIs),
            (
                "above its bounds: the autoscaler's matter",
                bounds,
                Some(live(9, &[scaler])),
                Handling::AsIs,
            ),
            (
                "asleep, nothing noted",
                bounds,
                Some(live(0, &[main])),
                Handling::Start { replicas: 2 },
            ),
            ("asleep", bounds, Some(asleep), Handling::Start { replicas: 5 }),
            (
                "asleep, with other bounds by now",
                bounds,
                Some(over),
                Handling::Start { replicas: 6 },
            ),
            (
                "asleep, with a note that is no number",
                bounds,
                Some(odd),
                Handling::Start { replicas: 2 },
            ),
        ] {
            assert_eq!(handling(&deployment(), bounds, live.as_ref()), expected, "{name}");
        }
    }

    #[test]
    fn the_number_that_an_autoscaler_leaves_is_taken_back_once() {
        let mut child = deployment();
        child.object["spec"]["replicas"] = json!(5);
        let main = (FIELD_MANAGER, "Apply");
        let scaler = ("kube-controller-manager", "Update");
        for (name, live, expected) in [
            ("left by an autoscaler", live(5, &[scaler]), Handling::TakeBack),
            (
                "left before it ever scaled",
                live(5, &[(REPLICAS_MANAGER, "Apply")]),
                Handling::TakeBack,
            ),
            ("taken back", live(5, &[main, scaler]), Handling::AsIs),
            ("nobody's", live(5, &[]), Handling::AsIs),
            (
                "another number: the comparison sends it, or leaves it",
                live(4, &[scaler]),
                Handling::AsIs,
            ),
        ] {
            assert_eq!(handling(&child, None, Some(&live)), expected, "{name}");
        }
        assert_eq!(handling(&child, None, None), Handling::AsIs, "new");
    }

    #[test]
    fn what_a_sleeper_had_is_noted_once() {
        let note = |live: Option<&Value>| {
            let mut child = deployment();
            remember(&mut child, live);
            child.object["metadata"]["annotations"][AWAKE_REPLICAS].clone()
        };
        let mut asleep = live(0, &[]);
        assert_eq!(note(None), Value::Null);
        assert_eq!(note(Some(&asleep)), Value::Null);
        assert_eq!(note(Some(&live(5, &[]))), "5");
        asleep["metadata"]["annotations"] = json!({AWAKE_REPLICAS: "5"});
        assert_eq!(note(Some(&asleep)), "5");
    }

    #[test]
    fn an_autoscaler_names_what_it_scales() {
        let scaler = |kind, min: &str, max: &str| Child {
            kind,
            name: "todo-task".into(),
            component: None,
            object: json!({"spec": {"scaleTargetRef": {"name": "todo-task"}, min: 2, max: 6}}),
        };
        for child in [
            scaler(ChildKind::HorizontalPodAutoscaler, "minReplicas", "maxReplicas"),
            scaler(ChildKind::ScaledObject, "minReplicaCount", "maxReplicaCount"),
        ] {
            let expected = BTreeMap::from([("todo-task".to_owned(), Bounds { min: 2, max: 6 })]);
            assert_eq!(autoscaled(&[deployment(), child]), expected);
        }
        assert_eq!(autoscaled(&[deployment()]), BTreeMap::new());
    }
}

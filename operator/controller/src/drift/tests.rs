//! Tables: live objects with their `managedFields`, as an API server keeps them.

use serde_json::{Value, json};
use todoplatform_api::{AdoptionPolicy, DeletionMode, DriftIgnore};
use todoplatform_render::ChildKind;
use todoplatform_render::day2::{DeletionSettings, Restarts};

use super::*;

fn day2(drift: DriftMode, ignore: &[&str]) -> Day2Settings {
    let delete = DeletionMode::Delete;
    Day2Settings {
        drift,
        ignore: ignore
            .iter()
            .map(|pointer| DriftIgnore {
                kind: "Deployment".into(),
                name: "*".into(),
                json_pointer: (*pointer).into(),
            })
            .collect(),
        deletion: DeletionSettings {
            workloads: delete,
            data: delete,
            keys: delete,
        },
        adoption: AdoptionPolicy::Never,
        restarts: Restarts::default(),
    }
}

fn wanted() -> Child {
    Child {
        kind: ChildKind::Deployment,
        name: "todo-task".into(),
        component: None,
        object: json!({
            "metadata": {"name": "todo-task", "labels": {"a": "1"}},
            "spec": {"replicas": 1, "template": {
                "metadata": {"labels": {"a": "1"}},
                "spec": {"containers": [{"name": "app", "image": "todo:1", "args": ["run"],
                    "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]},
            }},
        }),
    }
}

/// The fields that the operator owns after an apply.
fn our_fields() -> Value {
    json!({
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {
            "f:metadata": {"f:labels": {"f:a": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}},
                    "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}}}}},
        }},
    })
}

struct Live(Value);

impl Live {
    /// As the API server keeps it after an apply of what is wanted.
    fn new() -> Self {
        let mut live = wanted().object;
        live["metadata"]["resourceVersion"] = json!("7");
        live["spec"]["template"]["spec"]["dnsPolicy"] = json!("ClusterFirst");
        live["metadata"]["managedFields"] = json!([{"manager": "todoplatform-operator", "operation": "Apply",
            "time": "2026-01-01T00:00:00Z", "fieldsV1": our_fields()}]);
        Self(live)
    }

    /// Somebody sets a field that was ours, or nobody's.
    fn set(mut self, manager: &str, pointer: &str, value: Value, fields: &Value) -> Self {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match self.0.pointer_mut(parent).unwrap() {
            Value::Array(items) if key == "-" => items.push(value),
            parent => parent[unescaped(key)] = value,
        }
        let entries = self.0["metadata"]["managedFields"].as_array_mut().unwrap();
        take(&mut entries[0]["fieldsV1"], fields);
        entries.push(json!({"manager": manager, "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": fields}));
        self
    }

    fn gone(mut self, pointer: &str, fields: &Value) -> Self {
        remove(&mut self.0, pointer);
        take(&mut self.0["metadata"]["managedFields"][0]["fieldsV1"], fields);
        self
    }

    fn look(&self, drift: DriftMode, ignore: &[&str], is_as_before: bool) -> Look {
        look(&day2(drift, ignore), &wanted(), &self.0, is_as_before)
    }
}

/// Takes the leaves of `fields` away.
fn take(owned: &mut Value, fields: &Value) {
    for (key, below) in fields.as_object().unwrap() {
        if below.as_object().is_some_and(serde_json::Map::is_empty) {
            if key != "." {
                owned.as_object_mut().map(|owned| owned.remove(key));
            }
        } else if let Some(owned) = owned.get_mut(key) {
            take(owned, below);
        }
    }
}

fn told(look: &Look) -> Vec<String> {
    look.deviations.iter().map(ToString::to_string).collect()
}

const APP: &str = "/spec/template/spec/containers/0";

fn in_app(fields: &Value) -> Value {
    json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": fields}}}}})
}

#[test]
fn what_agrees_is_left_and_nobody_is_blamed() {
    let look = Live::new().look(DriftMode::Correct, &[], true);
    assert_eq!(
        (look.differs, told(&look).len(), look.removals.len()),
        (false, 0, 0)
    );
}

#[test]
fn what_was_sent_once_and_is_not_wanted_any_more_is_a_difference_and_nobodys_drift() {
    let sent = |pointer: &str, value: Value, fields: Value| {
        let mut live = Live::new();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match live.0.pointer_mut(parent).unwrap() {
            Value::Array(items) => items.push(value),
            parent => parent[unescaped(key)] = value,
        }
        let ours = json!({"manager": "todoplatform-operator", "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": fields});
        live.0["metadata"]["managedFields"]
            .as_array_mut()
            .unwrap()
            .push(ours);
        live
    };
    let cases = [
        (
            "/auth",
            json!({"secretStore": "vault"}),
            json!({"f:auth": {"f:secretStore": {}}}),
        ),
        (
            "/metadata/annotations",
            json!({"a": "1"}),
            json!({"f:metadata": {"f:annotations": {"f:a": {}}}}),
        ),
        (
            &format!("{APP}/env/-"),
            json!({"name": "C", "value": "3"}),
            in_app(&json!({"f:env": {"k:{\"name\":\"C\"}": {".": {}, "f:name": {}, "f:value": {}}}})),
        ),
    ];
    for (pointer, value, fields) in cases {
        for drift in [DriftMode::Correct, DriftMode::Report, DriftMode::Ignore] {
            let look = sent(pointer, value.clone(), fields.clone()).look(drift, &[], false);
            assert!(look.differs, "{pointer}, {drift:?}");
            assert_eq!(told(&look), [""; 0], "{pointer}");
        }
    }
    let gone = sent("/auth", Value::Null, json!({"f:spec": {"f:paused": {}}}));
    assert!(
        !gone.look(DriftMode::Correct, &[], true).differs,
        "what is not there needs no sending"
    );
    let ignored = sent("/spec/paused", json!(true), json!({"f:spec": {"f:paused": {}}}));
    assert!(ignored.look(DriftMode::Correct, &[], true).differs);
    assert!(!ignored.look(DriftMode::Correct, &["/spec/paused"], true).differs);
}

#[test]
fn sleeping_and_waking_follow_the_spec_whoever_set_the_number_of_pods() {
    let policies: [(DriftMode, &[&str]); 4] = [
        (DriftMode::Correct, &[]),
        (DriftMode::Report, &[]),
        (DriftMode::Ignore, &[]),
        (DriftMode::Report, &["/spec/replicas"]),
    ];
    for (drift, ignore) in policies {
        let mut asleep = wanted();
        asleep.object["spec"]["replicas"] = json!(0);
        let scaled = Live::new().set(
            "kube-controller-manager",
            "/spec/replicas",
            json!(5),
            &json!({"f:spec": {"f:replicas": {}}}),
        );
        let falls = look(&day2(drift, ignore), &asleep, &scaled.0, false);
        assert!(falls.differs, "{drift:?} {ignore:?}");
        assert_eq!(falls.object["spec"]["replicas"], 0, "{drift:?} {ignore:?}");

        let mut slept = Live::new();
        slept.0["spec"]["replicas"] = json!(0);
        let wakes = slept.look(drift, ignore, false);
        assert!(wakes.differs, "{drift:?} {ignore:?}");
        assert_eq!(wakes.object["spec"]["replicas"], 1, "{drift:?} {ignore:?}");
    }
}

#[test]
fn a_volume_claim_is_never_sent_for_what_it_asked_for_before() {
    let mut live = Live::new();
    live.0["spec"]["storageClassName"] = json!("fast");
    let ours = json!({"manager": "todoplatform-operator", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
        "fieldsV1": {"f:spec": {"f:storageClassName": {}}}});
    live.0["metadata"]["managedFields"]
        .as_array_mut()
        .unwrap()
        .push(ours);
    let settings = day2(DriftMode::Correct, &[]);
    assert!(look(&settings, &wanted(), &live.0, true).differs);
    let claim = Child {
        kind: ChildKind::PersistentVolumeClaim,
        ..wanted()
    };
    assert!(!look(&settings, &claim, &live.0, true).differs);
}

#[test]
fn a_changed_field_names_its_manager_and_its_place() {
    let live = Live::new()
        .set(
            "kubectl-edit",
            &format!("{APP}/image"),
            json!("todo:2"),
            &in_app(&json!({"f:image": {}})),
        )
        .set(
            "helm",
            "/spec/replicas",
            json!(5),
            &json!({"f:spec": {"f:replicas": {}}}),
        );
    let look = live.look(DriftMode::Correct, &[], true);
    assert!(look.differs);
    assert_eq!(
        told(&look),
        [
            ".spec.replicas changed by helm",
            ".spec.template.spec.containers[name=\"app\"].image changed by kubectl-edit"
        ]
    );
    assert_eq!(look.object, wanted().object, "what is wanted is sent as it is");
}

#[test]
fn report_leaves_a_change_and_sends_the_rest_around_it() {
    let changed = || {
        Live::new().set(
            "kubectl",
            "/spec/replicas",
            json!(5),
            &json!({"f:spec": {"f:replicas": {}}}),
        )
    };
    let left = changed().look(DriftMode::Report, &[], true);
    assert!(!left.differs);
    assert_eq!(told(&left), [".spec.replicas changed by kubectl"]);
    let silent = changed().look(DriftMode::Ignore, &[], true);
    assert!(!silent.differs && silent.deviations.is_empty());

    // An image of ours that is to change: the live one is still what we sent.
    let mut pending = changed();
    *pending.0.pointer_mut(&format!("{APP}/image")).unwrap() = json!("todo:0");
    let sent = pending.look(DriftMode::Report, &[], false);
    assert!(sent.differs);
    assert!(
        sent.object["spec"]["replicas"].is_null(),
        "somebody's stays theirs"
    );
    assert_eq!(
        sent.object.pointer(&format!("{APP}/image")),
        Some(&json!("todo:1")),
        "ours goes"
    );
    assert_eq!(
        sent.object["metadata"]["resourceVersion"], "7",
        "for the object that was read"
    );
    assert_eq!(told(&sent), [".spec.replicas changed by kubectl"]);
}

#[test]
fn what_differs_by_our_own_doing_is_no_drift() {
    let mut live = Live::new();
    *live.0.pointer_mut(&format!("{APP}/image")).unwrap() = json!("todo:0");
    for mode in [DriftMode::Correct, DriftMode::Report, DriftMode::Ignore] {
        let look = live.look(mode, &[], true);
        assert!(look.differs && look.deviations.is_empty(), "{mode:?}");
    }
}

#[test]
fn what_is_gone_was_removed_if_it_was_there() {
    let live = Live::new().gone(&format!("{APP}/args"), &in_app(&json!({"f:args": {}})));
    let known = live.look(DriftMode::Report, &[], true);
    assert!(!known.differs);
    assert_eq!(
        told(&known),
        [".spec.template.spec.containers[name=\"app\"].args removed by somebody"]
    );
    let unknown = live.look(DriftMode::Report, &[], false);
    assert!(unknown.differs, "it may be new in what is wanted");
    assert!(unknown.deviations.is_empty());
}

#[test]
fn an_ignored_field_is_left_at_any_depth_and_its_neighbours_are_not() {
    let live = || {
        Live::new()
            .set(
                "vpa",
                &format!("{APP}/image"),
                json!("todo:2"),
                &in_app(&json!({"f:image": {}})),
            )
            .set(
                "kubectl",
                "/spec/replicas",
                json!(5),
                &json!({"f:spec": {"f:replicas": {}}}),
            )
    };
    let look = live().look(DriftMode::Correct, &["/spec/template"], true);
    assert!(look.differs);
    assert_eq!(told(&look), [".spec.replicas changed by kubectl"]);
    assert_eq!(look.object.pointer(&format!("{APP}/image")), None);
    let look = live().look(DriftMode::Correct, &["/spec/template", "/spec/replicas"], true);
    assert!(!look.differs && look.deviations.is_empty());
    let look = live().look(DriftMode::Correct, &["/spec/temp"], true);
    assert_eq!(look.deviations.len(), 2, "a name is not ignored by its beginning");
}

#[test]
fn what_others_add_under_our_templates_is_removed_and_what_is_theirs_to_add_is_not() {
    let variable = |name: &str| json!({"f:env": {format!("k:{{\"name\":\"{name}\"}}"): {".": {}, "f:name": {}, "f:value": {}}}});
    let env = format!("{APP}/env/-");
    let metadata =
        |part: &str, key: &str| json!({"f:spec": {"f:template": {"f:metadata": {part: {key: {}}}}}});
    let cases = [
        (
            "a variable",
            Live::new().set(
                "kubectl-set",
                &env,
                json!({"name": "X", "value": "1"}),
                &in_app(&variable("X")),
            ),
            vec![format!("{APP}/env/2")],
            ".spec.template.spec.containers[name=\"app\"].env[name=\"X\"] added by kubectl-set",
        ),
        (
            "a container",
            Live::new().set(
                "kubectl-edit",
                "/spec/template/spec/containers/-",
                json!({"name": "spy", "image": "spy:1", "imagePullPolicy": "IfNotPresent"}),
                &json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"spy\"}":
                    {".": {}, "f:name": {}, "f:image": {}, "f:imagePullPolicy": {}}}}}}}),
            ),
            vec!["/spec/template/spec/containers/1".to_owned()],
            ".spec.template.spec.containers[name=\"spy\"] added by kubectl-edit",
        ),
        (
            "a label of the pods",
            Live::new().set(
                "istio",
                "/spec/template/metadata/labels/x~1y",
                json!("1"),
                &metadata("f:labels", "f:x/y"),
            ),
            vec!["/spec/template/metadata/labels/x~1y".to_owned()],
            ".spec.template.metadata.labels.x/y added by istio",
        ),
        (
            "a pause of the rollout",
            Live::new().set(
                "kubectl-rollout",
                "/spec/paused",
                json!(true),
                &json!({"f:spec": {"f:paused": {}}}),
            ),
            vec!["/spec/paused".to_owned()],
            ".spec.paused added by kubectl-rollout",
        ),
    ];
    for (name, live, removals, line) in cases {
        let look = live.look(DriftMode::Correct, &[], true);
        assert_eq!(look.removals, removals, "{name}");
        assert_eq!(told(&look), [line], "{name}");
        assert!(!look.differs, "{name}: removing is enough");
        let left = live.look(DriftMode::Report, &[], true);
        assert!(!left.differs && left.removals.is_empty(), "{name}: report");
        assert_eq!(told(&left), [line], "{name}: report");
    }

    let mut restarted = Live::new();
    restarted.0["spec"]["template"]["metadata"]["annotations"] = json!({});
    let restarted_at = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
    let allowed = [
        restarted.set(
            "kubectl-rollout",
            restarted_at,
            json!("2026"),
            &metadata("f:annotations", "f:kubectl.kubernetes.io/restartedAt"),
        ),
        Live::new().set(
            "kubectl-label",
            "/metadata/labels/theirs",
            json!("1"),
            &json!({"f:metadata": {"f:labels": {"f:theirs": {}}}}),
        ),
        Live::new().set(
            "helm",
            "/spec/template/spec/dnsPolicy",
            json!("ClusterFirst"),
            &json!({"f:spec": {"f:template": {"f:spec": {"f:dnsPolicy": {}}}}}),
        ),
        Live::new().set(
            "kube-controller-manager",
            "/spec/paused",
            json!(false),
            &json!({"f:spec": {"f:paused": {}}}),
        ),
    ];
    for live in allowed {
        let look = live.look(DriftMode::Correct, &[], true);
        assert!(
            !look.differs && look.removals.is_empty() && look.deviations.is_empty(),
            "{look:?}"
        );
    }
}

#[test]
fn several_additions_are_removed_from_the_last_to_the_first() {
    let fields =
        |name: &str| in_app(&json!({"f:env": {format!("k:{{\"name\":\"{name}\"}}"): {"f:name": {}}}}));
    let env = format!("{APP}/env/-");
    let mut live = Live::new();
    for index in 2..12 {
        let name = format!("X{index}");
        live = live.set("kubectl", &env, json!({"name": name}), &fields(&name));
    }
    let look = live.look(DriftMode::Correct, &[], true);
    let expected: Vec<String> = (2..12).rev().map(|index| format!("{APP}/env/{index}")).collect();
    assert_eq!(look.removals, expected);
}

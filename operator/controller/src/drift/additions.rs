//! What others added to a child: server-side apply leaves it there for ever.

use serde_json::Value;
use todoplatform_render::{Child, ChildKind};

use super::escaped;
use super::fields::{Entry, is_item, key_of, set_item};

/// Managers that complete objects as their office is.
const ALLOWED_MANAGERS: [&str; 2] = ["kube-controller-manager", "kube-apiserver"];

/// Fields that are for others to set: the request to restart of `kubectl rollout restart`, and the number of pods
/// where the platform leaves it to an autoscaler.
const ALLOWED_FIELDS: [&str; 2] = [
    "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt",
    "/spec/replicas",
];

/// Defaults of the API server: whoever creates an object by other means than server-side apply owns them too.
const DEFAULTS: [(&str, &str); 24] = [
    ("dnsPolicy", "\"ClusterFirst\""),
    ("restartPolicy", "\"Always\""),
    ("schedulerName", "\"default-scheduler\""),
    ("terminationMessagePath", "\"/dev/termination-log\""),
    ("terminationMessagePolicy", "\"File\""),
    ("terminationGracePeriodSeconds", "30"),
    ("imagePullPolicy", "\"IfNotPresent\""),
    ("imagePullPolicy", "\"Always\""),
    ("protocol", "\"TCP\""),
    ("scheme", "\"HTTP\""),
    ("apiVersion", "\"v1\""),
    ("progressDeadlineSeconds", "600"),
    ("revisionHistoryLimit", "10"),
    ("podManagementPolicy", "\"OrderedReady\""),
    ("type", "\"RollingUpdate\""),
    ("maxSurge", "\"25%\""),
    ("maxUnavailable", "\"25%\""),
    ("partition", "0"),
    ("successThreshold", "1"),
    ("failureThreshold", "3"),
    ("periodSeconds", "10"),
    ("timeoutSeconds", "1"),
    ("defaultMode", "420"),
    ("whenDeleted", "\"Retain\""),
];

/// Something that somebody added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Addition {
    /// JSON pointer into the live object.
    pub(super) pointer: String,
    /// The same for people.
    pub(super) field: String,
    /// Who added it.
    pub(super) manager: String,
}

/// Where nobody else has anything to add. Labels and annotations of the objects themselves are free for all.
fn closed(kind: ChildKind) -> &'static [&'static str] {
    match kind {
        ChildKind::Deployment | ChildKind::StatefulSet => &["/spec"],
        ChildKind::Service => &["/spec/ports", "/spec/selector"],
        ChildKind::ConfigMap => &["/data", "/binaryData"],
        kind if kind.is_dapr() => &["/spec", "/scopes", "/auth"],
        ChildKind::GrafanaDashboard => &["/spec"],
        kind if kind.is_monitoring() => &["/spec"],
        _ => &[],
    }
}

/// What others added to the child where nobody has anything to add, from the front to the back.
pub(super) fn additions(child: &Child, entries: &[Entry], live: &Value) -> Vec<Addition> {
    let mut found = Vec::new();
    let others = entries.iter().filter(|entry| {
        !entry.is_ours() && !entry.is_subresource && !ALLOWED_MANAGERS.contains(&entry.manager.as_str())
    });
    for entry in others {
        let walk = Walk {
            closed: closed(child.kind),
            manager: &entry.manager,
        };
        walk.below(&entry.fields, live, &child.object, &Place::default(), &mut found);
    }
    found.sort_by(|left: &Addition, right| super::by_place(&right.pointer, &left.pointer));
    found.dedup_by(|left, right| left.pointer == right.pointer);
    found
}

/// Where a walk through a manager's fields is.
#[derive(Clone, Default)]
pub(super) struct Place {
    /// JSON pointer into the live object.
    pub(super) pointer: String,
    /// The same for people.
    field: String,
}

struct Walk<'a> {
    closed: &'static [&'static str],
    manager: &'a str,
}

impl Walk<'_> {
    /// Goes through the manager's fields below a place where something is wanted.
    fn below(&self, fields: &Value, live: &Value, wanted: &Value, place: &Place, found: &mut Vec<Addition>) {
        for (key, below) in fields.as_object().into_iter().flatten() {
            let Some((place, live, wanted)) = step(key, live, wanted, place) else {
                continue;
            };
            match wanted {
                Some(wanted) => self.below(below, live, wanted, &place, found),
                // The labels and annotations of pods are many people's: each counts for itself.
                None if is_metadata(&place.pointer) => {
                    self.below(below, live, &Value::Object(serde_json::Map::new()), &place, found);
                }
                None if self.is_closed(&place.pointer) && !is_allowed(&place.pointer, live) => {
                    found.push(Addition {
                        pointer: place.pointer,
                        field: place.field,
                        manager: self.manager.to_owned(),
                    });
                }
                None => {}
            }
        }
    }

    fn is_closed(&self, pointer: &str) -> bool {
        self.closed
            .iter()
            .any(|closed| super::is_at_or_below(pointer, closed))
    }
}

/// One step down: where it leads, what stands there and what is wanted there. None when nothing stands there.
pub(super) fn step<'a>(
    key: &str,
    live: &'a Value,
    wanted: &'a Value,
    place: &Place,
) -> Option<(Place, &'a Value, Option<&'a Value>)> {
    if let Some(name) = key.strip_prefix("f:") {
        let place = Place {
            pointer: format!("{}/{}", place.pointer, escaped(name)),
            field: format!("{}.{name}", place.field),
        };
        return Some((place, live.get(name)?, wanted.get(name)));
    }
    let is_it = |item: &Value| match key_of(key) {
        Some(keys) => is_item(item, &keys),
        None => set_item(key).as_ref() == Some(item),
    };
    let items = live.as_array()?;
    let index = items.iter().position(is_it)?;
    let shown = key_of(key).map_or_else(
        || key.trim_start_matches("v:").to_owned(),
        |keys| {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
            keys.join(",")
        },
    );
    let place = Place {
        pointer: format!("{}/{index}", place.pointer),
        field: format!("{}[{shown}]", place.field),
    };
    let wanted = wanted
        .as_array()
        .and_then(|items| items.iter().find(|item| is_it(item)));
    Some((place, items.get(index)?, wanted))
}

fn is_metadata(pointer: &str) -> bool {
    pointer.ends_with("/metadata/labels")
        || pointer.ends_with("/metadata/annotations")
        || pointer.ends_with("/metadata")
}

fn is_allowed(pointer: &str, live: &Value) -> bool {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    ALLOWED_FIELDS.contains(&pointer) || is_default(key, live)
}

fn is_default(key: &str, value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().all(|(key, value)| is_default(key, value)),
        _ => DEFAULTS.contains(&(key, value.to_string().as_str())),
    }
}

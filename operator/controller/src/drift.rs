//! What others changed in a child, who they are, and what is sent because of it. Pure.
//!
//! Server-side apply puts back the fields that it sends and removes nothing that others added, and it does not say who
//! changed what. The child's `managedFields` do: a field that somebody else owns and we do not, with another value than
//! ours, is a change of theirs; one that we own still has the value that we sent last, and what differs is our own doing.

mod additions;
mod difference;
mod dropped;
mod fields;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;
use todoplatform_api::DriftMode;
use todoplatform_render::{Child, ChildKind, day2::Day2Settings};

use additions::additions;
use difference::{Difference, differences};
use dropped::dropped;
use fields::Entry;

/// The number of pods.
pub const REPLICAS: &str = "/spec/replicas";

/// What somebody did to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has another value.
    Changed,
    /// It is gone.
    Removed,
    /// It is new.
    Added,
    /// The whole object was deleted.
    Deleted,
}

/// One thing in which a child is not what the platform says, by somebody else's doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The field, as the API server writes it in conflicts (`.spec.replicas`); empty for the whole object.
    pub field: String,
    /// The field manager that did it; none where the API server does not know any more.
    pub manager: Option<String>,
    /// What was done.
    pub change: Change,
}

/// Managers that are told apart in metrics; each stands for all whose names begin so.
const KNOWN_MANAGERS: [&str; 6] = [
    "argocd",
    "flux",
    "helm",
    "kube-controller-manager",
    "kubectl",
    "kustomize-controller",
];

impl Deviation {
    /// The manager as metrics name it: one of a few.
    pub fn known_manager(&self) -> &'static str {
        let Some(manager) = &self.manager else {
            return "unknown";
        };
        let is = |known: &&&str| manager.starts_with(**known);
        KNOWN_MANAGERS.iter().find(is).copied().unwrap_or("other")
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.change {
            Change::Changed => "changed",
            Change::Removed => "removed",
            Change::Added => "added",
            Change::Deleted => "deleted",
        };
        if !self.field.is_empty() {
            write!(f, "{} ", self.field)?;
        }
        write!(f, "{what} by {}", self.manager.as_deref().unwrap_or("somebody"))
    }
}

/// What a look at a live child gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What others did, unless nobody asked.
    pub deviations: Vec<Deviation>,
    /// The object to send: what is wanted, with the fields that are left to others as they are.
    pub object: Value,
    /// Whether it has to be sent.
    pub differs: bool,
    /// JSON pointers to what others added and is removed, the last first.
    pub removals: Vec<String>,
}

/// Whether a field of a child is left to others.
pub fn is_ignored(day2: &Day2Settings, child: &Child, pointer: &str) -> bool {
    day2.ignored(child.kind, &child.name)
        .any(|ignored| is_at_or_below(pointer, ignored))
}

/// Looks at a child as it is. `is_as_before` says that the platform wanted the same when the child last agreed: what is
/// gone since then was removed by somebody.
pub fn look(day2: &Day2Settings, child: &Child, live: &Value, is_as_before: bool) -> Look {
    let is_ignored = |pointer: &str| is_ignored(day2, child, pointer);
    let entries = Entry::of(live);

    let added = additions(child, &entries, live);
    let mut bare = live.clone();
    for addition in &added {
        remove(&mut bare, &addition.pointer);
    }
    let found = differences(&child.object, &bare);
    let blame = |difference: &Difference| -> Option<Deviation> {
        let owner = |ours: bool| {
            entries
                .iter()
                .rev()
                .find(|entry| entry.is_ours() == ours && entry.owns(&child.object, live, &difference.pointer))
        };
        let change = if difference.live.is_some() {
            Change::Changed
        } else {
            Change::Removed
        };
        let deviation = |manager| Deviation {
            field: difference.field.clone(),
            manager,
            change,
        };
        match (owner(true), owner(false)) {
            (None, Some(other)) => Some(deviation(Some(other.manager.clone()))),
            (None, None) if is_as_before => Some(deviation(None)),
            _ => None,
        }
    };

    let mut look = Look {
        deviations: Vec::new(),
        object: child.object.clone(),
        differs: dropped(child, &entries, live)
            .iter()
            .any(|pointer| !is_ignored(pointer)),
        removals: Vec::new(),
    };
    let mut left = Vec::new();
    for mut difference in found {
        let deviation = blame(&difference);
        let owns = |entry: &Entry| entry.is_ours() && entry.owns(&child.object, live, &difference.pointer);
        difference.is_ours = entries.iter().any(owns);
        if is_sleep(child, live, &difference) {
            // To sleep and to wake is asked for in the spec, whoever set the number of pods meanwhile.
            look.differs = true;
            if day2.drift == DriftMode::Correct {
                look.deviations.extend(deviation);
            }
        } else if is_ignored(&difference.pointer) {
            left.push(difference);
        } else if deviation.is_some() && day2.drift != DriftMode::Correct {
            left.push(difference);
            look.deviations.extend(deviation);
        } else {
            look.differs = true;
            look.deviations.extend(deviation);
        }
    }
    for addition in added
        .into_iter()
        .filter(|addition| !is_ignored(&addition.pointer))
    {
        if day2.drift == DriftMode::Correct {
            look.removals.push(addition.pointer);
        }
        look.deviations.push(Deviation {
            field: addition.field,
            manager: Some(addition.manager),
            change: Change::Added,
        });
    }
    // From the last to the first: what stands after something that goes keeps its place until then.
    look.removals.sort_by(|left, right| by_place(right, left));
    look.removals.dedup();
    if !left.is_empty() {
        leave(&mut look.object, live, left);
    }
    if day2.drift == DriftMode::Ignore {
        look.deviations.clear();
    }
    look
}

/// Whether the difference is that pods are to go to sleep, or to wake from where the operator put them.
fn is_sleep(child: &Child, live: &Value, difference: &Difference) -> bool {
    let is_none = |object: &Value| object["spec"]["replicas"] == 0;
    difference.pointer == REPLICAS
        && matches!(child.kind, ChildKind::Deployment | ChildKind::StatefulSet)
        && (is_none(&child.object) || (is_none(live) && difference.is_ours))
}

/// Leaves out what is somebody else's: who sends a field owns it too. What is the operator's own and is left
/// nevertheless, because it is ignored, is sent as it stands, for the object as it was read.
fn leave(object: &mut Value, live: &Value, mut left: Vec<Difference>) {
    left.sort_by(|left, right| by_place(&right.pointer, &left.pointer));
    for Difference {
        pointer,
        live,
        is_ours,
        ..
    } in left
    {
        match live {
            Some(live) if is_ours => {
                if let Some(place) = object.pointer_mut(&pointer) {
                    *place = live;
                }
            }
            _ => remove(object, &pointer),
        }
    }
    object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
}

fn is_at_or_below(pointer: &str, ignored: &str) -> bool {
    pointer
        .strip_prefix(ignored)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Order of two pointers in one object; indices of lists as numbers.
fn by_place(left: &str, right: &str) -> std::cmp::Ordering {
    let key = |pointer: &str| -> Vec<(usize, String)> {
        pointer
            .split('/')
            .map(|segment| (segment.parse().unwrap_or_default(), segment.to_owned()))
            .collect()
    };
    key(left).cmp(&key(right))
}

fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    match object.pointer_mut(parent) {
        Some(Value::Object(parent)) => {
            parent.remove(&unescaped(last));
        }
        Some(Value::Array(parent)) => {
            if let Some(index) = last.parse::<usize>().ok().filter(|index| *index < parent.len()) {
                parent.remove(index);
            }
        }
        _ => {}
    }
}

/// A key as one segment of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

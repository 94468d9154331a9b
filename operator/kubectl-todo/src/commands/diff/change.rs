//! One object that would change.

use serde::Serialize;
use serde_json::{Value, json};
use similar::TextDiff;
use todoplatform_render::{Child, ChildKind};

use super::cleaned;
use crate::cluster::name_of;

/// Lines around a difference.
const CONTEXT: usize = 3;

/// What would become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verb {
    Created,
    Changed,
    Deleted,
    /// The API server refuses the change: the operator would be refused as well.
    Refused,
}

impl Verb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Refused => "refused",
        }
    }
}

/// One object that would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Change {
    pub(super) verb: Verb,
    #[serde(serialize_with = "as_word")]
    pub(super) kind: ChildKind,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) component: Option<String>,
    /// A unified diff; of a refusal, the API server's words.
    pub(super) diff: String,
    #[serde(skip)]
    pub(super) before: Value,
    #[serde(skip)]
    pub(super) after: Value,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_word<S: serde::Serializer>(kind: &ChildKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

impl Change {
    /// What differs between the object as it is and as it would be; none when nothing does that anyone decides.
    pub(super) fn between(
        kind: ChildKind,
        component: Option<String>,
        live: Option<&Value>,
        wanted: Option<&Value>,
    ) -> Option<Self> {
        let before = live.map(cleaned).unwrap_or_default();
        let after = wanted.map(cleaned).unwrap_or_default();
        if before == after {
            return None;
        }
        let verb = match (live, wanted) {
            (None, _) => Verb::Created,
            (_, None) => Verb::Deleted,
            _ => Verb::Changed,
        };
        Some(Self {
            verb,
            kind,
            name: name_of(wanted.or(live)?),
            component,
            diff: unified(&before, &after),
            before,
            after,
        })
    }

    pub(super) fn refused(child: &Child, message: &str) -> Self {
        Self {
            verb: Verb::Refused,
            kind: child.kind,
            name: child.name.clone(),
            component: child.component.clone(),
            diff: message.to_owned(),
            before: Value::Null,
            after: Value::Null,
        }
    }
}

fn unified(before: &Value, after: &Value) -> String {
    let yaml = |value: &Value| match value {
        Value::Null => String::new(),
        value => serde_yaml::to_string(&sorted(value)).unwrap_or_default(),
    };
    let (before, after) = (yaml(before), yaml(after));
    let diff = TextDiff::from_lines(&before, &after);
    diff.unified_diff().context_radius(CONTEXT).to_string()
}

/// Keys in order, so that only values differ.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entries = entries
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)));
            json!(entries.collect::<serde_json::Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

//! Where each setting of a platform comes from.
//!
//! Found by trying, not by a list that could be wrong: one input is changed at a time (a field of the spec, the profile, what
//! the operator was started with, the platform's name), the settings are resolved again by the code that resolves
//! them for a build, and what came out differently depends on that input. What depends on nothing is built in.

mod leaves;
mod vary;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use todoplatform_api::{Profile, TodoPlatform};

use crate::{Facts, Invalid, OperatorDefaults, references, settings, validate};

/// One decided setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its place among the settings: `services`, `task`, `replicas`.
    pub path: Vec<String>,
    /// What was decided; null is nothing.
    pub value: Value,
    /// What decided it: at least one.
    pub origins: BTreeSet<Origin>,
}

impl Setting {
    /// Its place as one text (`services.task.replicas`).
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

/// What decided a setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The user, by this field (`spec.services.task.replicas`).
    User {
        /// The field.
        field_path: String,
    },
    /// The profile.
    Profile(&'static str),
    /// How the operator was started.
    Operator {
        /// Its flag without the dashes (`image-tag`).
        flag: String,
    },
    /// The platform's own `metadata.name` or `metadata.namespace`.
    Metadata {
        /// The field.
        field_path: String,
    },
    /// The default of both profiles.
    BuiltIn,
}

impl Origin {
    /// One word for machines: `user`, `profile`, `operator`, `metadata` or `builtIn`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User { .. } => "user",
            Self::Profile(_) => "profile",
            Self::Operator { .. } => "operator",
            Self::Metadata { .. } => "metadata",
            Self::BuiltIn => "builtIn",
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User { field_path } => write!(formatter, "user: {field_path}"),
            Self::Profile(name) => write!(formatter, "profile {name}"),
            Self::Operator { flag } => write!(formatter, "operator: --{flag}"),
            Self::Metadata { field_path } => write!(formatter, "{field_path}"),
            Self::BuiltIn => formatter.write_str("default of both profiles"),
        }
    }
}

type Leaves = BTreeMap<Vec<String>, Value>;
type Found = BTreeMap<Vec<String>, BTreeSet<Origin>>;

/// Every setting of the platform with what decided it, in the order of the paths.
pub fn origins(platform: &TodoPlatform, defaults: &OperatorDefaults) -> Result<Vec<Setting>, Invalid> {
    let validated = validate(platform, &Facts::assumed(platform), defaults)?;
    let base = leaves::of_settings(&validated);
    let resource = serde_json::to_value(platform).unwrap_or_default();
    let mut found = of_user(&resource, defaults, &base);
    most_specific(&mut found);
    for (changed, origin) in others(platform, &resource, defaults) {
        note(&mut found, &base, changed.as_ref(), &origin);
    }
    let setting = |(path, value): (Vec<String>, Value)| {
        let origins = found
            .remove(&path)
            .unwrap_or_else(|| BTreeSet::from([Origin::BuiltIn]));
        Setting { path, value, origins }
    };
    Ok(base.into_iter().map(setting).collect())
}

/// The settings of a resource of any form; none where something is left open.
fn resolve(resource: &Value, defaults: &OperatorDefaults) -> Option<Leaves> {
    let platform: TodoPlatform = serde_json::from_value(resource.clone()).ok()?;
    let mut violations = Vec::new();
    let facts = Facts::assumed(&platform);
    let settings = settings::resolve(
        &platform,
        references(&platform),
        &facts,
        defaults,
        &mut violations,
    )?;
    Some(leaves::of_settings(&settings))
}

/// Adds the origin to every setting that came out otherwise.
fn note(found: &mut Found, base: &Leaves, changed: Option<&Leaves>, origin: &Origin) {
    let Some(changed) = changed else { return };
    for (path, value) in base {
        if changed.get(path) != Some(value) {
            found.entry(path.clone()).or_default().insert(origin.clone());
        }
    }
}

/// What each field that the user wrote decides.
fn of_user(resource: &Value, defaults: &OperatorDefaults, base: &Leaves) -> Found {
    let mut found = Found::new();
    let schema = todoplatform_api::schema();
    for variation in vary::of_resource(resource, &schema) {
        // The profile is an origin of its own.
        if variation.field_path == "spec" || variation.field_path == "spec.profile" {
            continue;
        }
        let origin = Origin::User {
            field_path: variation.field_path,
        };
        note(
            &mut found,
            base,
            resolve(&variation.resource, defaults).as_ref(),
            &origin,
        );
    }
    found
}

/// A section is no origin where one of its fields is.
fn most_specific(found: &mut Found) {
    for origins in found.values_mut() {
        let all = origins.clone();
        let is_deeper = |outer: &str, inner: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
        };
        origins.retain(|origin| match origin {
            Origin::User { field_path: outer } => !all
                .iter()
                .any(|other| matches!(other, Origin::User { field_path: inner } if is_deeper(outer, inner))),
            _ => true,
        });
    }
}

/// The settings with every other input changed.
fn others(
    platform: &TodoPlatform,
    resource: &Value,
    defaults: &OperatorDefaults,
) -> Vec<(Option<Leaves>, Origin)> {
    let profile = platform.spec.profile.unwrap_or_default();
    let mut changed = vec![(
        resolve(&with_other_profile(resource, profile), defaults),
        Origin::Profile(profile.as_str()),
    )];
    for field in ["name", "namespace"] {
        let mut other = resource.clone();
        other["metadata"][field] = json!("another");
        let origin = Origin::Metadata {
            field_path: format!("metadata.{field}"),
        };
        changed.push((resolve(&other, defaults), origin));
    }
    let started_with = serde_json::to_value(defaults).unwrap_or_default();
    for (name, value) in started_with.as_object().into_iter().flatten() {
        for other in vary::values(value, None) {
            let mut started_with = started_with.clone();
            started_with[name] = other;
            let Ok(defaults) = serde_json::from_value::<OperatorDefaults>(started_with) else {
                continue;
            };
            let origin = Origin::Operator {
                flag: name.replace('_', "-"),
            };
            changed.push((resolve(resource, &defaults), origin));
        }
    }
    changed
}

/// The same resource under the other profile, with what production cannot be without.
fn with_other_profile(resource: &Value, profile: Profile) -> Value {
    let mut other = resource.clone();
    if profile == Profile::Production {
        other["spec"]["profile"] = json!(Profile::Development);
        return other;
    }
    let spec = &mut other["spec"];
    spec["profile"] = json!(Profile::Production);
    let key = json!({"name": "another", "key": "another"});
    if spec.pointer("/database/external").is_none() {
        spec["database"] = json!({"external": {"urlSecretKeyRef": key}});
    }
    if spec.pointer("/cache/external").is_none() {
        spec["cache"] = json!({"external": {"urlSecretKeyRef": key}});
    }
    if spec.pointer("/broker/kafka").is_none() && spec.pointer("/broker/redis/external").is_none() {
        if let Some(broker) = spec.get_mut("broker").and_then(Value::as_object_mut) {
            broker.remove("redis");
        }
        spec["broker"]["kafka"] = json!({"brokers": ["another:9092"]});
    }
    for field in ["issuer", "audience"] {
        if spec.pointer(&format!("/auth/{field}")).is_none() {
            spec["auth"][field] = json!("another");
        }
    }
    if spec.pointer("/auth/jwksUrl").is_none() && spec.pointer("/auth/jwksSecretKeyRef").is_none() {
        spec["auth"]["jwksUrl"] = json!("https://another");
    }
    other
}

//! Validate: applies the profile and checks every rule.

use std::fmt;

use todoplatform_api::{TodoPlatform, check};

use crate::{
    Facts, OperatorDefaults, ValidatedPlatform, addresses, build, graph,
    names::Names,
    references,
    references::{ALL_KEYS, ConfigMapReference, SecretReference},
    settings,
};

/// What keeps a platform from being built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Each fault, in the order of the spec. Never empty.
    pub violations: Vec<Violation>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field at fault (`spec.database.external.urlSecretKeyRef`).
    pub field_path: String,
    /// One word; stable, for machines. One of [`REASONS`].
    pub reason: &'static str,
    /// One sentence that says what is wrong.
    pub message: String,
    /// What to do about it.
    pub next_action: String,
}

/// A rule of the resource does not hold.
pub const INVALID_SPEC: &str = "InvalidSpec";
/// A Secret that the spec names does not exist.
pub const MISSING_SECRET: &str = "MissingSecret";
/// A Secret that the spec names lacks the key.
pub const MISSING_SECRET_KEY: &str = "MissingSecretKey";
/// A ConfigMap that the spec names does not exist.
pub const MISSING_CONFIG_MAP: &str = "MissingConfigMap";
/// An image reference does not say which image it means.
pub const INVALID_IMAGE: &str = "InvalidImage";

/// The services run, and the broker that the spec refers to no longer says where it is.
pub const BROKER_UNKNOWN: &str = "BrokerUnknown";

/// Every reason of a [`Violation`].
pub const REASONS: [&str; 6] = [
    INVALID_SPEC,
    MISSING_SECRET,
    MISSING_SECRET_KEY,
    MISSING_CONFIG_MAP,
    INVALID_IMAGE,
    BROKER_UNKNOWN,
];

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field_path, self.message)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.violations.iter().enumerate() {
            if index > 0 {
                formatter.write_str("; ")?;
            }
            violation.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Applies the profile and checks every rule: those of the CRD by their own texts, then what they cannot say.
pub fn validate(
    platform: &TodoPlatform,
    facts: &Facts,
    defaults: &OperatorDefaults,
) -> Result<ValidatedPlatform, Invalid> {
    let mut violations: Vec<Violation> = check::typed(platform)
        .into_iter()
        .map(|broken| Violation {
            field_path: broken.field_path,
            reason: INVALID_SPEC,
            message: broken.message,
            next_action: broken.next_action,
        })
        .collect();
    let references = references(platform);
    let namespace = platform.metadata.namespace.as_deref().unwrap_or("default");
    violations.extend(
        references
            .secrets
            .iter()
            .filter_map(|reference| missing(reference, facts, namespace)),
    );
    violations.extend(
        references
            .config_maps
            .iter()
            .filter(|reference| !facts.config_maps.contains_key(&reference.name))
            .map(|ConfigMapReference { name, field_path }| Violation {
                field_path: field_path.clone(),
                reason: MISSING_CONFIG_MAP,
                message: format!("ConfigMap `{name}` does not exist"),
                next_action: format!("kubectl -n {namespace} create configmap {name} --from-literal=KEY=…"),
            }),
    );
    let name = platform.metadata.name.as_deref().unwrap_or_default();
    violations.extend(graph::check(
        &platform.spec,
        &Names::new(name, namespace, &defaults.cluster_domain),
    ));
    let settings = settings::resolve(platform, references, facts, defaults, &mut violations);
    if let Some(validated) = &settings {
        violations.extend(build::owned_configuration(validated));
        violations.extend(addresses::check(validated));
    }
    match settings {
        Some(validated) if violations.is_empty() => Ok(validated),
        _ => Err(Invalid { violations }),
    }
}

fn missing(reference: &SecretReference, facts: &Facts, namespace: &str) -> Option<Violation> {
    if reference.optional {
        return None;
    }
    let SecretReference {
        name,
        key,
        field_path,
        ..
    } = reference;
    match facts.secrets.get(name) {
        None => Some(Violation {
            field_path: field_path.clone(),
            reason: MISSING_SECRET,
            message: format!("Secret `{name}` does not exist"),
            next_action: format!(
                "kubectl -n {namespace} create secret generic {name} --from-literal={}=…",
                if key == ALL_KEYS { "KEY" } else { key }
            ),
        }),
        Some(secret) if !secret.keys.contains_key(key) => Some(Violation {
            field_path: field_path.clone(),
            reason: MISSING_SECRET_KEY,
            message: format!("Secret `{name}` has no key `{key}`"),
            next_action: format!(
                "Add the key `{key}` to Secret `{name}`, or name another key in {field_path}"
            ),
        }),
        Some(_) => None,
    }
}

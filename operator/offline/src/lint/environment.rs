//! Rules about environment variables.

use super::{Fault, Rule, Subject, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "TP022",
        Warn,
        "A secret written into the resource",
        secret_in_clear
    ),
    rule!("TP023", Warn, "A variable that the operator sets too", overridden),
];

/// Parts of names under which people keep what nobody else may read.
const SECRET_WORDS: [&str; 7] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "PRIVATE_KEY",
];
/// What the operator sets from Secrets and what Dapr's injector sets.
const OPERATORS: [&str; 8] = [
    "DATABASE_URL",
    "REDIS_URL",
    "APP_API_TOKEN",
    "DAPR_API_TOKEN",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "DAPR_HTTP_PORT",
    "DAPR_GRPC_PORT",
];

fn secret_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for settings in &subject.settings.apps {
        for (index, variable) in settings.env.iter().enumerate() {
            let name = variable.name.to_uppercase();
            let is_in_clear = variable.value.as_ref().is_some_and(|value| !value.is_empty());
            let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
            // A file with a secret, or a place to fetch one from, is none itself.
            let is_place = ["_FILE", "_PATH", "_SECONDS"]
                .iter()
                .any(|end| name.ends_with(end));
            if is_in_clear && is_secret && !is_place {
                let path = format!("{}.env[{index}]", settings.node.field_path);
                faults.push(Fault::new(
                    format!("{path}.value"),
                    format!(
                        "the value of {} is readable by everyone who may read the resource",
                        variable.name
                    ),
                    format!("Put it into a Secret and name that in {path}.secretKeyRef"),
                ));
            }
        }
    }
    faults
}

fn overridden(subject: &Subject<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for settings in &subject.settings.apps {
        for (index, variable) in settings.env.iter().enumerate() {
            if OPERATORS.contains(&variable.name.as_str()) {
                faults.push(Fault::new(
                    format!("{}.env[{index}].name", settings.node.field_path),
                    format!(
                        "{} replaces what the operator sets, and no longer follows the spec",
                        variable.name
                    ),
                    "Say it in the section of the spec that it belongs to, and remove the variable",
                ));
            }
        }
    }
    faults
}

//! `check`: what the API server and the operator would refuse, and what the lint rules advise, said at once and without
//! either.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use todoplatform_api::{TodoPlatform, check::Broken};
use todoplatform_render::{Facts, INVALID_SPEC, OperatorDefaults, ValidatedPlatform, Violation, validate};

use crate::input::Document;
use crate::lint::{self, Severity, Subject};

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The lint rule (`TP001`), or the reason of a refusal (`InvalidSpec`).
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// The field at fault.
    pub field_path: String,
    /// One sentence that says what is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub next_action: String,
    /// Why the resource's annotation says to pass it over; none when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// What a check of one platform came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Where the platform is written.
    pub file: String,
    /// Name of the platform.
    pub name: String,
    /// What was found: the worst first, each severity in the order of the rules. Ignored findings are the last.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The findings that count.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// The worst of the findings that count.
    pub fn worst(&self) -> Option<Severity> {
        self.counted().map(|finding| finding.severity).max()
    }
}

/// Checks one platform: its schema first, and only without any fault there, its rules and the advice.
pub fn check(document: &Document, defaults: &OperatorDefaults) -> Checked {
    let resource = &document.resource;
    let mut findings = match accepted(resource, defaults) {
        Ok((platform, settings)) => lint::findings(&Subject {
            platform: &platform,
            spec: &resource["spec"],
            settings: &settings,
        }),
        Err(violations) => violations.into_iter().map(refusal).collect(),
    };
    findings.sort_by_key(|finding| (finding.ignored.is_some(), std::cmp::Reverse(finding.severity)));
    Checked {
        file: document.file.clone(),
        name: name(resource),
        findings,
    }
}

/// The platform and its settings, or all that is refused.
pub fn accepted(
    resource: &Value,
    defaults: &OperatorDefaults,
) -> Result<(TodoPlatform, ValidatedPlatform), Vec<Violation>> {
    let broken = todoplatform_api::check::untyped(resource);
    if !broken.is_empty() {
        let refused = |broken: Broken| Violation {
            field_path: broken.field_path,
            reason: INVALID_SPEC,
            message: broken.message,
            next_action: broken.next_action,
        };
        return Err(broken.into_iter().map(refused).collect());
    }
    // `metadata` is open in the schema, so that a wrong type there is found only here.
    let platform: TodoPlatform = serde_path_to_error::deserialize(resource).map_err(|error| {
        let field_path = error.path().to_string();
        vec![Violation {
            message: error.into_inner().to_string(),
            reason: INVALID_SPEC,
            next_action: format!("Correct {field_path}"),
            field_path,
        }]
    })?;
    let settings =
        validate(&platform, &Facts::assumed(&platform), defaults).map_err(|invalid| invalid.violations)?;
    Ok((platform, settings))
}

/// Name of the platform, for messages.
pub fn name(resource: &Value) -> String {
    resource["metadata"]["name"]
        .as_str()
        .unwrap_or("(without a name)")
        .to_owned()
}

fn refusal(violation: Violation) -> Finding {
    Finding {
        rule: violation.reason.into(),
        severity: Severity::Error,
        field_path: violation.field_path,
        message: violation.message,
        next_action: violation.next_action,
        ignored: None,
    }
}

/// The lines of one platform. `paint` gives a severity's words their colour.
pub fn text(checked: &Checked, paint: &dyn Fn(Severity, &str) -> String) -> String {
    let mut text = String::new();
    let Checked { file, name, findings } = checked;
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "TodoPlatform {name} ({file}): {}", summary(checked));
    for Finding {
        rule,
        severity,
        field_path,
        message,
        next_action,
        ignored,
    } in findings
    {
        if let Some(reason) = ignored {
            let _infallible = writeln!(text, "  ignored {rule} {field_path}: {reason}");
            continue;
        }
        let severity = paint(*severity, severity.as_str());
        let _infallible = writeln!(text, "  {severity} {rule} {field_path}: {message}");
        if !next_action.is_empty() {
            let _infallible = writeln!(text, "    next: {next_action}");
        }
    }
    text
}

fn summary(checked: &Checked) -> String {
    let count = |severity: Severity| {
        checked
            .counted()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let told = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {one}s")),
    };
    let parts: Vec<_> = [
        told(count(Severity::Error), "error"),
        told(count(Severity::Warn), "warning"),
        told(count(Severity::Info), "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (count(Severity::Error), parts.as_slice()) {
        (_, []) => "valid".into(),
        (0, parts) => format!("valid, {}", parts.join(", ")),
        (_, parts) => parts.join(", "),
    }
}

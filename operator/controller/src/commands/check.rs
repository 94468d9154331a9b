//! `check`: what the API server and the operator would refuse, said at once and without either.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use todoplatform_api::{TodoPlatform, check::Broken};
use todoplatform_render::{Facts, INVALID_SPEC, OperatorDefaults, Violation, validate};

use super::{CommandError, input};

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether every platform of the file is valid.
    pub is_valid: bool,
    /// One line per platform, then one per violation with what to do.
    pub text: String,
}

/// Checks all platforms of a file.
pub fn check(file: &Path, defaults: &OperatorDefaults) -> Result<Checked, CommandError> {
    let mut checked = Checked {
        is_valid: true,
        text: String::new(),
    };
    for document in input::read(file).map_err(CommandError::Input)? {
        let violations = violations(&document, defaults);
        checked.is_valid &= violations.is_empty();
        checked.text.push_str(&said(&document, &violations));
    }
    Ok(checked)
}

/// All violations of one document: of the schema first, and only without any of those, of the rules.
pub fn violations(document: &Value, defaults: &OperatorDefaults) -> Vec<Violation> {
    let broken = todoplatform_api::check::untyped(document);
    if !broken.is_empty() {
        let refused = |broken: Broken| Violation {
            field_path: broken.field_path,
            reason: INVALID_SPEC,
            message: broken.message,
            next_action: broken.next_action,
        };
        return broken.into_iter().map(refused).collect();
    }
    let platform: TodoPlatform = match serde_json::from_value(document.clone()) {
        Ok(platform) => platform,
        Err(error) => {
            return vec![Violation {
                field_path: "spec".into(),
                reason: INVALID_SPEC,
                message: error.to_string(),
                next_action: "Mend the field that the message names".into(),
            }];
        }
    };
    let facts = Facts::assumed(&platform);
    validate(&platform, &facts, defaults)
        .err()
        .map(|invalid| invalid.violations)
        .unwrap_or_default()
}

/// The lines of one platform.
pub fn said(document: &Value, violations: &[Violation]) -> String {
    let name = document["metadata"]["name"]
        .as_str()
        .unwrap_or("(without a name)");
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _infallible = if violations.is_empty() {
        writeln!(text, "TodoPlatform {name}: valid")
    } else {
        writeln!(text, "TodoPlatform {name}: {} refused", violations.len())
    };
    for Violation {
        field_path,
        reason,
        message,
        next_action,
    } in violations
    {
        let _infallible = writeln!(text, "  {field_path}: {message} ({reason})");
        if !next_action.is_empty() {
            let _infallible = writeln!(text, "    next: {next_action}");
        }
    }
    text
}

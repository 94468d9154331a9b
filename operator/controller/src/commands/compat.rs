//! `crd --compatible-with`: what this version's CRD breaks of a released one.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use todoplatform_api::{Breakage, breakages};

use super::{Checked, CommandError, InputError};

/// Compares with the CRD in `older`. What stands in `accepted` is meant; what stands there for nothing is refused too.
pub fn check(older: &Path, accepted: Option<&Path>) -> Result<Checked, CommandError> {
    let released: Value = serde_yaml::from_str(&read(older)?).map_err(|source| {
        CommandError::Input(InputError::NotYaml {
            file: older.display().to_string(),
            source,
        })
    })?;
    let accepted = accepted.map(read).transpose()?.unwrap_or_default();
    let crd = serde_json::to_value(todoplatform_api::crd()).unwrap_or_default();
    Ok(judge(&breakages(&released, &crd), &accepted))
}

fn judge(found: &[Breakage], accepted: &str) -> Checked {
    let accepted: BTreeSet<String> = accepted
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let found: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    // Writing to a String cannot fail.
    for line in found.difference(&accepted) {
        let _infallible = writeln!(text, "breaking: {line}");
    }
    for line in accepted.difference(&found) {
        let _infallible = writeln!(text, "accepted, but not so: {line}");
    }
    Checked {
        is_valid: text.is_empty(),
        text,
    }
}

fn read(file: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(file).map_err(|source| {
        CommandError::Input(InputError::Unreadable {
            file: file.display().to_string(),
            source,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_passes_and_nothing_else_does() {
        let found = [Breakage {
            path: "spec.a".into(),
            what: "the field is gone".into(),
        }];
        let cases = [
            ("", "breaking: spec.a: the field is gone\n"),
            ("# nobody ever set it\nspec.a: the field is gone\n", ""),
            (
                "spec.a: the field is gone\nspec.b: the field is gone\n",
                "accepted, but not so: spec.b: the field is gone\n",
            ),
        ];
        for (accepted, expected) in cases {
            let checked = judge(&found, accepted);
            assert_eq!(
                (checked.text.as_str(), checked.is_valid),
                (expected, expected.is_empty())
            );
        }
    }
}

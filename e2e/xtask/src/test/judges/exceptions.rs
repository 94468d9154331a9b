//! What of the judges' advice is not followed, and why: one file, in which nothing may be out of date.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Result, bail};
use serde::Deserialize;

use crate::dirs;

/// Something that a judge does not like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// Id of the check.
    pub(super) check: String,
    /// `<Kind>/<name>`.
    pub(super) object: String,
    /// What the judge says.
    pub(super) comment: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Exception {
    check: String,
    /// `<Kind>/<name>`, with one `*` for any text.
    objects: Vec<String>,
    /// Exhibits for which it does not hold.
    #[serde(default)]
    not_in: Vec<String>,
    reason: String,
    #[serde(skip)]
    is_used: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    kube_score: Vec<Exception>,
}

/// The exceptions, and what they did not cover.
#[derive(Debug)]
pub(super) struct Exceptions {
    exceptions: Vec<Exception>,
    uncovered: Vec<String>,
}

impl Exceptions {
    pub(super) fn load(path: &Path) -> Result<Self> {
        Self::parse(&dirs::read(path)?)
    }

    fn parse(text: &str) -> Result<Self> {
        let File { kube_score } = toml::from_str(text)?;
        if let Some(exception) = kube_score.iter().find(|one| one.reason.trim().is_empty()) {
            bail!(
                "the exception from {} has no reason in e2e/judges.toml",
                exception.check
            );
        }
        Ok(Self {
            exceptions: kube_score,
            uncovered: Vec::new(),
        })
    }

    /// Sorts the findings about one exhibit into those that stand with a reason and those that do not.
    pub(super) fn judge(&mut self, exhibit: &str, findings: Vec<Finding>) {
        for finding in findings {
            let mut is_covered = false;
            for exception in &mut self.exceptions {
                if exception.covers(exhibit, &finding) {
                    exception.is_used = true;
                    is_covered = true;
                }
            }
            if !is_covered {
                let Finding {
                    check,
                    object,
                    comment,
                } = finding;
                self.uncovered
                    .push(format!("{exhibit}: {object}: {check}: {comment}"));
            }
        }
    }

    /// Everything was covered, and every exception was needed.
    pub(super) fn verdict(self) -> Result<()> {
        let mut text = String::new();
        for finding in &self.uncovered {
            let _infallible = writeln!(text, "  {finding}");
        }
        for unused in self.exceptions.iter().filter(|exception| !exception.is_used) {
            let _infallible = writeln!(
                text,
                "  e2e/judges.toml: nothing needs the exception from {} for {} any more",
                unused.check,
                unused.objects.join(", ")
            );
        }
        if text.is_empty() {
            Ok(())
        } else {
            bail!("kube-score:\n{text}")
        }
    }
}

impl Exception {
    fn covers(&self, exhibit: &str, finding: &Finding) -> bool {
        self.check == finding.check
            && !self.not_in.iter().any(|name| name == exhibit)
            && self
                .objects
                .iter()
                .any(|pattern| matches(pattern, &finding.object))
    }
}

/// `Deployment/*`, `StatefulSet/*-postgres`, `*`.
fn matches(pattern: &str, object: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => object.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => pattern == object,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
[[kube-score]]
check = "pod-probes"
objects = ["Deployment/*", "Job/setup", "StatefulSet/*-redis"]
not-in = ["production"]
reason = "they have none"
"#;

    fn finding(check: &str, object: &str) -> Finding {
        Finding {
            check: check.into(),
            object: object.into(),
            comment: "bad".into(),
        }
    }

    #[test]
    fn what_has_a_reason_stands_and_nothing_else() {
        let mut exceptions = Exceptions::parse(FILE).unwrap();
        exceptions.judge(
            "x",
            vec![
                finding("pod-probes", "Deployment/a"),
                finding("pod-probes", "Job/setup"),
                finding("pod-probes", "StatefulSet/todo-redis"),
            ],
        );
        exceptions.verdict().unwrap();
        for wrong in [
            finding("pod-probes", "Job/other"),
            finding("pod-probes", "StatefulSet/todo-postgres"),
            finding("other", "Deployment/a"),
        ] {
            let mut exceptions = Exceptions::parse(FILE).unwrap();
            exceptions.judge("x", vec![finding("pod-probes", "Deployment/a"), wrong.clone()]);
            let error = exceptions.verdict().unwrap_err().to_string();
            assert!(
                error.contains(&wrong.object) && error.contains(&wrong.check),
                "{error}"
            );
        }
    }

    #[test]
    fn an_exception_does_not_hold_where_it_says_so() {
        let mut exceptions = Exceptions::parse(FILE).unwrap();
        for exhibit in ["development", "production"] {
            exceptions.judge(exhibit, vec![finding("pod-probes", "Deployment/a")]);
        }
        let error = exceptions.verdict().unwrap_err().to_string();
        assert!(
            error.contains("production: Deployment/a") && !error.contains("development"),
            "{error}"
        );
    }

    #[test]
    fn an_exception_that_nothing_needs_fails() {
        let error = Exceptions::parse(FILE)
            .unwrap()
            .verdict()
            .unwrap_err()
            .to_string();
        assert!(error.contains("pod-probes"), "{error}");
    }

    #[test]
    fn an_exception_without_a_reason_is_refused() {
        let text = FILE.replace("they have none", " ");
        assert!(Exceptions::parse(&text).is_err());
    }
}

//! What kube-score prints.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::exceptions::Finding;
use crate::run::Cmd;

/// Grade from which a check is content: 1 is critical, 5 a warning, 7 almost, 10 all right.
const CONTENT: u8 = 7;

#[derive(Debug, Deserialize)]
struct Scored {
    type_meta: TypeMeta,
    object_meta: ObjectMeta,
    checks: Option<Vec<Checked>>,
}

#[derive(Debug, Deserialize)]
struct TypeMeta {
    kind: String,
}

#[derive(Debug, Deserialize)]
struct ObjectMeta {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Checked {
    check: Check,
    grade: u8,
    #[serde(default)]
    skipped: bool,
    comments: Option<Vec<Comment>>,
}

#[derive(Debug, Deserialize)]
struct Check {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Comment {
    #[serde(default)]
    path: String,
    #[serde(default)]
    summary: String,
}

/// What kube-score finds in a file.
pub(super) fn findings(program: &Path, file: &Path) -> Result<Vec<Finding>> {
    let cmd = Cmd::new(program)
        .args(["score", "--output-format", "json"])
        .arg(file);
    let output = cmd.command().output().context("kube-score does not start")?;
    // 1 says that something is critical, which is for our own list to decide.
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!("kube-score: {}", String::from_utf8_lossy(&output.stderr));
    }
    parse(&String::from_utf8_lossy(&output.stdout))
}

fn parse(printed: &str) -> Result<Vec<Finding>> {
    // It prints `null` of a file in which there is nothing to score.
    let scored: Option<Vec<Scored>> =
        serde_json::from_str(printed).context("kube-score printed something else")?;
    let findings = scored.unwrap_or_default().into_iter().flat_map(|scored| {
        let object = format!("{}/{}", scored.type_meta.kind, scored.object_meta.name);
        scored
            .checks
            .unwrap_or_default()
            .into_iter()
            .filter(|checked| !checked.skipped && checked.grade < CONTENT)
            .map(move |checked| Finding {
                check: checked.check.id,
                object: object.clone(),
                comment: comments(&checked.comments.unwrap_or_default()),
            })
    });
    Ok(findings.collect())
}

fn comments(comments: &[Comment]) -> String {
    let texts: Vec<_> = comments
        .iter()
        .map(|comment| format!("{} {}", comment.path, comment.summary).trim().to_owned())
        .collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_score_is_nothing_found() {
        assert_eq!(parse("null").unwrap(), []);
    }

    #[test]
    fn only_what_is_below_content_is_a_finding() {
        let printed = r#"[{
            "object_name": "x", "type_meta": {"kind": "Deployment", "apiVersion": "apps/v1"}, "object_meta": {"name": "todo-task"},
            "checks": [
                {"check": {"name": "A", "id": "a"}, "grade": 1, "skipped": false, "comments": [{"path": "app", "summary": "bad"}]},
                {"check": {"name": "B", "id": "b"}, "grade": 10, "skipped": false, "comments": null},
                {"check": {"name": "C", "id": "c"}, "grade": 1, "skipped": true, "comments": null}
            ]}]"#;
        let found = parse(printed).unwrap();
        assert_eq!(
            found,
            [Finding {
                check: "a".into(),
                object: "Deployment/todo-task".into(),
                comment: "app bad".into()
            }]
        );
    }
}

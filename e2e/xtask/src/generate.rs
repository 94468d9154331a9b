//! Files that are generated from code and checked in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::cargo;
use crate::dirs;
use crate::progress;
use crate::project::Project;
use crate::run::Cmd;

const OPERATOR: &str = "todoplatform-operator";
/// The services with an API and events of their own; the gateway serves what is written here for them.
const SERVICES: [&str; 4] = ["task", "scheduler", "notification", "analytics"];

/// Write or check the generated files.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Change nothing; fail when a file differs from what would be generated
    #[arg(long)]
    pub(crate) check: bool,
    /// Keep this version's CRD as a released one, which later ones may not break
    #[arg(long, conflicts_with = "check")]
    pub(crate) release: bool,
}

/// The CRDs of releases, `<version>.yaml`, and the breaking changes that are meant.
const RELEASED: &str = "crds/released";
const ACCEPTED: &str = "crds/released/accepted.txt";

/// Writes what differs, or, to check, fails and names it.
pub(crate) fn run(project: &Project, command: &Command) -> Result<()> {
    let mut stale = Vec::new();
    for (path, content) in files(project)? {
        let file = project.dirs.root().join(&path);
        if std::fs::read_to_string(&file).is_ok_and(|present| present == content) {
            continue;
        }
        if command.check {
            stale.push(path.display().to_string());
            continue;
        }
        dirs::make(file.parent().unwrap_or(Path::new("/")))?;
        dirs::write(&file, content)?;
        progress::note(&format!("wrote {}", path.display()));
    }
    if !stale.is_empty() {
        bail!(
            "not as generated: {}; run: cargo xtask generate",
            stale.join(", ")
        );
    }
    if command.release {
        let root = project.dirs.root();
        let released = format!("{RELEASED}/{}.yaml", env!("CARGO_PKG_VERSION"));
        dirs::write(
            &root.join(&released),
            dirs::read(&root.join("crds/todoplatform.yaml"))?,
        )?;
        progress::note(&format!("wrote {released}"));
    }
    compatible(project)
}

/// Fails when the CRD takes less than that of the last release.
fn compatible(project: &Project) -> Result<()> {
    let root = project.dirs.root();
    let entries = std::fs::read_dir(root.join(RELEASED)).with_context(|| format!("no folder {RELEASED}"))?;
    let versions = entries.filter_map(|entry| {
        Some(
            entry
                .ok()?
                .file_name()
                .into_string()
                .ok()?
                .strip_suffix(".yaml")?
                .to_owned(),
        )
    });
    let Some(last) = versions.max_by_key(|version| ordered(version)) else {
        progress::note("no CRD has been released yet: nothing to be compatible with");
        return Ok(());
    };
    Cmd::new(cargo::binary(&project.dirs, OPERATOR)?)
        .arg("crd")
        .arg("--compatible-with")
        .arg(root.join(RELEASED).join(format!("{last}.yaml")))
        .arg("--accepted")
        .arg(root.join(ACCEPTED))
        .run()
        .with_context(|| {
            format!("the CRD breaks that of {last}; a change that is meant stands in {ACCEPTED}")
        })
}

/// The numbers of a version, for comparison.
fn ordered(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|number| number.parse().unwrap_or_default())
        .collect()
}

/// Path in the repository and content of each generated file.
fn files(project: &Project) -> Result<Vec<(PathBuf, String)>> {
    let operator = cargo::binary(&project.dirs, OPERATOR)?;
    let print = |subcommand: &str| -> Result<String> {
        let printed = Cmd::new(&operator).arg(subcommand).output()?;
        Ok(printed + "\n")
    };
    let crd = print("crd")?;
    let template = crd_template(&crd).context("`todoplatform-operator crd` prints a CRD without metadata")?;
    let mut files = vec![
        ("crds/todoplatform.yaml".into(), marked(&crd)),
        (
            "charts/todoplatform-crds/templates/todoplatform.yaml".into(),
            marked(&template),
        ),
        (
            "charts/todoplatform-operator/templates/_rules.tpl".into(),
            print("rbac")?,
        ),
        (
            "charts/todoplatform-operator/files/dashboard.json".into(),
            print("dashboard")?,
        ),
        ("docs/guide/operator-metrics.md".into(), print("metrics")?),
        ("docs/monitoring-reference.md".into(), print("monitoring")?),
        ("docs/api.md".into(), print("docs")?),
    ];
    for service in SERVICES {
        let program = cargo::binary(&project.dirs, &format!("todo-{service}"))?;
        for document in ["openapi", "asyncapi"] {
            let printed = Cmd::new(&program).arg(document).output()? + "\n";
            files.push((format!("services/{service}/{document}.json").into(), printed));
        }
    }
    Ok(files)
}

/// The text below a line that says where it comes from, unless it says so itself.
fn marked(yaml: &str) -> String {
    if yaml.starts_with('#') {
        return yaml.to_owned();
    }
    format!("# Generated by `cargo xtask generate`. Do not edit.\n{yaml}")
}

/// The CRD as a chart's template: kept when the chart is uninstalled, for with it would go every
/// `TodoPlatform`.
fn crd_template(crd: &str) -> Option<String> {
    const KEEP: &str = "    helm.sh/resource-policy: keep\n";
    const METADATA: &str = "\nmetadata:\n";
    const ANNOTATIONS: &str = "  annotations:\n";
    // What Helm would take for its own is a quoted text in its own language.
    let escaped = crd.replace("{{", "{{ \"{{\" }}");
    let (before, after) = escaped.split_once(METADATA)?;
    let after = after.strip_prefix(ANNOTATIONS).unwrap_or(after);
    Some(format!("{before}{METADATA}{ANNOTATIONS}{KEEP}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_kept_and_means_the_same_to_helm() {
        let crd = "apiVersion: v1\nmetadata:\n  name: a\nspec: {d: \"{{x}}\"}\n";
        let expected = "apiVersion: v1\nmetadata:\n  annotations:\n    helm.sh/resource-policy: keep\n  name: a\n\
                        spec: {d: \"{{ \"{{\" }}x}}\"}\n";
        assert_eq!(crd_template(crd).as_deref(), Some(expected));
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let versions = ["0.9.0", "0.10.0", "0.2.11"];
        assert_eq!(
            versions.into_iter().max_by_key(|version| ordered(version)),
            Some("0.10.0")
        );
    }

    #[test]
    fn annotations_that_are_there_stay() {
        let crd = "kind: X\nmetadata:\n  annotations:\n    a: b\n  name: a\n";
        let template = crd_template(crd).unwrap();
        assert!(
            template.contains("  annotations:\n    helm.sh/resource-policy: keep\n    a: b\n"),
            "{template}"
        );
        assert_eq!(template.matches("annotations:").count(), 1);
    }

    #[test]
    fn a_text_that_names_its_origin_is_not_marked_twice() {
        assert_eq!(marked("# by hand\n"), "# by hand\n");
        assert!(marked("a: b\n").starts_with("# Generated by"));
    }
}

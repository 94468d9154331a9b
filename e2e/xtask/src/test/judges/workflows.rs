//! The workflows of `.github/workflows`, by judges of their own: whether they are well formed, and whether they are safe.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::super::runner::Runner;
use crate::project::Project;
use crate::run::Cmd;
use crate::tools::Tool;

/// Lets both judges see every workflow. Needs neither a cluster nor anything from the network once the judges are there.
pub(crate) fn judge(project: &Project, runner: &mut Runner<'_>) {
    runner.check("workflows by actionlint", || actionlint(project));
    runner.check("workflows by zizmor", || zizmor(project));
}

fn actionlint(project: &Project) -> Result<()> {
    let program = project.tools().built(Tool::Actionlint, "actionlint")?;
    let shellcheck = project.tools().shellcheck()?;
    Ok(Cmd::new(program)
        .arg("-no-color")
        // Both are taken from the PATH otherwise, if they happen to be there: the verdict is to be the same everywhere. There
        // is no Python in the workflows.
        .arg(format!("-shellcheck={}", shellcheck.display()))
        .arg("-pyflakes=")
        .args(files(project)?)
        .cwd(project.dirs.root())
        .run()?)
}

fn zizmor(project: &Project) -> Result<()> {
    let program = project.tools().zizmor()?;
    let cmd = Cmd::new(program)
        // Offline it does not ask GitHub about the actions: a verdict that changes by itself is none to test with.
        .args([
            "--offline",
            "--no-progress",
            "--color=never",
            "--persona=pedantic",
        ])
        .arg("--strict-collection")
        .args(files(project)?)
        .cwd(project.dirs.root());
    let output = cmd.command().output().context("zizmor does not start")?;
    if !output.status.success() {
        // All of it: the end alone does not say what was found.
        let said = [output.stderr, output.stdout].concat();
        bail!("{}", String::from_utf8_lossy(&said).trim());
    }
    Ok(())
}

/// Paths of the workflows, sorted.
fn files(project: &Project) -> Result<Vec<PathBuf>> {
    let folder = project.dirs.root().join(".github/workflows");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("no workflows in {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    if files.is_empty() {
        bail!("no workflows in {}", folder.display());
    }
    files.sort();
    Ok(files)
}

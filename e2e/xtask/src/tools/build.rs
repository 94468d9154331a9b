//! Builds one recipe: fetch the module, copy it out of the module cache, build, move into place.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::go::Go;
use super::recipe::Recipe;
use crate::dirs;
use crate::run::Cmd;

/// What `go mod download -json` prints, as far as it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Download {
    dir: String,
}

/// Builds into `to`, which must not be there; work happens in `workspace`, which the caller holds
/// alone. Go's caches stay in it, so that an interrupted build goes on where it was.
pub(super) fn build(go: &Go, workspace: &Path, recipe: &Recipe, to: &Path) -> Result<()> {
    let (source, out) = (workspace.join("source"), workspace.join("out"));
    dirs::remove(&source)?;
    dirs::remove(&out)?;
    dirs::make(&out)?;
    let log = workspace.join(format!("{}.log", recipe.name));
    // A log of an earlier try would only mislead.
    drop(std::fs::remove_file(&log));

    if recipe.files.is_empty() {
        download(go, workspace, recipe, &source)?;
    } else {
        dirs::make(&source)?;
        for (name, content) in &recipe.files {
            dirs::write(&source.join(name), content)?;
        }
    }
    prepare(recipe, &source)?;

    if !recipe.packages.is_empty() {
        go.command(workspace)
            .args([
                "build",
                "-mod=mod",
                "-buildvcs=false",
                "-trimpath",
                "-tags",
                recipe.tags,
                "-ldflags",
            ])
            .arg(format!("-s -w {}", recipe.ldflags))
            .arg("-o")
            .arg(format!("{}/", out.display()))
            .args(&recipe.packages)
            .cwd(&source)
            .log(&log)
            .run()?;
    }
    if let Some((folder, name)) = recipe.kept {
        Cmd::new("cp")
            .arg("-r")
            .arg(source.join(folder))
            .arg(out.join(name))
            .run()?;
    }
    dirs::make(to.parent().context("the folder of finished builds")?)?;
    std::fs::rename(&out, to).with_context(|| format!("cannot move the build to {}", to.display()))?;
    dirs::remove(&source)
}

/// Copies a module out of the module cache: as the main module its own go.sum and replaces count, and they may be
/// edited.
fn download(go: &Go, workspace: &Path, recipe: &Recipe, source: &Path) -> Result<()> {
    let download = go
        .command(workspace)
        .args(["mod", "download", "-json"])
        .arg(format!("{}@{}", recipe.module, recipe.version))
        .cwd(workspace)
        .output()?;
    let download: Download =
        serde_json::from_str(&download).context("`go mod download -json` printed something else")?;
    Cmd::new("cp").arg("-r").arg(&download.dir).arg(source).run()?;
    Cmd::new("chmod").args(["-R", "u+w"]).arg(source).run()?;
    Ok(())
}

fn prepare(recipe: &Recipe, source: &Path) -> Result<()> {
    for name in ["go.work", "go.work.sum"] {
        // Most modules have none.
        drop(std::fs::remove_file(source.join(name)));
    }
    dirs::remove(&source.join("vendor"))?;
    let go_mod = source.join("go.mod");
    dirs::write(&go_mod, recipe.replaces.apply(&dirs::read(&go_mod)?))?;
    if let Some((file, texts)) = &recipe.dropped_lines {
        let path = source.join(file);
        let kept: Vec<_> = dirs::read(&path)?
            .lines()
            .filter(|line| !texts.iter().any(|text| line.contains(text.as_str())))
            .map(str::to_owned)
            .collect();
        dirs::write(&path, kept.join("\n") + "\n")?;
    }
    Ok(())
}

/// Removes sources and Go's caches: several gigabytes that the programs do not need any more.
pub(super) fn drop_caches(workspace: &Path) -> Result<()> {
    dirs::remove(workspace)
}

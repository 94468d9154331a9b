//! `cargo xtask pictures`: every dashboard as a picture, with the data of a scripted morning; those of the guide go there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::cargo;
use crate::dirs;
use crate::progress::say;
use crate::project::Project;
use crate::tools::{Tool, debian};

/// The browser, and the letters that pictures are written in: the same ones everywhere.
const PACKAGES: [&str; 2] = ["chromium-headless-shell", "fonts-inter"];
/// Others of its family that a machine may have: those of GitHub come with the last one.
const OTHERS: [&str; 3] = ["chromium", "google-chrome", "google-chrome-stable"];
/// A variable that names another Chromium.
pub(crate) const BROWSER: &str = "TODO_TEST_BROWSER";
/// Names of the guide's pictures, without ending.
const IN_THE_GUIDE: [&str; 2] = ["overview", "slos"];
/// Every reader of the guide fetches them.
const LARGEST_BYTES: u64 = 250_000;

/// Where the pictures go.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Folder of all pictures; without it they are in target/pictures
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Also replace those of the guide, docs/guide/pictures
    #[arg(long)]
    guide: bool,
}

/// Draws them all, and prints the folder.
pub(crate) fn run(project: &Project, command: &Command) -> Result<()> {
    let root = project.dirs.root();
    let folder = command.to.clone().unwrap_or_else(|| root.join("target/pictures"));
    dirs::make(&folder)?;
    let folder = std::path::absolute(folder).context("the folder of the pictures")?;
    let mut test = cargo::command(&project.dirs)
        .arg("test")
        .args(arguments(project)?);
    for (key, value) in envs(project, &folder)? {
        test = test.env(key, value);
    }
    test.stream()?;
    if command.guide {
        let guide = root.join("docs/guide/pictures");
        dirs::make(&guide)?;
        for name in IN_THE_GUIDE {
            keep(&folder, &guide, &format!("{name}.png"))?;
        }
    }
    say(format_args!("{}", folder.display()));
    Ok(())
}

fn keep(from: &Path, guide: &Path, file: &str) -> Result<()> {
    let copied =
        std::fs::copy(from.join(file), guide.join(file)).with_context(|| format!("cannot copy {file}"))?;
    anyhow::ensure!(
        copied <= LARGEST_BYTES,
        "{file} has {copied} bytes, more than {LARGEST_BYTES}"
    );
    Ok(())
}

/// What `cargo test` is asked.
pub(crate) fn arguments(project: &Project) -> Result<Vec<String>> {
    let tests = cargo::tests_that_need(&project.dirs, "pictures")?;
    let mut arguments = vec!["--package".to_owned(), "todo-scenarios".to_owned()];
    let features = tests
        .features
        .into_iter()
        .flat_map(|it| ["--features".to_owned(), it]);
    arguments.extend(features);
    arguments.extend(tests.targets.into_iter().flat_map(|it| ["--test".to_owned(), it]));
    Ok(arguments)
}

/// The programs that the test calls, and where it puts the pictures.
pub(crate) fn envs(project: &Project, folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let browser = browser().context("no dashboard can be looked at without a browser")?;
    let tools = project.tools();
    let envs = [
        (BROWSER, browser),
        (
            "TODO_TEST_PROMETHEUS",
            tools.built(Tool::Prometheus, "prometheus")?,
        ),
        ("TODO_TEST_PROMTOOL", tools.path(Tool::Prometheus, "promtool")),
        ("TODO_TEST_PICTURES", folder.to_owned()),
    ];
    Ok(envs
        .map(|(name, path)| (name, path.display().to_string()))
        .to_vec())
}

/// The Chromium of the environment, of `PATH`, or of Debian.
pub(crate) fn browser() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(BROWSER).filter(|value| !value.is_empty()) {
        return Ok(named.into());
    }
    let [program, _] = PACKAGES;
    let mut present = std::iter::once(program).chain(OTHERS);
    if let Some(found) = present.find_map(crate::run::find_program) {
        return Ok(found);
    }
    debian::install(&PACKAGES)
        .with_context(|| format!("Chromium could not be installed; {BROWSER} may name one that is there"))?;
    crate::run::find_program(program).with_context(|| format!("{program} was installed and is not on PATH"))
}

//! What the proof needs that failures lose nothing and double nothing: programs with failpoints, a sidecar, stores of
//! its own.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::cargo::{self, Profile};
use crate::images;
use crate::project::Project;
use crate::tools::{Tool, debian};

/// The test, which a filter may leave out: then none of this is built.
pub(super) const TEST: &str = "nothing_is_lost_and_nothing_is_doubled";
/// How many schedules run in a night.
const NIGHTLY: &str = "200";
const SCHEDULES: &str = "TODO_PROOF_SCHEDULES";

/// Each program with the variable that names its path.
const PROGRAMS: [(&str, &str); 3] = [
    ("todo-gateway", "TODO_TEST_GATEWAY"),
    ("todo-task", "TODO_TEST_TASK"),
    ("todo-recorder", "TODO_TEST_RECORDER"),
];
const FEATURES: [&str; 2] = ["todo-task/failpoints", "todo-recorder/failpoints"];

/// Prepares everything; gives where it is.
pub(super) fn envs(project: &Project, is_nightly: bool) -> Result<Vec<(&'static str, String)>> {
    let (dirs, versions) = (&project.dirs, &project.versions);
    debian::install(&[
        &format!("postgresql-{}", versions.debian.postgresql),
        "redis-server",
    ])?;
    let postgres = PathBuf::from(format!("/usr/lib/postgresql/{}/bin", versions.debian.postgresql));
    let mut envs = vec![
        ("TODO_TEST_POSTGRES_PROGRAMS", postgres),
        ("TODO_TEST_KAFKA_FILES", images::kafka_files(dirs, versions)?),
        ("TODO_TEST_DAPRD", project.tools().built(Tool::Dapr, "daprd")?),
    ];
    let packages = PROGRAMS.map(|(package, _)| package);
    let built = cargo::build_with(dirs, Profile::Dev, &packages, &FEATURES)?;
    for (package, variable) in PROGRAMS {
        let program = built
            .get(package)
            .with_context(|| format!("the build gave no binary called {package}"))?;
        envs.push((variable, program.clone()));
    }
    ensure!(
        images::has_failpoints(&built["todo-task"]),
        "what keeps failpoints out of images does not find them"
    );
    let envs = envs
        .into_iter()
        .map(|(name, path)| (name, path.display().to_string()));
    let nightly =
        (is_nightly && std::env::var_os(SCHEDULES).is_none()).then(|| (SCHEDULES, NIGHTLY.to_owned()));
    Ok(envs.chain(nightly).collect())
}

//! The cargo that runs us, for the workspace's other crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Deserialize;

use crate::dirs::Dirs;
use crate::run::Cmd;

/// Cargo's profile of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Optimised
    #[default]
    Release,
    /// Smaller and faster still, and several times slower to build: what is published
    Dist,
    /// Not optimised
    Dev,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dist => "dist",
            Self::Dev => "dev",
        }
    }
}

/// A cargo command in the repository.
pub(crate) fn command(dirs: &Dirs) -> Cmd {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Cmd::new(cargo).cwd(dirs.root())
}

/// Builds the binaries of these packages in one call, so that their dependencies are built once, with
/// one set of features. Gives the path of each binary by its name.
pub(crate) fn build(dirs: &Dirs, profile: Profile, packages: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    build_with(dirs, profile, packages, &[])
}

/// The same, with these features (`package/feature`).
pub(crate) fn build_with(
    dirs: &Dirs,
    profile: Profile,
    packages: &[&str],
    features: &[&str],
) -> Result<BTreeMap<String, PathBuf>> {
    let messages = command(dirs)
        .args([
            "build",
            "--bins",
            "--message-format",
            "json-render-diagnostics",
            "--profile",
            profile.name(),
        ])
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(features.iter().flat_map(|feature| ["--features", feature]))
        .output_with_errors_shown()?;
    Ok(executables(&messages))
}

/// Whose binaries are run on this machine. Always built together: each set of packages has its own set of features of their
/// dependencies, which would be built once for each.
const HOST: [&str; 6] = [
    "todoplatform-operator",
    "kubectl-todo",
    "todo-task",
    "todo-scheduler",
    "todo-notification",
    "todo-analytics",
];

/// The binary of one of [`HOST`], built for development.
pub(crate) fn binary(dirs: &Dirs, name: &str) -> Result<PathBuf> {
    let mut executables = build(dirs, Profile::Dev, &HOST)?;
    executables
        .remove(name)
        .with_context(|| format!("the build gave no binary called {name}"))
}

/// Test targets that need a feature: `package/feature` of each package that has some, and their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FeatureTests {
    pub(crate) features: BTreeSet<String>,
    pub(crate) targets: BTreeSet<String>,
}

/// The workspace's test targets that need this feature.
pub(crate) fn tests_that_need(dirs: &Dirs, feature: &str) -> Result<FeatureTests> {
    let printed = command(dirs)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()?;
    let metadata: Metadata =
        serde_json::from_str(&printed).context("`cargo metadata` printed something else")?;
    Ok(metadata.tests_that_need(feature))
}

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    targets: Vec<PackageTarget>,
}

#[derive(Debug, Deserialize)]
struct PackageTarget {
    name: String,
    #[serde(default, rename = "required-features")]
    required_features: Vec<String>,
}

impl Metadata {
    fn tests_that_need(self, feature: &str) -> FeatureTests {
        let mut tests = FeatureTests::default();
        for package in self.packages {
            for target in package.targets {
                if target
                    .required_features
                    .iter()
                    .any(|required| required == feature)
                {
                    tests.features.insert(format!("{}/{feature}", package.name));
                    tests.targets.insert(target.name);
                }
            }
        }
        tests
    }
}

/// One line of cargo's messages, as far as it is used.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
    #[serde(default)]
    target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter_map(|message| Some((message.target?.name, message.executable?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"serde","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"todo-task","kind":["bin"]},"executable":"/t/todo-task"}
{"reason":"build-finished","success":true}"#;
        let found = executables(messages);
        assert_eq!(
            found,
            [("todo-task".to_owned(), PathBuf::from("/t/todo-task"))].into()
        );
    }

    #[test]
    fn tests_are_found_by_the_feature_they_need() {
        let metadata = r#"{"packages": [
            {"name": "a", "targets": [{"name": "a"}, {"name": "stores", "required-features": ["stores"]}]},
            {"name": "b", "targets": [{"name": "b", "required-features": ["other"]}]}]}"#;
        let metadata: Metadata = serde_json::from_str(metadata).unwrap();
        let expected = FeatureTests {
            features: ["a/stores".to_owned()].into(),
            targets: ["stores".to_owned()].into(),
        };
        assert_eq!(metadata.tests_that_need("stores"), expected);
    }
}

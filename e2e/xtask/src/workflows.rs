//! The workflows keep to the rules of the house, and to what the rest of the repository says.

use serde_yaml::Value;

use crate::dirs::{self, Dirs};
use crate::versions::Versions;

const CI: &str = include_str!("../../../.github/workflows/ci.yml");
const E2E: &str = include_str!("../../../.github/workflows/e2e.yml");

/// Everything in a workflow that is against a rule.
fn complaints(text: &str) -> Vec<String> {
    let workflow: Value = serde_yaml::from_str(text).unwrap();
    let mut found = Vec::new();
    if workflow.get("permissions") != Some(&Value::Mapping(serde_yaml::Mapping::new())) {
        found.push("the permissions at the top are not {}".to_owned());
    }
    for (name, job) in jobs(&workflow) {
        if !job.get("permissions").is_some_and(Value::is_mapping) {
            found.push(format!("{name}: no permissions of its own"));
        }
        if job.get("timeout-minutes").is_none() {
            found.push(format!("{name}: no timeout"));
        }
        for step in steps(job) {
            found.extend(complaint(step).map(|text| format!("{name}: {text}")));
        }
    }
    let uses = text
        .lines()
        .filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: "));
    found.extend(
        uses.filter(|action| !is_pinned(action))
            .map(|action| format!("`{action}` is not a commit with its version beside it")),
    );
    found
}

fn complaint(step: &Value) -> Option<String> {
    if let Some(run) = step.get("run").and_then(Value::as_str) {
        if run.contains("${{") {
            return Some(format!("`{run}`: what GitHub fills in goes through env"));
        }
        if !run.contains("cargo xtask ") {
            return Some(format!("`{run}` is no command that people run, too"));
        }
        return (run.trim().lines().count() > 1).then(|| format!("`{run}`: a script belongs into xtask"));
    }
    let action = step.get("uses").and_then(Value::as_str)?;
    let keeps_credentials =
        step.get("with").and_then(|with| with.get("persist-credentials")) != Some(&Value::Bool(false));
    (action.starts_with("actions/checkout@") && keeps_credentials)
        .then(|| "the checkout leaves its token behind".to_owned())
}

/// `owner/name@<40 hex digits> # v1.2.3`
fn is_pinned(action: &str) -> bool {
    let Some((action, version)) = action.split_once(" # v") else {
        return false;
    };
    let Some((_, commit)) = action.split_once('@') else {
        return false;
    };
    let numbers: Vec<_> = version.split('.').collect();
    commit.len() == 40
        && commit.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'))
        && numbers.len() == 3
        && numbers.iter().all(|number| number.parse::<u32>().is_ok())
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let jobs = workflow.get("jobs").and_then(Value::as_mapping).unwrap();
    jobs.iter().map(|(name, job)| (name.as_str().unwrap(), job))
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job.get("steps")
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten()
}

fn matrix<'a>(workflow: &'a Value, job: &str, key: &str) -> &'a Vec<Value> {
    let matrix = &workflow["jobs"][job]["strategy"]["matrix"];
    matrix[key].as_sequence().unwrap()
}

/// `v1.30` of `kindest/node:v1.30.13@sha256:…` and of `v1.30.13`.
fn minor(text: &str) -> String {
    let version = text.rsplit_once(":v").map_or(text, |(_, version)| version);
    let numbers: Vec<_> = version.trim_start_matches('v').split('.').take(2).collect();
    format!("v{}", numbers.join("."))
}

#[test]
fn every_workflow_keeps_to_the_rules() {
    let dirs = Dirs::find().unwrap();
    let mut workflows = 0;
    for entry in std::fs::read_dir(dirs.root().join(".github/workflows")).unwrap() {
        let path = entry.unwrap().path();
        let found = complaints(&dirs::read(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
        // The judges, too, look for this ending.
        assert!(
            path.extension().is_some_and(|extension| extension == "yml"),
            "{path:?}"
        );
        workflows += 1;
    }
    assert!(workflows >= 2, "{workflows} workflows: the search has lost them");
}

#[test]
fn what_is_against_a_rule_is_found() {
    for (right, wrong, complaint) in [
        ("permissions: {}", "permissions: read-all", "at the top"),
        (" # v7.0.1", "", "not a commit"),
        (" # v7.0.1", " # v7", "not a commit"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "not a commit"),
        (
            "persist-credentials: false",
            "persist-credentials: true",
            "leaves its token",
        ),
        ("\"$LEVEL\"", "${{ matrix.level }}", "goes through env"),
        ("cargo xtask test", "cargo test", "no command that people run"),
        ("    timeout-minutes: 180\n", "", "no timeout"),
        (
            "    permissions:\n      contents: read # to check the sources out\n",
            "",
            "of its own",
        ),
    ] {
        assert!(CI.contains(right), "{right}");
        let found = complaints(&CI.replacen(right, wrong, 1));
        assert!(
            found.len() == 1 && found[0].contains(complaint),
            "{wrong}: {found:?}"
        );
    }
}

#[test]
fn every_level_of_tests_is_run() {
    let ci: Value = serde_yaml::from_str(CI).unwrap();
    let mut levels: Vec<_> = matrix(&ci, "test", "include")
        .iter()
        .filter_map(|entry| entry["level"].as_u64())
        .collect();
    assert!(E2E.contains("cargo xtask test --level 3 "));
    levels.push(3);
    levels.sort_unstable();
    assert_eq!(levels, [1, 2, 3, 4]);
}

#[test]
fn the_clusters_are_of_the_oldest_and_the_newest_supported_kubernetes() {
    let e2e: Value = serde_yaml::from_str(E2E).unwrap();
    assert_eq!(matrix(&e2e, "node", "kubernetes"), &["oldest", "newest"]);

    let versions = Versions::load().unwrap();
    let oldest = minor(&versions.kind_nodes.oldest);
    assert_eq!(
        minor(&versions.kind_nodes.newest),
        minor(&versions.modules.kubernetes)
    );
    for image in [&versions.kind_nodes.oldest, &versions.kind_nodes.newest] {
        let (_, digest) = image.split_once("@sha256:").unwrap();
        assert_eq!(digest.len(), 64, "{image}");
    }
    // The same is said to people, and to Helm.
    let oldest = oldest.trim_start_matches('v');
    let root = Dirs::find().unwrap().root().to_owned();
    for chart in ["todoplatform-crds", "todoplatform-operator"] {
        let folder = root.join("charts").join(chart);
        let chart: Value = serde_yaml::from_str(&dirs::read(&folder.join("Chart.yaml")).unwrap()).unwrap();
        assert_eq!(chart["kubeVersion"], format!(">={oldest}.0-0").as_str());
        let readme = dirs::read(&folder.join("README.md")).unwrap();
        assert!(readme.contains(&format!("Kubernetes {oldest} or later")));
    }
    let guide = dirs::read(&root.join("docs/guide/installation.md")).unwrap();
    assert!(guide.contains(&format!("Kubernetes {oldest} or later")));
}

#[test]
fn the_container_has_the_toolchain_that_is_pinned() {
    let toolchain: toml::Table = toml::from_str(include_str!("../../../rust-toolchain.toml")).unwrap();
    let channel = toolchain["toolchain"]["channel"].as_str().unwrap();
    let (minor, _) = channel.rsplit_once('.').unwrap();
    let ci: Value = serde_yaml::from_str(CI).unwrap();
    let image = ci["jobs"]["test"]["container"]["image"].as_str().unwrap();
    assert!(
        image.starts_with(&format!("rust:{minor}-bookworm@sha256:")),
        "{image}"
    );
}

//! The crates below the controller have no client, no runtime and no network, and their dependencies say so.
#![expect(clippy::unwrap_used, reason = "what cannot be unwrapped fails the test")]

use std::{collections::BTreeSet, process::Command};

fn dependencies(package: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            package,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(Into::into)
        .collect()
}

#[test]
fn api_kinds_render_and_offline_have_no_client_and_no_runtime() {
    for package in [
        "todoplatform-api",
        "todoplatform-kinds",
        "todoplatform-render",
        "todoplatform-offline",
    ] {
        let dependencies = dependencies(package);
        assert!(
            dependencies.contains("kube-core"),
            "{package}: the tree was not read"
        );
        for impure in [
            "tokio",
            "kube-client",
            "kube-runtime",
            "hyper",
            "reqwest",
            "rustls",
            "async-std",
            "rand",
        ] {
            assert!(!dependencies.contains(impure), "{package} depends on {impure}");
        }
    }
}

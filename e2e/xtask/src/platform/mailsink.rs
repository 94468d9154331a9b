//! A mail server for the sample, which sends its mail to the host `mailsink`: the one of the scenarios.

use anyhow::{Context, Result};

use super::PlatformImages;
use crate::cluster::Cluster;

/// Name of its Service.
pub(super) const SERVICE: &str = "mailsink";

const MANIFEST: &str = include_str!("../../../scenarios/manifests/mailsink.yaml");

/// Next to the platform. Its image is packed with ours, and goes away with the cluster that it is in.
pub(super) fn install(cluster: &Cluster<'_>, namespace: &str, images: &PlatformImages) -> Result<()> {
    cluster
        .kubectl()
        .args([
            "apply",
            "--server-side",
            "--namespace",
            namespace,
            "--filename",
            "-",
        ])
        .stdin(filled(MANIFEST, images))
        .run()
        .context("the mail sink cannot be installed")
}

fn filled(manifest: &str, images: &PlatformImages) -> String {
    manifest
        .replace("${REGISTRY}", &images.registry)
        .replace("${TAG}", &images.tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_filled_in() {
        let images = PlatformImages {
            registry: "localhost".to_owned(),
            tag: "0123".to_owned(),
            postgres: String::new(),
            redis: String::new(),
            exporters: Vec::new(),
            plugin: "kubectl-todo".into(),
        };
        let manifest = filled("image: ${REGISTRY}/todo-mailsink:${TAG}", &images);
        assert_eq!(manifest, "image: localhost/todo-mailsink:0123");
        let whole = filled(MANIFEST, &images);
        assert!(!whole.contains("${"), "{whole}");
        assert!(whole.contains(&format!("name: {SERVICE}")), "{whole}");
    }
}

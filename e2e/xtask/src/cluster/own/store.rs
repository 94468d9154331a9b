//! The node's image store: what is loaded stays loaded while the cluster is down.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::images::Packed;
use crate::run::Cmd;

/// containerd's content, reached by its socket.
#[derive(Debug, Clone)]
pub(super) struct Store {
    socket: PathBuf,
    root: PathBuf,
    state: PathBuf,
}

impl Store {
    pub(super) fn new(cluster: &Path, root: &Path) -> Self {
        Self {
            socket: cluster.join("containerd.sock"),
            root: root.to_owned(),
            state: cluster.join("containerd"),
        }
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn ctr(&self) -> Cmd {
        Cmd::new("ctr")
            .arg("--address")
            .arg(&self.socket)
            .args(["--namespace", "k8s.io"])
    }

    /// Folder of what runs, one entry per container; those of killed shims stay.
    pub(super) fn tasks(&self) -> PathBuf {
        self.state.join("io.containerd.runtime.v2.task/k8s.io")
    }

    /// Imports the images that are not there with the same digest.
    pub(super) fn load(&self, images: &[Packed]) -> Result<()> {
        let present = present(&self.ctr().args(["images", "list"]).output()?);
        for image in images {
            if !present.contains(&(image.reference.as_str().into(), image.digest.as_str().into())) {
                self.ctr().args(["images", "import"]).arg(&image.archive).run()?;
            }
        }
        Ok(())
    }
}

/// Reference and digest of each line of `ctr images list`, below its heading.
fn present(listing: &str) -> Vec<(String, String)> {
    let lines = listing.lines().skip(1);
    lines
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let reference = fields.next()?;
            let digest = fields.find(|field| field.starts_with("sha256:"))?;
            Some((reference.to_owned(), digest.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_gives_references_with_their_digests() {
        let listing = "REF TYPE DIGEST SIZE PLATFORMS LABELS\n\
            localhost/pause:3 application/vnd.oci.image.manifest.v1+json sha256:aa 1.9 MiB linux/amd64 io.cri=x\n";
        assert_eq!(
            present(listing),
            [("localhost/pause:3".to_owned(), "sha256:aa".to_owned())]
        );
    }
}

//! Which images were released together: what `spec.version` picks from.

/// A set of service images that were released, and tested, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// What `spec.version` says.
    pub version: &'static str,
    /// The daprd that the services were tested with; the control plane takes sidecars up to two minor versions older.
    pub daprd: &'static str,
    /// Digest of each image by the name of its component; none for an image that is named by its tag.
    pub digests: &'static [(&'static str, &'static str)],
}

/// This operator's own release. Its images' tag is `--image-tag`, which the chart sets to the same version.
pub const OWN: Release = Release {
    version: env!("CARGO_PKG_VERSION"),
    daprd: "1.18.2",
    digests: &[],
};

/// Every release that this operator can run, the newest first. The operator's own is the newest, and, until there is a
/// second, the only one.
pub const RELEASES: &[Release] = &[OWN];

/// The release of a version.
pub fn find<'a>(releases: &'a [Release], version: &str) -> Option<&'a Release> {
    releases.iter().find(|release| release.version == version)
}

/// The versions that are known, for a message.
pub fn known(releases: &[Release]) -> String {
    releases
        .iter()
        .map(|release| release.version)
        .collect::<Vec<_>>()
        .join(", ")
}

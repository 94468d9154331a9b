//! Container images without a container engine.
//!
//! Each image is packed from files of this machine into an OCI archive (`oci`), kept in the cache and
//! loaded into a cluster when it is not there yet.

mod binaries;
mod command;
mod contents;
mod libraries;
mod monitoring;
mod node;
mod oci;
mod services;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

pub(crate) use binaries::{PLUGIN, build as build_binaries, has_failpoints, packages};
pub(crate) use command::{Command, run};
use contents::Contents;
pub(crate) use monitoring::{exporters, kafka_exporter, prometheus};
pub(crate) use node::{busybox, dapr, pause};
use oci::Image;
pub(crate) use services::{kafka, kafka_files, postgres, redis};

use crate::dirs::{self, Dirs};
use crate::progress;

/// Registry of images that are never pulled.
pub(crate) const LOCAL_REGISTRY: &str = "localhost";

/// Name and tag of the Kafka image, in whichever registry it is.
pub(crate) const KAFKA: &str = "kafka:4";

/// User and group that everything of ours runs as.
const NONROOT: &str = "65532:65532";

/// An image in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Packed {
    /// `localhost/todo-task:0123456789ab`
    pub(crate) reference: String,
    /// The manifest's digest, `sha256:…`.
    pub(crate) digest: String,
    /// The OCI archive.
    pub(crate) archive: PathBuf,
}

/// Packs the image, unless an archive of the same content is there.
fn pack(dirs: &Dirs, image: &Image) -> Result<Packed> {
    let key = key(image)?;
    let folder = dirs.images();
    dirs::make(&folder)?;
    let archive = folder.join(format!("{}-{key}.tar", image.name()));
    let record = archive.with_extension("json");
    if let Ok(text) = std::fs::read_to_string(&record)
        && let Ok(packed) = serde_json::from_str::<Packed>(&text)
        && packed.archive.exists()
    {
        return Ok(packed);
    }
    let fresh = folder.join(format!(".{}-{}.part", image.name(), std::process::id()));
    let digest = image
        .write(&fresh)
        .with_context(|| format!("cannot pack {}", image.reference))?;
    remove_older(&folder, image.name())?;
    std::fs::rename(&fresh, &archive)?;
    let packed = Packed {
        reference: image.reference.clone(),
        digest,
        archive,
    };
    dirs::write(&record, serde_json::to_vec_pretty(&packed)?)?;
    let size = packed.archive.metadata()?.len() / (1024 * 1024);
    progress::note(&format!(
        "packed {} ({size} MiB, {})",
        packed.reference, packed.digest
    ));
    Ok(packed)
}

/// Everything that the image is made of, in 16 hex digits.
fn key(image: &Image) -> Result<String> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(&image.reference);
    hash.update(image.config("").to_string());
    hash.update(image.contents.fingerprint()?);
    Ok(hex::encode(hash.finalize())[..16].to_owned())
}

/// Only the newest archive of a name is kept.
fn remove_older(folder: &Path, name: &str) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if stem.rsplit_once('-').is_some_and(|(of, _)| of == name) {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The image in the cache that a person means by a reference, or by its name alone.
pub(crate) fn find(dirs: &Dirs, wanted: &str) -> Result<Option<Packed>> {
    let Ok(entries) = std::fs::read_dir(dirs.images()) else {
        return Ok(None);
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let packed: Packed = serde_json::from_str(&dirs::read(&path)?)
            .with_context(|| format!("{} does not read", path.display()))?;
        let local = packed.reference.strip_prefix("localhost/").unwrap_or_default();
        let name = local.split(':').next().unwrap_or_default();
        if [packed.reference.as_str(), local, name].contains(&wanted) {
            return Ok(Some(packed));
        }
    }
    Ok(None)
}

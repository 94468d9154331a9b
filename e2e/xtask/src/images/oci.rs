//! Writes an image as an OCI archive that containerd, kind and Docker load, without an engine.
//!
//! One uncompressed layer, no time, no random value: the same input gives the same digest.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::contents::Contents;

/// An image to pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// `localhost/todo-task:0123456789ab`
    pub(crate) reference: String,
    pub(crate) contents: Contents,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    /// `65532:65532`
    pub(crate) user: &'static str,
    pub(crate) description: String,
}

impl Image {
    /// The image's configuration (OCI image specification, config.md).
    pub(crate) fn config(&self, layer: &str) -> Value {
        json!({
            "architecture": architecture(),
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": {
                "User": self.user,
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Entrypoint": self.entrypoint,
                "Cmd": self.cmd,
                "WorkingDir": "/",
                "Labels": {
                    "org.opencontainers.image.title": self.name(),
                    "org.opencontainers.image.version": self.tag(),
                    "org.opencontainers.image.description": self.description,
                    "org.opencontainers.image.licenses": "Apache-2.0",
                },
            },
            "rootfs": {"type": "layers", "diff_ids": [layer]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "cargo xtask images"}],
        })
    }

    /// `todo-task`
    pub(crate) fn name(&self) -> &str {
        let path = self
            .reference
            .rsplit_once(':')
            .map_or(self.reference.as_str(), |(path, _)| path);
        path.rsplit('/').next().unwrap_or(path)
    }

    fn tag(&self) -> &str {
        self.reference.rsplit_once(':').map_or("latest", |(_, tag)| tag)
    }

    /// Writes the archive and gives the manifest's digest, `sha256:…`.
    pub(crate) fn write(&self, to: &Path) -> Result<String> {
        // The layer's name in the archive is its hash, so it is made twice rather than kept twice.
        let mut layer = Measured::new(std::io::sink());
        self.contents.write_layer(&mut layer)?;
        let layer = layer.blob();
        let config = serde_json::to_vec(&self.config(&layer.digest))?;
        let config_blob = Blob::of(&config);
        let manifest = serde_json::to_vec(&json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config_blob.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": [layer.descriptor("application/vnd.oci.image.layer.v1.tar")],
        }))?;
        let manifest_blob = Blob::of(&manifest);
        let mut entry = manifest_blob.descriptor("application/vnd.oci.image.manifest.v1+json");
        entry["annotations"] = json!({
            "io.containerd.image.name": self.reference,
            "org.opencontainers.image.ref.name": self.tag(),
        });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [entry],
        });
        // Docker before version 25 reads only this one.
        let docker = json!([{
            "Config": config_blob.path(),
            "RepoTags": [self.reference],
            "Layers": [layer.path()],
        }]);

        let file = File::create(to).with_context(|| format!("cannot write {}", to.display()))?;
        let mut archive = tar::Builder::new(BufWriter::new(file));
        add(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        add(&mut archive, "index.json", &serde_json::to_vec(&index)?)?;
        add(&mut archive, "manifest.json", &serde_json::to_vec(&docker)?)?;
        add(&mut archive, &manifest_blob.path(), &manifest)?;
        add(&mut archive, &config_blob.path(), &config)?;
        let mut header = header(layer.size);
        header.set_path(layer.path())?;
        header.set_cksum();
        archive.get_mut().write_all(header.as_bytes())?;
        self.contents.write_layer(archive.get_mut())?;
        // A tar ends on a multiple of its block size, so the layer needs no padding.
        archive
            .into_inner()?
            .into_inner()
            .context("cannot finish the archive")?
            .sync_all()?;
        Ok(manifest_blob.digest)
    }
}

fn add(archive: &mut tar::Builder<BufWriter<File>>, path: &str, content: &[u8]) -> Result<()> {
    Ok(archive.append_data(&mut header(content.len() as u64), path, content)?)
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Something in the archive that is named by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Blob {
    digest: String,
    size: u64,
}

impl Blob {
    fn of(bytes: &[u8]) -> Self {
        Self {
            digest: format!("sha256:{}", hex::encode(Sha256::digest(bytes))),
            size: bytes.len() as u64,
        }
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replace(':', "/"))
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.size})
    }
}

/// Counts and hashes what passes through.
struct Measured<W> {
    to: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Measured<W> {
    fn new(to: W) -> Self {
        Self {
            to,
            hash: Sha256::new(),
            size: 0,
        }
    }

    fn blob(self) -> Blob {
        Blob {
            digest: format!("sha256:{}", hex::encode(self.hash.finalize())),
            size: self.size,
        }
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// This machine's architecture in the words of images.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let mut contents = Contents::base();
        contents.text("/todo-task", "a program", 0o755);
        Image {
            reference: "localhost/todo-task:abc".to_owned(),
            contents,
            entrypoint: vec!["/todo-task".to_owned()],
            cmd: Vec::new(),
            user: "65532:65532",
            description: "The task service".to_owned(),
        }
    }

    fn write(image: &Image, name: &str) -> (String, Vec<u8>) {
        let path = std::env::temp_dir().join(format!("xtask-oci-{name}-{}", std::process::id()));
        let digest = image.write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        (digest, bytes)
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_digest() {
        assert_eq!(write(&image(), "one"), write(&image(), "two"));
    }

    #[test]
    fn other_content_gives_another_digest() {
        let mut other = image();
        other.contents.text("/todo-task", "another program", 0o755);
        assert_ne!(write(&image(), "first").0, write(&other, "other").0);
    }

    #[test]
    fn every_blob_of_the_archive_has_the_content_that_its_name_says() {
        use std::io::Read;
        let (digest, bytes) = write(&image(), "blobs");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut blobs = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            if path.starts_with("blobs/") {
                assert_eq!(path, Blob::of(&content).path());
                blobs.push(Blob::of(&content).digest);
            }
        }
        assert_eq!(blobs.len(), 3);
        assert_eq!(blobs[0], digest);
    }

    #[test]
    fn a_name_is_the_last_part_of_the_reference() {
        let named = |reference: &str| Image {
            reference: reference.to_owned(),
            ..image()
        };
        assert_eq!(named("localhost/dapr/daprd:1.18.2").name(), "daprd");
        assert_eq!(named("localhost/dapr/daprd:1.18.2").tag(), "1.18.2");
    }
}

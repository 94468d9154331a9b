//! The files of an image: a sorted list, so that the same files always give the same layer.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::run::Cmd;

/// What stands at a path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Folder {
        mode: u32,
    },
    /// A file of this machine.
    File {
        source: PathBuf,
        mode: u32,
    },
    /// A file with this content.
    Text {
        content: String,
        mode: u32,
    },
    Link {
        target: PathBuf,
    },
}

/// Paths, relative to the image's root, and what stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    entries: BTreeMap<PathBuf, Entry>,
}

impl Contents {
    /// What every image has: `/tmp`, and a user 65532 with a name.
    pub(crate) fn base() -> Self {
        let mut contents = Self::default();
        contents.folder("/tmp", 0o1777);
        contents.text(
            "/etc/passwd",
            "root:x:0:0::/:/bin/sh\nnonroot:x:65532:65532::/tmp:/bin/sh\n",
            0o644,
        );
        contents.text("/etc/group", "root:x:0:\nnonroot:x:65532:\n", 0o644);
        contents
    }

    /// A program and the shared libraries it needs, each at its own path.
    pub(crate) fn program(&mut self, path: &str, source: &Path) -> Result<()> {
        self.insert(
            Path::new(path),
            Entry::File {
                source: source.to_owned(),
                mode: 0o755,
            },
        );
        self.libraries(source, Path::new("/nowhere"))
    }

    /// A file of this machine, links resolved.
    pub(crate) fn file(&mut self, path: &str, source: &Path) -> Result<()> {
        let source = source
            .canonicalize()
            .with_context(|| format!("no file {}", source.display()))?;
        let mode = mode_of(&source)?;
        self.insert(Path::new(path), Entry::File { source, mode });
        Ok(())
    }

    /// A folder of this machine with all its content, and the libraries of the programs in it that
    /// do not lie in the folder themselves.
    pub(crate) fn tree(&mut self, path: &str, source: &Path) -> Result<()> {
        self.tree_without(path, source, &[])
    }

    /// The same, without what has one of these names, on whatever level.
    pub(crate) fn tree_without(&mut self, path: &str, source: &Path, skipped: &[&str]) -> Result<()> {
        let listing = |error| format!("cannot list {}: {error}", source.display());
        for entry in std::fs::read_dir(source).map_err(|error| anyhow::anyhow!(listing(error)))? {
            let entry = entry?;
            let name = entry.file_name();
            if skipped.iter().any(|skipped| name == *skipped) {
                continue;
            }
            let to = format!(
                "{path}/{}",
                name.to_str().context("a file name that is not UTF-8")?
            );
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                let target = std::fs::read_link(entry.path())?;
                // A link that leads out of the tree has nothing to point at in the image.
                if target.is_absolute() {
                    self.file(&to, &entry.path())?;
                } else {
                    self.link(&to, &target);
                }
            } else if kind.is_dir() {
                self.tree_without(&to, &entry.path(), skipped)?;
            } else {
                self.file(&to, &entry.path())?;
                if is_elf(&entry.path()) {
                    self.libraries(&entry.path(), source)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn text(&mut self, path: &str, content: &str, mode: u32) {
        self.insert(
            Path::new(path),
            Entry::Text {
                content: content.to_owned(),
                mode,
            },
        );
    }

    pub(crate) fn link(&mut self, path: &str, target: &Path) {
        self.insert(
            Path::new(path),
            Entry::Link {
                target: target.to_owned(),
            },
        );
    }

    pub(crate) fn folder(&mut self, path: &str, mode: u32) {
        self.insert(Path::new(path), Entry::Folder { mode });
    }

    /// Changes whenever the layer may change, without reading the files: their paths, sizes and times
    /// of modification.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for (path, entry) in &self.entries {
            hash.update(format!("{}\0{entry:?}\0", path.display()));
            if let Entry::File { source, .. } = entry {
                let data = source
                    .metadata()
                    .with_context(|| format!("no file {}", source.display()))?;
                hash.update(format!("{} {} {}\0", data.len(), data.mtime(), data.mtime_nsec()));
            }
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Writes the layer: a tar in which nothing depends on when or by whom it is made.
    pub(crate) fn write_layer(&self, to: impl Write) -> Result<()> {
        let mut tar = tar::Builder::new(to);
        for (path, entry) in &self.entries {
            let mut header = tar::Header::new_gnu();
            header.set_mtime(0);
            header.set_uid(0);
            header.set_gid(0);
            header.set_size(0);
            let written = match entry {
                Entry::Folder { mode } => {
                    header.set_entry_type(tar::EntryType::Directory);
                    header.set_mode(*mode);
                    tar.append_data(&mut header, path, std::io::empty())
                }
                Entry::Link { target } => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_mode(0o777);
                    tar.append_link(&mut header, path, target)
                }
                Entry::Text { content, mode } => {
                    header.set_size(content.len() as u64);
                    header.set_mode(*mode);
                    tar.append_data(&mut header, path, content.as_bytes())
                }
                Entry::File { source, mode } => {
                    let file = std::fs::File::open(source)
                        .with_context(|| format!("cannot read {}", source.display()))?;
                    header.set_size(file.metadata()?.len());
                    header.set_mode(*mode);
                    tar.append_data(&mut header, path, file)
                }
            };
            written.with_context(|| format!("cannot pack {}", path.display()))?;
        }
        tar.finish()?;
        Ok(())
    }

    /// Adds the shared libraries of a program, those below `own` excepted.
    fn libraries(&mut self, program: &Path, own: &Path) -> Result<()> {
        // A static program makes ldd fail, and needs nothing.
        let Ok(printed) = Cmd::new("ldd").arg(program).output() else {
            return Ok(());
        };
        if let Some(line) = printed.lines().find(|line| line.contains("=> not found")) {
            bail!(
                "{} needs a library that is missing: {}",
                program.display(),
                line.trim()
            );
        }
        for library in libraries(&printed) {
            if !library.starts_with(own) {
                let path = library.to_str().context("a library's path that is not UTF-8")?;
                self.file(path, &library)?;
            }
        }
        Ok(())
    }

    fn insert(&mut self, path: &Path, entry: Entry) {
        let path = path.strip_prefix("/").unwrap_or(path);
        for parent in path
            .ancestors()
            .skip(1)
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            self.entries
                .entry(parent.to_owned())
                .or_insert(Entry::Folder { mode: 0o755 });
        }
        self.entries.insert(path.to_owned(), entry);
    }
}

/// The paths in what `ldd` printed.
fn libraries(printed: &str) -> Vec<PathBuf> {
    printed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

/// Executable or not is all that is taken over; the rest depends on the umask of whoever built it.
fn mode_of(path: &Path) -> Result<u32> {
    let mode = path.metadata()?.permissions().mode();
    Ok(if mode & 0o100 == 0 { 0o644 } else { 0o755 })
}

fn is_elf(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut magic))
        .is_ok()
        && &magic == b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(contents: &Contents) -> Vec<u8> {
        let mut bytes = Vec::new();
        contents.write_layer(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn the_order_of_insertion_does_not_show() {
        let mut one = Contents::base();
        one.text("/b/c", "1", 0o644);
        one.text("/a", "2", 0o644);
        let mut other = Contents::base();
        other.text("/a", "2", 0o644);
        other.text("/b/c", "1", 0o644);
        assert_eq!(layer(&one), layer(&other));
        assert_eq!(one.fingerprint().unwrap(), other.fingerprint().unwrap());
    }

    #[test]
    fn a_file_comes_with_its_folders_and_without_its_owner_and_time() {
        let mut contents = Contents::default();
        contents
            .file("/opt/x/program", Path::new("/proc/self/exe"))
            .unwrap();
        let bytes = layer(&contents);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let seen: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                assert_eq!(
                    (
                        header.mtime().unwrap(),
                        header.uid().unwrap(),
                        header.gid().unwrap()
                    ),
                    (0, 0, 0)
                );
                (
                    entry.path().unwrap().display().to_string(),
                    header.mode().unwrap(),
                )
            })
            .collect();
        let expected = [("opt", 0o755), ("opt/x", 0o755), ("opt/x/program", 0o755)];
        assert_eq!(seen, expected.map(|(path, mode)| (path.to_owned(), mode)));
    }

    #[test]
    fn another_mode_is_another_fingerprint() {
        let mut contents = Contents::default();
        contents.text("/a", "1", 0o644);
        let before = contents.fingerprint().unwrap();
        contents.text("/a", "1", 0o755);
        assert_ne!(before, contents.fingerprint().unwrap());
    }

    #[test]
    fn the_loader_counts_as_a_library() {
        let printed =
            "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld.so.2 (0x3)\n";
        assert_eq!(
            libraries(printed),
            [PathBuf::from("/lib/x/libc.so.6"), PathBuf::from("/lib64/ld.so.2")]
        );
    }
}

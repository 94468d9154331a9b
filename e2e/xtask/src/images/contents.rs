//! The files of an image: a sorted list, so that the same files always give the same layer.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::libraries;

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
        self.libraries(source, Path::new("/nowhere"), &BTreeSet::new())
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
        let mut programs = Vec::new();
        self.files(path, source, skipped, &mut programs)?;
        let own: BTreeSet<_> = programs
            .iter()
            .filter_map(|program| Some(program.file_name()?.to_owned()))
            .collect();
        for program in &programs {
            self.libraries(program, source, &own)?;
        }
        Ok(())
    }

    /// The files of a folder; those that are programs or libraries are also noted.
    fn files(
        &mut self,
        path: &str,
        source: &Path,
        skipped: &[&str],
        programs: &mut Vec<PathBuf>,
    ) -> Result<()> {
        let entries =
            std::fs::read_dir(source).with_context(|| format!("cannot list {}", source.display()))?;
        for entry in entries {
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
            if kind.is_dir() {
                self.files(&to, &entry.path(), skipped, programs)?;
            } else if kind.is_symlink() && std::fs::read_link(entry.path())?.is_relative() {
                self.link(&to, &std::fs::read_link(entry.path())?);
            } else {
                // An absolute link leads out of the tree: the image gets what it points at.
                self.file(&to, &entry.path())?;
                if libraries::is_program(&entry.path()) {
                    programs.push(entry.path());
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

    /// Adds the shared libraries of a program. Those below `folder`, and those called as in `own`, come
    /// with a tree themselves: its programs find them in their own ways.
    fn libraries(&mut self, program: &Path, folder: &Path, own: &BTreeSet<OsString>) -> Result<()> {
        for library in libraries::needed(program, own)? {
            if !library.starts_with(folder) {
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

/// Executable or not is all that is taken over; the rest depends on the umask of whoever built it.
fn mode_of(path: &Path) -> Result<u32> {
    let mode = path.metadata()?.permissions().mode();
    Ok(if mode & 0o100 == 0 { 0o644 } else { 0o755 })
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
}

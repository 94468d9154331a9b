//! Images of the workspace's own binaries, from one cargo build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::node::certificates;
use super::{Contents, Image, LOCAL_REGISTRY, NONROOT, Packed, pack};
use crate::cargo::{self, Profile};
use crate::dirs::Dirs;
use crate::run::Cmd;

/// Binaries that become images, with what each is.
const IMAGES: [(&str, &str); 7] = [
    ("todoplatform-operator", "The TodoPlatform operator"),
    ("todo-gateway", "The gateway of a todo platform"),
    ("todo-task", "The task service of a todo platform"),
    ("todo-scheduler", "The scheduler service of a todo platform"),
    ("todo-notification", "The notification service of a todo platform"),
    ("todo-analytics", "The analytics service of a todo platform"),
    ("todo-mailsink", "A mail sink for tests"),
];

/// The kubectl plugin: built with the rest, used on the host.
pub(crate) const PLUGIN: &str = "kubectl-todo";

/// What a program says at its start that a test can end at will; no such one becomes an image.
const FAILPOINTS: &str = "failpoints are compiled in";

/// What one build gave.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// Tag of all images: it changes when any binary changes.
    pub(crate) tag: String,
    pub(crate) images: Vec<Packed>,
    /// The kubectl plugin.
    pub(crate) plugin: PathBuf,
}

/// What is built together, so that its dependencies are built once, with one set of features.
pub(crate) fn packages() -> Vec<&'static str> {
    IMAGES.iter().map(|(name, _)| *name).chain([PLUGIN]).collect()
}

/// Builds all binaries and packs the images of these names; of all when none is named.
pub(crate) fn build(dirs: &Dirs, profile: Profile, names: &[String]) -> Result<Built> {
    if let Some(unknown) = names
        .iter()
        .find(|name| !IMAGES.iter().any(|(image, _)| image == name))
    {
        let known: Vec<_> = IMAGES.iter().map(|(image, _)| *image).collect();
        bail!("no image is called {unknown}; there are: {}", known.join(", "));
    }
    let executables = cargo::build(dirs, profile, &packages())?;
    let mut hashes = BTreeMap::new();
    for (name, _) in IMAGES {
        hashes.insert(name, hash_file(executable(&executables, name)?)?);
    }
    let tag = tag(&hashes);
    let wanted = IMAGES
        .iter()
        .filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let images = wanted
        .map(|(name, description)| {
            let path = format!("/{name}");
            let mut contents = Contents::base();
            let program = executable(&executables, name)?;
            ensure!(
                !has_failpoints(program),
                "{name} was built with failpoints: it is for tests only"
            );
            contents.program(&path, program)?;
            certificates(&mut contents)?;
            let image = Image {
                reference: format!("{LOCAL_REGISTRY}/{name}:{tag}"),
                contents,
                entrypoint: vec![path],
                cmd: Vec::new(),
                user: NONROOT,
                description: (*description).to_owned(),
            };
            pack(dirs, &image)
        })
        .collect::<Result<_>>()?;
    Ok(Built {
        tag,
        images,
        plugin: executable(&executables, PLUGIN)?.to_owned(),
    })
}

/// Whether a test could end this program at will.
pub(crate) fn has_failpoints(program: &Path) -> bool {
    Cmd::new("grep")
        .args(["--quiet", "--text", "--fixed-strings", FAILPOINTS])
        .arg(program)
        .succeeds()
}

fn executable<'a>(executables: &'a BTreeMap<String, PathBuf>, name: &str) -> Result<&'a Path> {
    let path = executables
        .get(name)
        .with_context(|| format!("the build gave no binary called {name}"))?;
    Ok(path)
}

fn hash_file(path: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let mut file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    std::io::copy(&mut file, &mut hash).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(hex::encode(hash.finalize()))
}

/// `b` and the first 12 hex digits of a hash over every binary's name and content. Without the letter one hash of some
/// hundred reads as a number (`366566272859`, `12e345678901`), which Helm's `--set` then makes of it.
fn tag(hashes: &BTreeMap<&str, String>) -> String {
    let mut hash = Sha256::new();
    for (name, content) in hashes {
        hash.update(format!("{name} {content}\n"));
    }
    format!("b{}", &hex::encode(hash.finalize())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_binary_changes_the_tag() {
        let hashes = BTreeMap::from([("todo-task", "1".to_owned()), ("todo-gateway", "2".to_owned())]);
        let mut changed = hashes.clone();
        changed.insert("todo-task", "3".to_owned());
        assert_eq!(tag(&hashes), tag(&hashes.clone()));
        assert_ne!(tag(&hashes), tag(&changed));
        assert_eq!(tag(&hashes).len(), 13);
    }

    #[test]
    fn no_tag_reads_as_a_number() {
        let tags = (0..2_000).map(|n| tag(&BTreeMap::from([("todo-task", n.to_string())])));
        let number = tags.into_iter().find(|tag| tag.parse::<f64>().is_ok());
        assert_eq!(number, None);
    }

    /// That the text is the right one is held against a program that has them, before the failure proof.
    #[test]
    fn a_program_with_failpoints_is_told_by_its_text() {
        let folder = std::env::temp_dir().join(format!("xtask-failpoints-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        assert!(has_failpoints(&program(
            "with",
            "\0\u{1}failpoints are compiled in: …\0"
        )));
        assert!(!has_failpoints(&program(
            "without",
            "\0\u{1}points are compiled in\0"
        )));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! Where things lie: the repository, and the cache that everything built or fetched goes to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that commands work in.
#[derive(Debug, Clone)]
pub(crate) struct Dirs {
    root: PathBuf,
    cache: PathBuf,
}

impl Dirs {
    /// The repository that this program was built from, and `$XDG_CACHE_HOME/todoplatform`
    /// (`~/.cache/todoplatform` without that variable).
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .ancestors()
            .nth(2)
            .context("the repository's folder")?
            .to_owned();
        let home = std::env::var_os("XDG_CACHE_HOME")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
            .context("neither XDG_CACHE_HOME nor HOME is set: where should builds be kept?")?;
        Self::at(root, home.join("todoplatform"))
    }

    /// With folders of the caller's choice; the cache folder is made.
    pub(crate) fn at(root: PathBuf, cache: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&cache)
            .with_context(|| format!("cannot make the cache folder {}", cache.display()))?;
        Ok(Self { root, cache })
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of everything that is kept between runs.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// Finished builds, one folder per tool, version and recipe.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// Sources and caches of a running build; empty between builds.
    pub(crate) fn build(&self) -> PathBuf {
        self.cache.join("build")
    }

    /// Links to what a person uses: `kubectl`, `helm`, `kubectl-todo`.
    pub(crate) fn bin(&self) -> PathBuf {
        self.cache.join("bin")
    }

    /// Packed images.
    pub(crate) fn images(&self) -> PathBuf {
        self.cache.join("images")
    }

    /// Folder of one cluster's state. It is gone when the cluster is down.
    pub(crate) fn cluster(&self, name: &str) -> PathBuf {
        self.cache.join("cluster").join(name)
    }

    /// The node's container store: images stay in it while the cluster is down.
    pub(crate) fn container_store(&self) -> PathBuf {
        self.cache.join("containerd")
    }

    /// Kept logs of failed tests.
    pub(crate) fn artifacts(&self) -> PathBuf {
        self.cache.join("artifacts")
    }

    /// Lock files.
    pub(crate) fn locks(&self) -> PathBuf {
        self.cache.join("locks")
    }
}

/// Makes a folder and its parents, and says which one when that fails.
pub(crate) fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Writes a file, and says which one when that fails.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a text file, and says which one when that fails.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Removes a folder with all its content; one that is not there is fine.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

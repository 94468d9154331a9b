//! What every command works with: the folders, the versions, the tools, cargo.

use anyhow::Result;

use crate::dirs::Dirs;
use crate::run::Cmd;
use crate::tools::Tools;
use crate::versions::Versions;

/// The repository and its cache.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) dirs: Dirs,
    pub(crate) versions: Versions,
}

impl Project {
    pub(crate) fn load() -> Result<Self> {
        Ok(Self { dirs: Dirs::find()?, versions: Versions::load()? })
    }

    pub(crate) fn tools(&self) -> Tools<'_> {
        Tools::new(&self.dirs, &self.versions)
    }
}

/// The cargo that runs us, in the repository.
pub(crate) fn cargo(dirs: &Dirs) -> Cmd {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Cmd::new(cargo).cwd(dirs.root())
}

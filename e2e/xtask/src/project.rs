//! What every command works with: the folders, the versions, the tools, cargo.

use anyhow::Result;

use crate::dirs::Dirs;
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
        Ok(Self {
            dirs: Dirs::find()?,
            versions: Versions::load()?,
        })
    }

    pub(crate) fn tools(&self) -> Tools<'_> {
        Tools::new(&self.dirs, &self.versions)
    }
}

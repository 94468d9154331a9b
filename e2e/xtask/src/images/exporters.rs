//! Images of the programs that say how a platform's stores are, from Debian's packages.

use anyhow::Result;

use super::node::certificates;
use super::{Contents, Image, LOCAL_REGISTRY, NONROOT, Packed, pack};
use crate::dirs::Dirs;
use crate::tools::debian;

/// The exporters that a platform runs beside its embedded stores.
#[derive(Debug, Clone)]
pub(crate) struct Exporters {
    pub(crate) postgres: Packed,
    pub(crate) redis: Packed,
}

/// The exporters for PostgreSQL and Redis.
pub(crate) fn exporters(dirs: &Dirs) -> Result<Exporters> {
    Ok(Exporters {
        postgres: exporter(dirs, "postgres")?,
        redis: exporter(dirs, "redis")?,
    })
}

/// The package is unpacked and not installed: nothing of it is to run here.
fn exporter(dirs: &Dirs, store: &str) -> Result<Packed> {
    let program = format!("prometheus-{store}-exporter");
    let files = debian::unpacked(dirs, &program)?;
    let path = format!("/bin/{program}");
    let mut contents = Contents::base();
    contents.program(&path, &files.join("usr/bin").join(&program))?;
    certificates(&mut contents)?;
    let image = Image {
        reference: format!("{LOCAL_REGISTRY}/{store}-exporter:1"),
        contents,
        entrypoint: vec![path],
        cmd: Vec::new(),
        user: NONROOT,
        description: format!("The exporter for {store} of Debian, for tests"),
    };
    pack(dirs, &image)
}

//! Debian's packages: installed when we may, unpacked into the cache when one program is enough.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::dirs::{self, Dirs};
use crate::lock;
use crate::progress::Step;
use crate::run::{self, Cmd};

/// Installs the packages that are missing.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let missing: Vec<_> = packages
        .iter()
        .copied()
        .filter(|package| version(package).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if run::find_program("apt-get").is_none() {
        bail!("these programs are needed and this is no Debian system; install them by hand: {names}");
    }
    if !is_root() {
        bail!("packages are missing; run as root: apt-get install --no-install-recommends {names}");
    }
    let step = Step::start(format!("installing Debian packages: {names}"));
    let install = apt(&["install", "--yes", "--no-install-recommends"]).args(&missing);
    if install.run().is_err() {
        // The lists may be missing or old.
        apt(&["update"]).run()?;
        install.run()?;
    }
    step.done();
    Ok(())
}

/// The installed version of a package.
pub(crate) fn version(package: &str) -> Option<String> {
    let printed = Cmd::new("dpkg-query")
        .args([
            "--show",
            "--showformat",
            "${db:Status-Status} ${Version}",
            package,
        ])
        .output()
        .ok()?;
    printed.strip_prefix("installed ").map(str::to_owned)
}

/// The folder of a package's files, unpacked into the cache: without root, and without starting the
/// package's service.
pub(crate) fn unpacked(dirs: &Dirs, package: &str) -> Result<PathBuf> {
    let to = dirs.tools().join(format!("debian-{package}"));
    if to.exists() {
        return Ok(to);
    }
    let _lock = lock::acquire(dirs, &format!("debian-{package}"))?;
    if to.exists() {
        return Ok(to);
    }
    if run::find_program("apt-get").is_none() {
        bail!("`{package}` is needed and this is no Debian system; install it by hand");
    }
    let step = Step::start(format!("fetching the Debian package {package}"));
    let fresh = dirs
        .tools()
        .join(format!(".debian-{package}-{}", std::process::id()));
    dirs::remove(&fresh)?;
    dirs::make(&fresh)?;
    let download = apt(&["download", package]).cwd(&fresh);
    if download.run().is_err() {
        apt(&["update"]).run().with_context(|| {
            format!("{package} cannot be fetched; the package lists may be missing: run apt-get update")
        })?;
        download.run()?;
    }
    let archive = std::fs::read_dir(&fresh)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("apt-get download {package} left no .deb file"))?;
    let files = fresh.join("files");
    Cmd::new("dpkg-deb")
        .arg("--extract")
        .arg(&archive)
        .arg(&files)
        .run()?;
    std::fs::rename(&files, &to).with_context(|| format!("cannot move {package} to {}", to.display()))?;
    dirs::remove(&fresh)?;
    step.done();
    Ok(to)
}

/// Is this process root?
pub(crate) fn is_root() -> bool {
    Cmd::new("id").arg("-u").output().is_ok_and(|id| id == "0")
}

fn apt(args: &[&str]) -> Cmd {
    Cmd::new("apt-get")
        .arg("--quiet")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Runlevel 1 keeps services of fresh packages from being started.
        .env("RUNLEVEL", "1")
}

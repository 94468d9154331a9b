//! Programs that `PyPI` has as packages: unpacked into the cache, not installed into the system.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use sha2::{Digest, Sha256};

use super::debian;
use crate::dirs::{self, Dirs};
use crate::lock;
use crate::progress::Step;
use crate::run::{self, Cmd};

/// Path of a package's program, after the package was fetched if need be.
pub(super) fn unpacked(dirs: &Dirs, package: &str, version: &str, program: &str) -> Result<PathBuf> {
    let name = format!("pypi-{package}-{version}");
    let to = dirs.tools().join(&name);
    let path = to.join(program);
    if path.exists() {
        return Ok(path);
    }
    let _lock = lock::acquire(dirs, &name)?;
    if !path.exists() {
        let step = Step::start(format!("fetching {package} {version}"));
        fetch(package, version, program, &to)?;
        step.done();
    }
    Ok(path)
}

/// Unpacks a package, and nothing that it depends on, into the folder `to`, which appears whole or not at all. The caller
/// sees to it that nobody else does the same. `program` is the file for which it is wanted.
pub(super) fn fetch(package: &str, version: &str, program: &str, to: &Path) -> Result<()> {
    let parent = to.parent().context("the folder of unpacked packages")?;
    let fresh = parent.join(format!(".{package}-{}", std::process::id()));
    dirs::make(parent)?;
    dirs::remove(&fresh)?;
    install(
        &python()?,
        &fresh,
        &[OsStr::new(&format!("{package}=={version}"))],
    )?;
    if !fresh.join(program).exists() {
        bail!("the package {package} {version} has another layout than expected: no {program} in it");
    }
    dirs::remove(to)?;
    std::fs::rename(&fresh, to).with_context(|| format!("cannot move {package} to {}", to.display()))
}

/// The folder with the packages that the text of a requirements file names, each by its exact version, after they were
/// fetched if need be. For the Python of this machine: some packages are compiled for one version of it.
pub(super) fn locked(dirs: &Dirs, name: &str, requirements: &str) -> Result<PathBuf> {
    let python = python()?;
    let version = Cmd::new(&python).arg("--version").output()?;
    let mut hash = Sha256::new_with_prefix(requirements);
    hash.update(version.trim());
    let name = format!("pypi-{name}-{}", &hex::encode(hash.finalize())[..8]);
    let to = dirs.tools().join(&name);
    if to.exists() {
        return Ok(to);
    }
    let _lock = lock::acquire(dirs, &name)?;
    if !to.exists() {
        let step = Step::start(format!("fetching {name}"));
        let list = dirs.tools().join(format!(".{name}.txt"));
        let fresh = dirs.tools().join(format!(".{name}"));
        dirs::make(&dirs.tools())?;
        dirs::remove(&fresh)?;
        dirs::write(&list, requirements)?;
        install(&python, &fresh, &[OsStr::new("-r"), list.as_os_str()])?;
        std::fs::rename(&fresh, &to).with_context(|| format!("cannot move {name} to {}", to.display()))?;
        step.done();
    }
    Ok(to)
}

/// Unpacks packages into a folder, and nothing that they depend on.
fn install(python: &Path, folder: &Path, packages: &[&OsStr]) -> Result<()> {
    Cmd::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
        ])
        .arg("--target")
        .arg(folder)
        .args(packages)
        .run()?;
    Ok(())
}

/// A Python that has pip; both are installed when they are missing.
fn python() -> Result<PathBuf> {
    match run::find_program("python3") {
        Some(python) if has_pip(&python) => Ok(python),
        _ => {
            debian::install(&["python3", "python3-pip"]).context("pip is needed to fetch programs")?;
            run::find_program("python3").context("python3 was installed but is not found")
        }
    }
}

fn has_pip(python: &Path) -> bool {
    Cmd::new(python).args(["-m", "pip", "--version"]).succeeds()
}

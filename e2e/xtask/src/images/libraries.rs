//! The shared libraries that a program needs.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::run::Cmd;

/// Paths of the libraries and the loader that a program needs. Those called as in `own` may be missing:
/// they come with the program.
pub(super) fn needed(program: &Path, own: &BTreeSet<OsString>) -> Result<Vec<PathBuf>> {
    // A static program makes ldd fail, and needs nothing.
    let Ok(printed) = Cmd::new("ldd").arg(program).output() else {
        return Ok(Vec::new());
    };
    if let Some(library) = missing(&printed).find(|library| !own.contains(OsStr::new(library))) {
        bail!(
            "{} needs the library {library}, which is missing",
            program.display()
        );
    }
    Ok(found(&printed))
}

/// Is it a program or a library, of any kind?
pub(super) fn is_program(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut magic))
        .is_ok()
        && &magic == b"\x7fELF"
}

/// The paths in what `ldd` printed.
fn found(printed: &str) -> Vec<PathBuf> {
    printed
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

/// The names that `ldd` found no library for.
fn missing(printed: &str) -> impl Iterator<Item = &str> {
    printed
        .lines()
        .filter_map(|line| Some(line.trim().split_once(" => not found")?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_counts_as_a_library() {
        let printed =
            "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld.so.2 (0x3)\n";
        assert_eq!(
            found(printed),
            [PathBuf::from("/lib/x/libc.so.6"), PathBuf::from("/lib64/ld.so.2")]
        );
    }
}

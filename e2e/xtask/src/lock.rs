//! Locks between processes: two runs at once do not build or start the same thing twice.

use std::fs::{File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};

use crate::dirs::{self, Dirs};
use crate::progress;

/// Held until it is dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Waits for the lock of this name; says so when another run holds it.
pub(crate) fn acquire(dirs: &Dirs, name: &str) -> Result<Lock> {
    dirs::make(&dirs.locks())?;
    acquire_file(&dirs.locks().join(name))
}

fn acquire_file(path: &Path) -> Result<Lock> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open the lock file {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress::note(&format!("waiting for another run that holds {}", path.display()));
            file.lock()
                .with_context(|| format!("cannot lock {}", path.display()))?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", path.display()));
        }
    }
    Ok(Lock { _file: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_had_only_after_the_first_is_dropped() {
        let path = std::env::temp_dir().join(format!("xtask-lock-{}", std::process::id()));
        let first = acquire_file(&path).unwrap();
        let other = File::options().append(true).open(&path).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        other.try_lock().unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}

//! Waiting for something to become so.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const INTERVAL: Duration = Duration::from_millis(100);

/// Looks until it is so; false after `limit`.
pub(crate) fn becomes(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Looks until it is so. Fails after `limit`, or at once when looking fails.
pub(crate) fn until(what: &str, limit: Duration, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let mut failure = None;
    let ended = becomes(limit, || match is_so() {
        Ok(so) => so,
        Err(error) => {
            failure = Some(error);
            true
        }
    });
    match (ended, failure) {
        (_, Some(error)) => Err(error),
        (true, None) => Ok(()),
        (false, None) => bail!("{what} is not so after {} s", limit.as_secs()),
    }
}

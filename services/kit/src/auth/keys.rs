//! The issuer's keys, kept: the last good ones serve on for as long as the issuer is away.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::jwk::{self, Key};
use super::{AuthError, KeySource, SourceError};
use crate::Chain;
use crate::config::Algorithm;
use crate::health::{Affects, Health};

/// An unknown key id makes the keys be read anew at most this often.
const REFRESH_PAUSE: Duration = Duration::from_secs(10);
/// A key id that was not there after reading anew is not looked for again for this long.
const ABSENT_FOR: Duration = Duration::from_mins(1);
/// How many absent key ids are remembered; more are forgotten, not queued.
const ABSENT_MAX: usize = 256;
/// A longer key id than this, in bytes, is nobody's.
const KEY_ID_MAX_BYTES: usize = 256;
/// Pause before the first keys are asked for again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The name of the readiness check.
const CHECK: &str = "keys";

/// The key set of one issuer.
pub struct Keys {
    source: KeySource,
    current: ArcSwapOption<Vec<Key>>,
    /// The document that the present keys were read from.
    document: Mutex<Vec<u8>>,
    /// How many different documents there were.
    generation: AtomicU64,
    /// Held while reading anew; holds when that last began, and whether it succeeded.
    refreshing: tokio::sync::Mutex<Option<(Instant, bool)>>,
    absent: Mutex<HashMap<String, Instant>>,
}

impl Keys {
    /// No keys yet; they come by [`Keys::keep`] or with the first token.
    pub fn new(source: KeySource) -> Self {
        Self {
            source,
            current: ArcSwapOption::empty(),
            document: Mutex::default(),
            generation: AtomicU64::new(0),
            refreshing: tokio::sync::Mutex::default(),
            absent: Mutex::default(),
        }
    }

    /// Reads the keys until it succeeds, then again whenever they are no longer fresh, until `stop`. Sets the check
    /// `keys`: ready once keys have been seen, for good, because stale keys are better than none.
    pub async fn keep(&self, health: Health, stop: CancellationToken) {
        health.set(CHECK, Affects::Readiness, Err("no keys yet".to_owned()));
        loop {
            let outcome = self.refresh_now().await;
            if let Err(error) = &outcome {
                tracing::warn!(error.chain = %Chain(error), "keys could not be read");
            }
            if self.current.load().is_some() {
                health.set(CHECK, Affects::Readiness, Ok(()));
            }
            let pause = if outcome.is_ok() {
                self.source.interval()
            } else {
                FIRST_PAUSE
            };
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
        }
    }

    /// The key of that id for that algorithm; without an id, the only key for the algorithm.
    pub(super) async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Key, AuthError> {
        if id.is_some_and(|id| id.len() > KEY_ID_MAX_BYTES) {
            return Err(AuthError::UnknownKey);
        }
        match self.look(id, algorithm) {
            Err(AuthError::UnknownKey | AuthError::NoKeys) if !id.is_some_and(|id| self.is_absent(id)) => {}
            found => return found,
        }
        let has_looked = self.refresh_for_unknown().await;
        let found = self.look(id, algorithm);
        // Only what was looked for is absent: a key that came a moment after the last reading, or while the issuer is
        // away, is found by the next one.
        if let (true, Some(id), Err(AuthError::UnknownKey)) = (has_looked, id, &found) {
            self.remember_absent(id);
        }
        found
    }

    /// Which of the key sets that were there one after the other is the present one.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Key, AuthError> {
        let keys = self.current.load_full().ok_or(AuthError::NoKeys)?;
        if let Some(id) = id {
            let mut named = keys.iter().filter(|key| key.id.as_deref() == Some(id)).peekable();
            named.peek().ok_or(AuthError::UnknownKey)?;
            return named
                .find(|key| key.fits(algorithm))
                .cloned()
                .ok_or(AuthError::Algorithm);
        }
        let mut fitting = keys.iter().filter(|key| key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.clone()),
            _ => Err(AuthError::UnknownKey),
        }
    }

    /// Reads anew unless that was done a moment ago; whoever comes meanwhile waits for the one reading. Tells whether
    /// there was a reading since the question, and it succeeded.
    async fn refresh_for_unknown(&self) -> bool {
        let asked_at = Instant::now();
        let mut last = self.refreshing.lock().await;
        match *last {
            Some((at, is_read)) if at >= asked_at => return is_read,
            Some((at, _)) if at.elapsed() < REFRESH_PAUSE => return false,
            _ => {}
        }
        let began = Instant::now();
        let outcome = self.read().await;
        if let Err(error) = &outcome {
            tracing::warn!(error.chain = %Chain(error), "keys could not be read");
        }
        *last = Some((began, outcome.is_ok()));
        outcome.is_ok()
    }

    async fn refresh_now(&self) -> Result<(), SourceError> {
        let _only_one = self.refreshing.lock().await;
        self.read().await
    }

    async fn read(&self) -> Result<(), SourceError> {
        let document = self.source.read().await?;
        self.set(&document)
    }

    /// Takes `document` as the present key set, unless it has no usable key.
    pub(crate) fn set(&self, document: &[u8]) -> Result<(), SourceError> {
        let place = || self.source.place();
        let mut present = self.document.lock().unwrap_or_else(PoisonError::into_inner);
        if *present == document && self.current.load().is_some() {
            return Ok(());
        }
        let keys = jwk::usable_keys(document).map_err(|source| SourceError::Unusable {
            place: place(),
            source,
        })?;
        if keys.is_empty() {
            return Err(SourceError::Empty { place: place() });
        }
        self.current.store(Some(std::sync::Arc::new(keys)));
        self.generation.fetch_add(1, Ordering::Release);
        document.clone_into(&mut present);
        Ok(())
    }

    fn is_absent(&self, id: &str) -> bool {
        self.absent()
            .get(id)
            .is_some_and(|since| since.elapsed() < ABSENT_FOR)
    }

    fn remember_absent(&self, id: &str) {
        let mut absent = self.absent();
        if absent.len() >= ABSENT_MAX {
            absent.retain(|_, since| since.elapsed() < ABSENT_FOR);
        }
        if absent.len() >= ABSENT_MAX {
            absent.clear();
        }
        absent.insert(id.to_owned(), Instant::now());
    }

    fn absent(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The claim as the rest of the process sees it: held until a moment that only a renewal moves.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Whether this process may write, and until when. Cheap to clone; all clones speak of the same claim.
#[derive(Clone, Debug)]
pub struct Claim {
    until: Arc<watch::Sender<Option<Instant>>>,
}

impl Default for Claim {
    /// A claim that nobody has made yet.
    fn default() -> Self {
        Self {
            until: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl Claim {
    /// Held until this moment, or not at all. Only the keeper of the Lease says so.
    pub(super) fn set(&self, until: Option<Instant>) {
        self.until.send_replace(until);
    }

    /// A claim that is held for good.
    #[cfg(test)]
    pub fn for_good() -> Self {
        Self::for_seconds(1_000_000_000)
    }

    /// A claim that is held so long.
    #[cfg(test)]
    pub fn for_seconds(seconds: u64) -> Self {
        let claim = Self::default();
        claim.set(Some(Instant::now() + std::time::Duration::from_secs(seconds)));
        claim
    }

    /// Whether this process may write now.
    pub fn is_held(&self) -> bool {
        self.until.borrow().is_some_and(|until| Instant::now() < until)
    }

    /// Ends when the claim is held, at once when it is.
    pub async fn held(&self) {
        let mut until = self.until.subscribe();
        // The sender lives as long as this claim does.
        let _known = until
            .wait_for(|until| until.is_some_and(|until| Instant::now() < until))
            .await;
    }

    /// Ends when the claim is not held any more, at once when it is not.
    pub async fn lost(&self) {
        let mut until = self.until.subscribe();
        loop {
            let end = match *until.borrow_and_update() {
                Some(end) if Instant::now() < end => end,
                _ => return,
            };
            tokio::select! {
                () = sleep_until(end) => {}
                _moved = until.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_claim_ends_by_itself_and_a_renewal_moves_its_end() {
        let claim = Claim::default();
        assert!(!claim.is_held());
        let start = Instant::now();
        claim.set(Some(start + Duration::from_secs(10)));
        claim.held().await;
        let renewed = claim.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(9)).await;
            renewed.set(Some(Instant::now() + Duration::from_secs(10)));
        });
        claim.lost().await;
        assert_eq!(start.elapsed(), Duration::from_secs(19));
        assert!(!claim.is_held());
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_that_is_given_up_is_lost_at_once() {
        let claim = Claim::default();
        let start = Instant::now();
        claim.set(Some(start + Duration::from_secs(10)));
        let given_up = claim.clone();
        let lost = claim.lost();
        let (_given_up, ()) = tokio::join!(async move { given_up.set(None) }, lost);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

//! Tokens that were verified a moment ago: the same token comes with every request of a page.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Claims;

/// A token is verified anew after this long at the latest.
const KEPT_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How many tokens are remembered; beyond it all are forgotten, which costs one verification each.
const KEPT_MAX: usize = 10_000;

/// The claims of tokens by their SHA-256: what is kept is no credential.
#[derive(Default)]
pub(super) struct Verified(Mutex<HashMap<[u8; 32], Entry>>);

struct Entry {
    claims: Claims,
    until: Timestamp,
    /// Which key set it was verified by: a key that is withdrawn takes its tokens with it at once.
    keys: u64,
}

impl Verified {
    /// The claims of `token`, if it was found good by this key set and nothing has ended since.
    pub(super) fn find(&self, token: &str, keys: u64, now: Timestamp) -> Option<Claims> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&digest(token))?;
        (entry.keys == keys && now < entry.until).then(|| entry.claims.clone())
    }

    /// Remembers a token that was found good by this key set, until it expires or [`KEPT_FOR`] is over.
    pub(super) fn keep(&self, token: &str, claims: &Claims, keys: u64, now: Timestamp) {
        let until = claims.expires_at.min(now.saturating_add(KEPT_FOR).unwrap_or(now));
        if until <= now {
            return;
        }
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= KEPT_MAX {
            entries.retain(|_, entry| now < entry.until && entry.keys == keys);
        }
        if entries.len() >= KEPT_MAX {
            entries.clear();
        }
        let entry = Entry {
            claims: claims.clone(),
            until,
            keys,
        };
        entries.insert(digest(token), entry);
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn claims(expires_at: i64) -> Claims {
        Claims {
            sub: "alice".to_owned(),
            email: None,
            session: None,
            issued_at: None,
            expires_at: at(expires_at),
        }
    }

    #[test]
    fn a_token_is_known_until_it_expires_and_a_minute_at_most() {
        let verified = Verified::default();
        verified.keep("short", &claims(1010), 1, at(1000));
        verified.keep("long", &claims(9000), 1, at(1000));
        verified.keep("within the skew", &claims(990), 1, at(1000));
        for (token, now, is_known) in [
            ("short", 1009, true),
            ("short", 1010, false),
            ("long", 1059, true),
            ("long", 1060, false),
            ("within the skew", 1000, false),
            ("another", 1000, false),
        ] {
            let found = verified.find(token, 1, at(now));
            assert_eq!(found.is_some(), is_known, "{token} at {now}");
        }
    }

    #[test]
    fn another_key_set_knows_no_token() {
        let verified = Verified::default();
        verified.keep("token", &claims(9000), 1, at(1000));
        assert_eq!(verified.find("token", 2, at(1001)), None);
        assert_eq!(verified.find("token", 1, at(1001)), Some(claims(9000)));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let verified = Verified::default();
        for n in 0..=KEPT_MAX {
            verified.keep(&format!("token-{n}"), &claims(9000), 1, at(1000));
        }
        let kept = verified.0.lock().unwrap().len();
        assert!((1..=KEPT_MAX).contains(&kept), "{kept}");
        let last = format!("token-{KEPT_MAX}");
        assert!(verified.find(&last, 1, at(1001)).is_some());
    }
}

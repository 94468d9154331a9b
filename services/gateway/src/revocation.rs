//! Tokens that are not accepted although they have not expired: of a session that was ended, or of a user from before a
//! moment. An operator of the platform, or the issuer's hook, writes two kinds of keys into Redis:
//!
//! - `<namespace>.<platform>:revoked:<sid>`: tokens of that session, whatever the value;
//! - `<namespace>.<platform>:revoked_before:<sub>`: tokens of that user that were issued before the value, in seconds
//!   since 1970.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;
use redis::{AsyncCommands, RedisResult};
use todo_kit::{auth::Caller, metrics::Metrics, redis::Redis};
use tokio::time::Instant;

use crate::limit::Backend;

/// How long an answer of Redis holds: so much later a revocation is seen at the latest.
const KEPT_FOR: Duration = Duration::from_secs(3);
/// How many answers are remembered; beyond it all are forgotten, which costs one question each.
const KEPT_MAX: usize = 10_000;

/// Who was signed out. While Redis is away nobody was: a store that is lost must not lock everybody out.
pub struct Revocations {
    connection: Redis,
    backend: Arc<Backend>,
    prefix: String,
    kept: Mutex<HashMap<Subject, (Marks, Instant)>>,
    unchecked: Counter,
}

/// A user and perhaps a session.
type Subject = (String, Option<String>);

/// What Redis holds against a user and a session.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Marks {
    is_ended: bool,
    before: Before,
}

/// Which tokens of a user are revoked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    None,
    /// Those issued before this moment.
    Moment(f64),
    /// All: somebody meant to revoke and wrote no moment.
    All,
}

impl Revocations {
    /// The list under the prefix of this platform, with its metric registered.
    pub fn new(
        connection: Redis,
        backend: Arc<Backend>,
        namespace: &str,
        platform: &str,
        metrics: &Metrics,
    ) -> Self {
        let unchecked = Counter::default();
        let help = "Requests let pass without a look at the revocations, because Redis was away";
        metrics.register("revocation_unchecked", help, unchecked.clone());
        Self {
            connection,
            backend,
            prefix: format!("{namespace}.{platform}"),
            kept: Mutex::default(),
            unchecked,
        }
    }

    /// Whether the caller's token is revoked.
    pub async fn has(&self, caller: &Caller) -> bool {
        let key = (caller.sub.clone(), caller.session.clone());
        if let Some(marks) = self.find(&key) {
            return marks.revoke(caller);
        }
        let Some(marks) = self.backend.ask(self.read(caller)).await else {
            self.unchecked.inc();
            return false;
        };
        self.keep(key, marks);
        marks.revoke(caller)
    }

    /// Two questions, sent together; not one, because in a cluster the keys lie on different nodes.
    async fn read(&self, caller: &Caller) -> RedisResult<Marks> {
        let (mut one, mut other) = (self.connection.clone(), self.connection.clone());
        let is_ended = async {
            match &caller.session {
                Some(session) => one.exists(format!("{}:revoked:{session}", self.prefix)).await,
                None => Ok(false),
            }
        };
        let before =
            other.get::<_, Option<Vec<u8>>>(format!("{}:revoked_before:{}", self.prefix, caller.sub));
        let (is_ended, before) = tokio::try_join!(is_ended, before)?;
        Ok(Marks {
            is_ended,
            before: Before::of(before.as_deref()),
        })
    }

    fn find(&self, key: &Subject) -> Option<Marks> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (marks, since) = kept.get(key)?;
        (since.elapsed() < KEPT_FOR).then_some(*marks)
    }

    fn keep(&self, key: Subject, marks: Marks) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, (_, since)| since.elapsed() < KEPT_FOR);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, (marks, Instant::now()));
    }
}

impl Marks {
    fn revoke(self, caller: &Caller) -> bool {
        let by_moment = match self.before {
            Before::None => false,
            // A token that does not say when it was issued cannot be shown to be newer.
            Before::Moment(moment) => caller.issued_at.is_none_or(|issued_at| issued_at < moment),
            Before::All => true,
        };
        self.is_ended || by_moment
    }
}

impl Before {
    fn of(value: Option<&[u8]>) -> Self {
        let Some(value) = value else {
            return Self::None;
        };
        let moment = std::str::from_utf8(value).ok();
        let moment = moment.and_then(|text| text.trim().parse::<f64>().ok());
        moment
            .filter(|moment| moment.is_finite())
            .map_or(Self::All, Self::Moment)
    }
}

#[cfg(test)]
mod tests {
    use todo_kit::Secret;

    use super::*;

    fn caller(issued_at: Option<f64>) -> Caller {
        Caller {
            sub: "alice".to_owned(),
            email: None,
            session: Some("s-1".to_owned()),
            issued_at,
            token: Secret::new("token"),
        }
    }

    #[test]
    fn a_mark_revokes_what_was_issued_before_its_moment() {
        for (value, issued_at, is_revoked) in [
            (None, Some(1.0), false),
            (None, None, false),
            (Some("1800000000"), Some(1_799_999_999.0), true),
            (Some("1800000000"), Some(1_800_000_000.0), false),
            (Some("1800000000\n"), Some(1_799_999_999.5), true),
            (Some("1800000000"), None, true),
            (Some("2027-01-15"), Some(1_900_000_000.0), true),
            (Some("inf"), Some(1_900_000_000.0), true),
            (Some(""), Some(1_900_000_000.0), true),
        ] {
            let marks = Marks {
                is_ended: false,
                before: Before::of(value.map(str::as_bytes)),
            };
            assert_eq!(
                marks.revoke(&caller(issued_at)),
                is_revoked,
                "{value:?} {issued_at:?}"
            );
        }
    }

    #[test]
    fn an_ended_session_has_no_good_token() {
        let marks = Marks {
            is_ended: true,
            before: Before::None,
        };
        assert!(marks.revoke(&caller(Some(4e9))));
    }
}

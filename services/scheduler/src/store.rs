//! The reminders in Redis. Every step is one script, with the server's clock, so that replicas need not agree on time.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `due` | sorted set | fire ids that wait, by the time in ms at which they may be taken |
//! | `inflight` | sorted set | fire ids somebody is publishing, by the end of the lease in ms |
//! | `fire` | hash | fire id to [`Fire`] as JSON |
//! | `token` | hash | fire id to the token of who took it last |
//! | `fence` | number | the last token given |
//! | `done` | sorted set | fire ids that were published, by when; kept for the late window |
//! | `version:<task>` | number | the newest version of the task that was seen |
//! | `fires:<task>`, `owner:<owner>` | set, sorted set | what a task and an owner have pending |
//! | `dead` | list | dead letters as `{"event", "reason", "topic"}`, the newest first |

use std::time::Duration;

use jiff::Timestamp;
use redis::{RedisError, Script, ScriptInvocation, Value};
use serde_json::json;
use todo_domain::TaskId;

use todo_kit::Chain;
use todo_kit::events::topic_of;
use todo_kit::redis::Redis;

use crate::fire::Fire;

/// How long after its time a reminder is still set, and how long it is remembered that one was published.
///
/// The two must be the same: what is forgotten as published is then too late to be set again.
const LATE_WINDOW: Duration = Duration::from_hours(24);
/// How long the version of a task without reminders is remembered: longer than any broker redelivers.
const VERSION_MEMORY: Duration = Duration::from_hours(14 * 24);
/// Dead letters kept; the oldest go first.
const DEAD_LETTERS_MAX: isize = 1000;
/// Reminders of each kind that are looked at for the one that waits longest.
const LOOKED_AT: usize = 32;

/// The reminders of one platform.
#[derive(Clone)]
pub struct Store {
    redis: Redis,
    keys: Keys,
    scripts: &'static Scripts,
}

/// A reminder that was taken, to be published and acknowledged before the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What to publish.
    pub fire: Fire,
    /// Proves that it is still ours.
    pub token: i64,
}

/// What one look for due reminders found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The server's time.
    pub now: Timestamp,
    /// At most as many as asked for, those due first in front.
    pub claims: Vec<Claim>,
}

/// What came of setting the reminders of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upserted {
    /// They are set. `missed` of them were over for longer than the late window and were left out.
    Applied {
        /// How many.
        missed: u64,
    },
    /// This or a newer version of the task was seen before; nothing changed.
    Stale,
}

/// A reminder store that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, or an error instead of one.
    #[error("Redis: could not {attempted}")]
    Unavailable {
        /// What was tried.
        attempted: &'static str,
        /// Why it failed.
        source: RedisError,
    },
    /// The stored form of a reminder is not what this version writes.
    #[error("Redis: a stored reminder cannot be read")]
    Unreadable {
        /// Why not.
        source: serde_json::Error,
    },
    /// The server's clock shows a time outside the calendar.
    #[error("Redis: the server's time is out of range")]
    Clock {
        /// Why.
        source: jiff::Error,
    },
}

impl Store {
    /// The reminders of `platform` in `namespace`; several platforms can share a Redis.
    pub fn new(redis: impl Into<Redis>, namespace: &str, platform: &str) -> Self {
        Self {
            redis: redis.into(),
            keys: Keys::new(namespace, platform),
            scripts: scripts(),
        }
    }

    /// Sets the reminders of `task` to exactly `fires`, unless `version` or a newer one was seen before.
    pub async fn upsert(
        &self,
        task: TaskId,
        owner: &str,
        version: i64,
        fires: &[Fire],
    ) -> Result<Upserted, StoreError> {
        self.replace(task, owner, version, false, fires).await
    }

    /// Drops the reminders of a deleted task, until a newer version tells that it came back from the trash.
    pub async fn remove(&self, task: TaskId, owner: &str, version: i64) -> Result<Upserted, StoreError> {
        self.replace(task, owner, version, true, &[]).await
    }

    async fn replace(
        &self,
        task: TaskId,
        owner: &str,
        version: i64,
        is_deletion: bool,
        fires: &[Fire],
    ) -> Result<Upserted, StoreError> {
        let mut call = self.invocation(
            &self.scripts.upsert,
            &["due", "inflight", "fire", "token", "done"],
            &self.keys.of_task(task, owner),
        );
        call.arg(version)
            .arg(i64::from(is_deletion))
            .arg(ms(LATE_WINDOW))
            .arg(VERSION_MEMORY.as_secs());
        for fire in fires {
            let payload = serde_json::to_string(fire).map_err(|source| StoreError::Unreadable { source })?;
            call.arg(fire.id().to_string())
                .arg(fire.at.as_millisecond())
                .arg(payload);
        }
        let answer: Result<(bool, u64), _> = call.invoke_async(&mut self.redis.clone()).await;
        let (applied, missed) = answer.map_err(unavailable("set the reminders of a task"))?;
        Ok(if applied {
            Upserted::Applied { missed }
        } else {
            Upserted::Stale
        })
    }

    /// Takes at most `limit` due reminders; nobody else gets them before `lease` is over.
    pub async fn claim(&self, limit: usize, lease: Duration) -> Result<Claimed, StoreError> {
        let mut call = self.invocation(
            &self.scripts.claim,
            &["due", "inflight", "fire", "token", "fence"],
            &[],
        );
        call.arg(limit).arg(ms(lease));
        let answer: Result<(i64, Vec<(i64, String)>), _> = call.invoke_async(&mut self.redis.clone()).await;
        let (now, taken) = answer.map_err(unavailable("take what is due"))?;
        Ok(Claimed {
            now: instant(now)?,
            claims: taken
                .iter()
                .filter_map(|(token, payload)| claim(*token, payload))
                .collect(),
        })
    }

    /// Forgets a reminder that was published; false when it is no longer ours.
    pub async fn ack(&self, claim: &Claim) -> Result<bool, StoreError> {
        let fire = &claim.fire;
        let mut call = self.invocation(
            &self.scripts.ack,
            &["due", "inflight", "fire", "token", "done"],
            &self.keys.of_task(fire.task_id, &fire.owner),
        );
        call.arg(fire.id().to_string())
            .arg(claim.token)
            .arg(ms(LATE_WINDOW))
            .arg(VERSION_MEMORY.as_secs());
        call.invoke_async(&mut self.redis.clone())
            .await
            .map_err(unavailable("acknowledge a reminder"))
    }

    /// Gives back a reminder that could not be published, to be taken again after `delay`; false when it is no
    /// longer ours.
    pub async fn postpone(&self, claim: &Claim, delay: Duration) -> Result<bool, StoreError> {
        let mut call = self.invocation(&self.scripts.postpone, &["due", "inflight", "token"], &[]);
        call.arg(claim.fire.id().to_string())
            .arg(claim.token)
            .arg(ms(delay));
        call.invoke_async(&mut self.redis.clone())
            .await
            .map_err(unavailable("postpone a reminder"))
    }

    /// At most `limit` reminders of `owner` that were not published yet, the earliest first.
    pub async fn pending(&self, owner: &str, limit: usize) -> Result<Vec<Fire>, StoreError> {
        let keys = [self.keys.owner(owner), self.keys.fixed("fire")];
        let mut call = self.invocation(&self.scripts.pending, &[], &keys);
        let payloads: Result<Vec<String>, _> = call.arg(limit).invoke_async(&mut self.redis.clone()).await;
        payloads
            .map_err(unavailable("list reminders"))?
            .iter()
            .map(|payload| read(payload))
            .collect()
    }

    /// Keeps an event that cannot be handled, and why. The same one again is kept once; the oldest of more than 1000
    /// goes.
    pub async fn bury(&self, reason: &str, body: &[u8]) -> Result<(), StoreError> {
        let key = self.keys.fixed("dead");
        let event = String::from_utf8_lossy(body);
        let letter = json!({"reason": reason, "event": event, "topic": topic_of(body)}).to_string();
        let mut both = redis::pipe();
        both.atomic()
            .lrem(&key, 0, &letter)
            .lpush(&key, &letter)
            .ltrim(&key, 0, DEAD_LETTERS_MAX - 1);
        let kept: Result<Value, _> = both.query_async(&mut self.redis.clone()).await;
        kept.map(drop).map_err(unavailable("keep a dead letter"))
    }

    /// How many dead letters are kept of each topic; topics without any are left out.
    pub async fn dead_letters(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let call = self.invocation(&self.scripts.letters, &["dead"], &[]);
        call.invoke_async(&mut self.redis.clone())
            .await
            .map_err(unavailable("count the dead letters"))
    }

    /// How long the reminder waits that waits longest after its time, in seconds; 0 when none does. Of many that wait, some
    /// are looked at, those that were to be taken first.
    pub async fn due_lag_seconds(&self) -> Result<f64, StoreError> {
        let mut call = self.invocation(&self.scripts.waiting, &["due", "inflight", "fire"], &[]);
        call.arg(LOOKED_AT);
        let answer: Result<(i64, Vec<String>), _> = call.invoke_async(&mut self.redis.clone()).await;
        let (now, waiting) = answer.map_err(unavailable("look for what waits longest"))?;
        let now = instant(now)?;
        let times = waiting.iter().filter_map(|payload| read(payload).ok());
        let earliest = times.map(|fire| fire.at).min();
        Ok(earliest.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0)))
    }

    fn invocation<'a>(&self, script: &'a Script, fixed: &[&str], keys: &[String]) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        for name in fixed {
            call.key(self.keys.fixed(name));
        }
        for key in keys {
            call.key(key);
        }
        call
    }
}

/// Key names. All carry one hash tag, so that one script touches one slot of a cluster.
#[derive(Debug, Clone)]
struct Keys {
    prefix: String,
}

impl Keys {
    fn new(namespace: &str, platform: &str) -> Self {
        Self {
            prefix: format!("todo-scheduler:{{{namespace}.{platform}}}"),
        }
    }

    fn fixed(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    fn owner(&self, owner: &str) -> String {
        format!("{}:owner:{owner}", self.prefix)
    }

    /// What the scripts call `version`, `fires` and `owner`.
    fn of_task(&self, task: TaskId, owner: &str) -> [String; 3] {
        [
            format!("{}:version:{task}", self.prefix),
            format!("{}:fires:{task}", self.prefix),
            self.owner(owner),
        ]
    }
}

struct Scripts {
    upsert: Script,
    claim: Script,
    ack: Script,
    postpone: Script,
    pending: Script,
    waiting: Script,
    letters: Script,
}

fn scripts() -> &'static Scripts {
    static SCRIPTS: std::sync::LazyLock<Scripts> = std::sync::LazyLock::new(|| Scripts {
        upsert: Script::new(include_str!("store/upsert.lua")),
        claim: Script::new(include_str!("store/claim.lua")),
        ack: Script::new(include_str!("store/ack.lua")),
        postpone: Script::new(include_str!("store/postpone.lua")),
        pending: Script::new(include_str!("store/pending.lua")),
        waiting: Script::new(include_str!("store/waiting.lua")),
        letters: Script::new(include_str!("store/letters.lua")),
    });
    &SCRIPTS
}

/// What was taken, or nothing when another version of this service wrote what we cannot read: it must not hold up the
/// others, and comes back when the lease ends.
fn claim(token: i64, payload: &str) -> Option<Claim> {
    match read(payload) {
        Ok(fire) => Some(Claim { fire, token }),
        Err(error) => {
            tracing::error!(error.chain = %Chain(&error), "a stored reminder cannot be read and stays where it is");
            None
        }
    }
}

fn read(payload: &str) -> Result<Fire, StoreError> {
    serde_json::from_str(payload).map_err(|source| StoreError::Unreadable { source })
}

fn instant(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|source| StoreError::Clock { source })
}

fn unavailable(attempted: &'static str) -> impl FnOnce(RedisError) -> StoreError {
    move |source| StoreError::Unavailable { attempted, source }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_and_namespaces_do_not_share_keys() {
        let keys = Keys::new("default", "todo");
        assert_eq!(keys.fixed("due"), "todo-scheduler:{default.todo}:due");
        assert_ne!(
            Keys::new("default", "todo").prefix,
            Keys::new("other", "todo").prefix
        );
        assert_ne!(
            Keys::new("default", "todo").prefix,
            Keys::new("default", "todo2").prefix
        );
    }
}

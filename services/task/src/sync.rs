//! How far a client has come: the number it has seen in each space, in a token that only we read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use todo_domain::ProjectId;
use todo_kit::problem::{self, Problem};
use uuid::Uuid;

use crate::list::ListKey;
use crate::store::{SYNC_DAYS, SyncChange};

/// The form of a token's bytes; the first of them.
const VERSION: u8 = 1;
/// A space and its number.
const ENTRY: usize = 24;

/// What a client knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyncToken {
    /// When the client last knew everything, or began to ask for it.
    pub(crate) since: Timestamp,
    /// The last number it saw of each space; `None` is what its user has alone.
    pub(crate) seen: BTreeMap<Option<ProjectId>, i64>,
}

impl SyncToken {
    /// That of a client that knows nothing at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            seen: BTreeMap::new(),
        }
    }

    /// As text, for that user.
    pub(crate) fn write(&self, user: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&key(user).0);
        bytes.extend_from_slice(&self.since.as_millisecond().to_be_bytes());
        for (space, number) in &self.seen {
            bytes.extend_from_slice(space.map_or(Uuid::nil(), |id| id.0).as_bytes());
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What was written for that user. 400 for any other text, 410 for a token that is too old at `now`.
    pub(crate) fn read(text: &str, user: &str, now: Timestamp) -> Result<Self, Problem> {
        let token = Self::parse(text, user).ok_or_else(|| Problem::new(problem::BAD_CURSOR))?;
        if token.since + SignedDuration::from_hours(24 * i64::from(SYNC_DAYS)) < now {
            let detail = "drop what you have and ask without a token";
            return Err(Problem::new(problem::SYNC_TOKEN_EXPIRED).detail(detail));
        }
        Ok(token)
    }

    fn parse(text: &str, user: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let rest = bytes.strip_prefix(&[VERSION])?.strip_prefix(&key(user).0)?;
        let (since, rest) = rest.split_first_chunk::<8>()?;
        let (entries, odd) = rest.as_chunks::<ENTRY>();
        let entry = |entry: &[u8; ENTRY]| {
            let (space, number) = entry.split_first_chunk::<16>()?;
            let space = Uuid::from_bytes(*space);
            let number = i64::from_be_bytes(number.try_into().ok()?);
            Some(((!space.is_nil()).then_some(ProjectId(space)), number))
        };
        let since = Timestamp::from_millisecond(i64::from_be_bytes(*since)).ok()?;
        // Else the end of its time could lie outside the calendar.
        let is_time = (0..=MILLIS_MAX).contains(&since.as_millisecond());
        (is_time && odd.is_empty()).then_some(())?;
        Some(Self {
            since,
            seen: entries.iter().map(entry).collect::<Option<_>>()?,
        })
    }

    /// Takes out the projects that are not `mine`, and gives them; those that are new are seen from their beginning.
    pub(crate) fn keep(&mut self, mine: &[ProjectId]) -> Vec<ProjectId> {
        let known = std::mem::take(&mut self.seen);
        let spaces = mine.iter().copied().map(Some).chain([None]);
        self.seen = spaces
            .map(|space| (space, known.get(&space).copied().unwrap_or(0)))
            .collect();
        let lost = known.into_keys().flatten();
        lost.filter(|id| !mine.contains(id)).collect()
    }

    /// Takes note of what the client is told; `is_all` when that is everything at `now`.
    pub(crate) fn advance(&mut self, told: &[SyncChange], is_all: bool, now: Timestamp) {
        for change in told {
            self.seen.insert(change.space, change.number);
        }
        if is_all {
            self.since = now;
        }
    }
}

/// The end of the year 9000.
const MILLIS_MAX: i64 = 221_845_391_999_999;

fn key(user: &str) -> ListKey {
    ListKey::of(&[&"sync", &user])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(number: u128) -> ProjectId {
        ProjectId(Uuid::from_u128(number))
    }

    fn token() -> SyncToken {
        SyncToken {
            since: "2026-11-21T12:00:00.001Z".parse().expect("a time"),
            seen: BTreeMap::from([(None, 7), (Some(project(1)), i64::MAX), (Some(project(2)), 0)]),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written_by_its_user_only() {
        let token = token();
        let text = token.write("alice");
        let read = |text: &str, user| {
            let read = SyncToken::read(text, user, token.since);
            read.map_err(|problem| problem.kind().code)
        };
        assert_eq!(read(&text, "alice"), Ok(token.clone()));
        assert_eq!(read(&text, "bob"), Err("bad_cursor"));
        for end in 0..text.len() {
            assert_ne!(read(&text[..end], "alice"), Ok(token.clone()), "{end}");
        }
        assert_eq!(read("", "alice"), Err("bad_cursor"));
        assert_eq!(read("it's", "alice"), Err("bad_cursor"));
    }

    #[test]
    fn a_token_is_good_for_45_days() {
        let text = token().write("alice");
        let after = |hours| token().since + SignedDuration::from_hours(hours);
        assert!(SyncToken::read(&text, "alice", after(45 * 24)).is_ok());
        let problem = SyncToken::read(&text, "alice", after(45 * 24 + 1)).expect_err("too old");
        assert_eq!(problem.kind().code, "sync_token_expired");
    }

    #[test]
    fn projects_that_are_lost_are_told_once_and_new_ones_begin() {
        let mut token = token();
        assert_eq!(token.keep(&[project(2), project(3)]), [project(1)]);
        let expected = BTreeMap::from([(None, 7), (Some(project(2)), 0), (Some(project(3)), 0)]);
        assert_eq!(token.seen, expected);
        assert_eq!(token.keep(&[project(2), project(3)]), []);
    }

    #[test]
    fn its_time_begins_anew_only_when_everything_was_told() {
        let change = SyncChange {
            space: None,
            number: 9,
            id: todo_domain::TaskId(Uuid::from_u128(1)),
            task: None,
        };
        let mut token = token();
        let (since, later) = (token.since, token.since + SignedDuration::from_hours(1));
        token.advance(std::slice::from_ref(&change), false, later);
        assert_eq!((token.seen[&None], token.since), (9, since));
        token.advance(&[], true, later);
        assert_eq!((token.seen[&None], token.since), (9, later));
    }
}

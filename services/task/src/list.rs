//! Lists by pages: each cursor says where the page before it ended, and fits only the list that it was made for.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use todo_domain::{FIRST_INSTANT, Position, Task, TaskId};
use todo_kit::problem::{self, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// Entries of a page when nobody says.
const LIMIT_DEFAULT: usize = 50;
/// Most entries of a page.
const LIMIT_MAX: usize = 200;
/// The form of a cursor's bytes; the first of them.
const VERSION: u8 = 2;

/// The order of a list of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// The newest first.
    #[default]
    Created,
    /// What is due first; what is not due comes last, in the order of its making.
    Due,
    /// As users have put them.
    Position,
}

impl Sort {
    /// Where a task stands in this order.
    pub(crate) fn place(self, task: &Task) -> Place {
        let key = match self {
            Self::Created => String::new(),
            Self::Due => due_key(task.due_at),
            Self::Position => task.position.as_str().to_owned(),
        };
        Place { key, id: task.id }
    }

    /// Whether PostgreSQL can read this key again, which somebody else may have made up.
    fn knows(self, key: &str) -> bool {
        match self {
            Self::Created => key.is_empty(),
            Self::Due => key == NEVER || key.parse::<Timestamp>().is_ok_and(|due| due >= FIRST_INSTANT),
            Self::Position => Position::from(key.to_owned()).is_well_formed(),
        }
    }
}

/// The key of what is not due; PostgreSQL's word.
const NEVER: &str = "infinity";

/// An instant as PostgreSQL reads it.
fn due_key(due_at: Option<Timestamp>) -> String {
    due_at.map_or_else(|| NEVER.to_owned(), |due_at| due_at.to_string())
}

/// Where an entry stands in a list: no two entries have the same place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// What the list is sorted by, as text that PostgreSQL reads.
    pub(crate) key: String,
    /// Tells apart what has the same key.
    pub(crate) id: TaskId,
}

/// What a cursor is bound to: everything about the list but the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListKey(pub(crate) [u8; 8]);

impl ListKey {
    /// The key of a list that is described by `parts`, each of which is what a client asked for.
    pub(crate) fn of(parts: &[&dyn fmt::Debug]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(format!("{part:?}\n"));
        }
        let mut key = [0; 8];
        key.copy_from_slice(&hash.finalize()[..8]);
        Self(key)
    }

    /// The cursor of what follows `place`.
    fn cursor(self, place: &Place) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(place.id.0.as_bytes());
        bytes.extend_from_slice(place.key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place in a cursor that was made for this list, which is in the order `sort`; 400 for any other.
    pub(crate) fn read(self, cursor: &str, sort: Sort) -> Result<Place, Problem> {
        self.parse(cursor)
            .filter(|place| sort.knows(&place.key))
            .ok_or_else(|| Problem::new(problem::BAD_CURSOR))
    }

    /// What `understand` makes of the key in a cursor that was made for this list; 400 for any other, and when it makes
    /// nothing of it.
    pub(crate) fn read_key<T>(
        self,
        cursor: &str,
        understand: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        self.parse(cursor)
            .and_then(|place| understand(&place.key))
            .ok_or_else(|| Problem::new(problem::BAD_CURSOR))
    }

    fn parse(self, cursor: &str) -> Option<Place> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let rest = bytes.strip_prefix(&[VERSION])?.strip_prefix(&self.0)?;
        let (id, key) = rest.split_first_chunk::<16>()?;
        Some(Place {
            key: std::str::from_utf8(key).ok()?.to_owned(),
            id: TaskId(Uuid::from_bytes(*id)),
        })
    }
}

/// An instant as PostgreSQL can compare with it: the same, or the first that a task can have.
pub(crate) fn comparable(instant: Timestamp) -> Timestamp {
    instant.max(FIRST_INSTANT)
}

/// How many entries a page is to have; 400 outside 1 to 200.
pub(crate) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(LIMIT_DEFAULT);
    if (1..=LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::new(problem::BAD_REQUEST).detail(format!("limit must be 1 to {LIMIT_MAX}")))
    }
}

/// One more than is shown tells whether there is a next page.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries, in the order of the list.
    items: Vec<T>,
    /// Gives the next page; `null` on the last.
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page of `limit` entries that `found` begins with; it has one more when there is a next page.
    pub(crate) fn of(mut found: Vec<T>, limit: usize, key: ListKey, place: impl Fn(&T) -> Place) -> Self {
        let has_next = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| has_next);
        Self {
            next_cursor: last.map(|last| key.cursor(&place(last))),
            items: found,
        }
    }

    /// The same page, with what `show` makes of each entry.
    pub(crate) fn map<U>(self, show: impl Fn(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(show).collect(),
            next_cursor: self.next_cursor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(key: &str) -> Place {
        Place {
            key: key.to_owned(),
            id: TaskId(Uuid::from_u128(7)),
        }
    }

    #[test]
    fn a_cursor_fits_only_the_list_it_was_made_for() {
        let lists = [
            ListKey::of(&[&"a", &"b"]),
            ListKey::of(&[&"ab"]),
            ListKey::of(&[&"a"]),
            ListKey::of(&[&Some("a"), &None::<u8>]),
            ListKey::of(&[&None::<u8>, &Some("a")]),
        ];
        for (index, made_for) in lists.iter().enumerate() {
            for key in ["", "infinity", "2026-11-21T12:00:00.001Z"] {
                let cursor = made_for.cursor(&place(key));
                for (other, asked) in lists.iter().enumerate() {
                    let expected = (index == other).then(|| place(key));
                    assert_eq!(asked.parse(&cursor), expected, "{index} {other}");
                }
            }
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        let list = ListKey::of(&[&"a"]);
        for text in ["", "AA", "not base64!", "////////////////////////"] {
            assert_eq!(list.parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_key_that_postgresql_could_not_read_is_refused() {
        let list = ListKey::of(&[&"a"]);
        let table = [
            (Sort::Created, "", true),
            (Sort::Created, "x", false),
            (Sort::Due, "infinity", true),
            (Sort::Due, "2026-11-21T12:00:00.001Z", true),
            (Sort::Due, "-000001-01-01T00:00:00Z", false),
            (Sort::Due, "", false),
            (Sort::Due, "00000001", false),
            (Sort::Position, "00000001", true),
            (Sort::Position, "it's", false),
            (Sort::Position, "", false),
        ];
        for (sort, key, is_known) in table {
            let read = list.read(&list.cursor(&place(key)), sort);
            assert_eq!(read.is_ok(), is_known, "{sort:?} {key:?}");
        }
    }

    #[test]
    fn there_is_a_next_page_only_when_there_is_more() {
        let list = ListKey::of(&[&"a"]);
        let page = |found: Vec<u8>| Page::of(found, 2, list, |_| place("x"));
        let (two, three) = (page(vec![1, 2]), page(vec![1, 2, 3]));
        assert_eq!((two.items.len(), two.next_cursor), (2, None));
        assert_eq!((three.items.len(), three.next_cursor.is_some()), (2, true));
    }
}

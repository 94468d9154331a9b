//! Where a list goes on: opaque to clients, bound to the filter it was made for.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use todo_domain::{Status, TaskId};
use uuid::Uuid;

/// The form of the bytes; the first of them.
const VERSION: u8 = 1;

/// The last task that a client has seen of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) status: Option<Status>,
    pub(crate) last: TaskId,
}

impl Cursor {
    /// The cursor in `text`, if it was made for a list with this filter.
    pub(crate) fn read(text: &str, status: Option<Status>) -> Option<Self> {
        let bytes: [u8; 18] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let [version, filter, id @ ..] = bytes;
        (version == VERSION && filter == filter_byte(status)).then(|| Self {
            status,
            last: TaskId(Uuid::from_bytes(id)),
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION, filter_byte(self.status)];
        bytes.extend_from_slice(self.last.0.as_bytes());
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// 0 for no filter, else the place of the status.
fn filter_byte(status: Option<Status>) -> u8 {
    match status {
        None => 0,
        Some(Status::Open) => 1,
        Some(Status::InProgress) => 2,
        Some(Status::Waiting) => 3,
        Some(Status::Done) => 4,
        Some(Status::Cancelled) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_only_the_list_it_was_made_for() {
        let last = TaskId(Uuid::from_u128(7));
        let filters: Vec<_> = std::iter::once(None).chain(Status::ALL.map(Some)).collect();
        for made_for in &filters {
            let text = Cursor {
                status: *made_for,
                last,
            }
            .to_string();
            for asked in &filters {
                let expected = (asked == made_for).then_some(Cursor { status: *asked, last });
                assert_eq!(Cursor::read(&text, *asked), expected);
            }
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for text in ["", "AA", "not base64!", "////////////////////////"] {
            assert_eq!(Cursor::read(text, None), None, "{text:?}");
        }
    }
}

//! A position in the list as the opaque cursor that clients get.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::Position;

impl Position {
    /// The cursor: base64 of microseconds and id. It shows nothing but what the list shows, and a forged one only
    /// begins elsewhere in the caller's own list.
    pub(super) fn written(self) -> String {
        let mut bytes = self.created_at.as_microsecond().to_be_bytes().to_vec();
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position that a cursor of ours names.
    pub(super) fn read(cursor: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (at, id) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            created_at: Timestamp::from_microsecond(i64::from_be_bytes(*at)).ok()?,
            id: Uuid::from_slice(id).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nonsense_is_not() {
        let position = Position {
            created_at: "2026-11-21T12:00:00.123456Z".parse().unwrap(),
            id: Uuid::from_u128(7),
        };
        assert_eq!(Position::read(&position.written()), Some(position));
        let too_long = URL_SAFE_NO_PAD.encode([0; 25]);
        let too_late = URL_SAFE_NO_PAD.encode([0x7f; 24]);
        for nonsense in ["", "AAAA", "§", &too_long, &too_late] {
            assert_eq!(Position::read(nonsense), None, "{nonsense}");
        }
    }
}

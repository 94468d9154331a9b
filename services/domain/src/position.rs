//! Where a task stands among the others of its space: a text between whose neighbours there is always room for another.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Longest position, in characters. Reached after some 1400 moves that each go into the gap of the one before.
pub const POSITION_MAX_CHARS: usize = 250;

/// The digits in the order of their bytes, so that texts compare as the numbers that they stand for.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: u64 = DIGITS.len() as u64;
/// Digits before the point: enough for the milliseconds of the next six thousand years.
const WHOLE_DIGITS: usize = 8;
/// How many whole numbers there are.
const WHOLE_END: u64 = BASE.pow(8);

/// A number in base 62: eight digits, then those behind the point, the last of which is not `0`.
///
/// Compared byte by byte. What the service places at the end has the milliseconds of that moment before the point, so
/// it lies behind everything that was placed earlier without looking for it. Reading one from JSON checks nothing; a
/// task in an event of before there were positions has the empty one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Position(String);

impl Position {
    /// The end of every list at `now`. The last 80 bits of `id` tell those of one millisecond apart, in the order of
    /// their ids.
    pub fn at_end(now: Timestamp, id: Uuid) -> Self {
        let whole = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let tail = format!("{:020x}", id.as_u128() & (u128::MAX >> 48));
        Self::of(whole.min(WHOLE_END - 1), tail.trim_end_matches('0'))
    }

    /// A position strictly between the two, as short as can be; `None` for no neighbour on that side. None when `low`
    /// does not lie before `high`, or when it would be longer than [`POSITION_MAX_CHARS`].
    pub fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        let (low, high) = (low.map(Self::parts), high.map(Self::parts));
        let found = match (low, high) {
            (None, None) => Self::of(WHOLE_END / 2, ""),
            (Some((whole, fraction)), None) => {
                if whole + 1 < WHOLE_END {
                    Self::of(whole + 1, "")
                } else {
                    Self::of(whole, &middle(fraction, None))
                }
            }
            (None, Some((whole, fraction))) => match whole.checked_sub(1) {
                Some(before) => Self::of(before, ""),
                None if fraction.is_empty() => return None,
                None => Self::of(0, &middle("", Some(fraction))),
            },
            (Some(low), Some(high)) if low < high => Self::inside(low, high),
            (Some(_), Some(_)) => return None,
        };
        (found.0.len() <= POSITION_MAX_CHARS).then_some(found)
    }

    /// Whether it has the form that this service gives to positions.
    pub fn is_well_formed(&self) -> bool {
        let text = self.0.as_bytes();
        let has_length = (WHOLE_DIGITS..=POSITION_MAX_CHARS).contains(&text.len());
        let ends_well = text.len() == WHOLE_DIGITS || text.last() != Some(&b'0');
        has_length && ends_well && text.iter().all(u8::is_ascii_alphanumeric)
    }

    /// The text as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn inside((low, low_fraction): (u64, &str), (high, high_fraction): (u64, &str)) -> Self {
        let half = low.midpoint(high);
        if half > low {
            Self::of(half, "")
        } else if low == high {
            Self::of(low, &middle(low_fraction, Some(high_fraction)))
        } else if high_fraction.is_empty() {
            Self::of(low, &middle(low_fraction, None))
        } else {
            Self::of(high, "")
        }
    }

    fn of(whole: u64, fraction: &str) -> Self {
        let digit = |place: usize| digit(whole / BASE.pow(u32::try_from(place).unwrap_or(0)) % BASE);
        let mut text: String = (0..WHOLE_DIGITS).rev().map(digit).collect();
        text.push_str(fraction);
        Self(text)
    }

    /// What stands before the point and behind it.
    fn parts(&self) -> (u64, &str) {
        let (whole, fraction) = self.0.split_at_checked(WHOLE_DIGITS).unwrap_or((&self.0, ""));
        let whole = whole.bytes().fold(0, |whole, byte| whole * BASE + value(byte));
        (whole, fraction)
    }
}

impl From<String> for Position {
    /// A text that was stored; not checked.
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Digits between `low` and `high`, which is above it; `None` is 1. The last of them is not `0`.
fn middle(low: &str, high: Option<&str>) -> String {
    let mut low = low.bytes().map(value);
    let mut high = high.map(|high| high.bytes().map(value));
    let mut digits = String::new();
    loop {
        let below = low.next().unwrap_or(0);
        let above = high.as_mut().map_or(BASE, |high| high.next().unwrap_or(0));
        if above > below + 1 {
            digits.push(digit(below.midpoint(above)));
            return digits;
        }
        digits.push(digit(below));
        if above == below + 1 {
            // Whatever follows here lies below `high` already.
            high = None;
        }
    }
}

fn digit(value: u64) -> char {
    let place = usize::try_from(value).unwrap_or(usize::MAX);
    DIGITS.get(place).copied().map_or('0', char::from)
}

/// What a digit stands for; 0 for what is none.
fn value(digit: u8) -> u64 {
    DIGITS
        .iter()
        .position(|known| *known == digit)
        .map_or(0, |place| place as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Position {
        Position(text.to_owned())
    }

    #[test]
    fn each_gap_has_room() {
        let table = [
            (None, None, "V0000000"),
            (Some("00000001"), None, "00000002"),
            (None, Some("00000001"), "00000000"),
            (None, Some("00000000V"), "00000000F"),
            (Some("00000001"), Some("00000009"), "00000005"),
            (Some("00000001"), Some("00000002"), "00000001V"),
            (Some("00000001z"), Some("00000002"), "00000001zV"),
            (Some("00000001z"), Some("000000021"), "00000002"),
            (Some("00000001"), Some("000000011"), "000000010V"),
            (Some("000000011"), Some("000000012"), "000000011V"),
            (Some("zzzzzzzz"), None, "zzzzzzzzV"),
        ];
        for (low, high, expected) in table {
            let (low_at, high_at) = (low.map(at), high.map(at));
            let found = Position::between(low_at.as_ref(), high_at.as_ref());
            assert_eq!(found, Some(at(expected)), "{low:?} {high:?}");
        }
    }

    #[test]
    fn there_is_nothing_before_the_first_and_between_equals() {
        assert_eq!(Position::between(None, Some(&at("00000000"))), None);
        assert_eq!(
            Position::between(Some(&at("00000001")), Some(&at("00000001"))),
            None
        );
        assert_eq!(
            Position::between(Some(&at("00000002")), Some(&at("00000001"))),
            None
        );
    }

    #[test]
    fn the_end_moves_on_with_time_and_ids() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let later = now + jiff::SignedDuration::from_millis(1);
        let [one, two] = [1, 2].map(|id| Position::at_end(now, Uuid::from_u128(id << 20)));
        let next = Position::at_end(later, Uuid::from_u128(1));
        assert!(one < two && two < next, "{one:?} {two:?} {next:?}");
        assert_eq!(one.as_str(), "0Vbbm4fI000000000000001");
    }

    #[test]
    fn moving_to_the_front_again_and_again_costs_no_length() {
        let mut first = Position::at_end("2026-11-21T12:00:00Z".parse().unwrap(), Uuid::from_u128(7));
        for _ in 0..10_000 {
            first = Position::between(None, Some(&first)).unwrap();
        }
        assert_eq!(first.as_str().len(), WHOLE_DIGITS);
    }

    #[test]
    fn a_gap_is_used_up_only_after_a_thousand_moves_into_it() {
        let (mut low, mut high) = (at("0Vbbm4fI"), at("0Vbbm4fJ"));
        let mut moves = 0;
        while let Some(between) = Position::between(Some(&low), Some(&high)) {
            // From both sides in turn: the worst that can be done.
            if moves % 2 == 0 {
                low = between;
            } else {
                high = between;
            }
            moves += 1;
        }
        assert!(moves > 1000, "{moves}");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "0000000",
            "000000010",
            "0000000é",
            "0000000-",
            &"1".repeat(251),
        ] {
            assert!(!at(text).is_well_formed(), "{text:?}");
        }
        assert!(at(&"1".repeat(250)).is_well_formed());
    }

    fn any_position() -> impl Strategy<Value = Position> {
        "[0-9A-Za-z]{8}([0-9A-Za-z]{0,20}[1-9A-Za-z])?".prop_map(Position)
    }

    proptest! {
        #[test]
        fn between_lies_between(one in any_position(), other in any_position()) {
            prop_assume!(one != other);
            let (low, high) = if one < other { (one, other) } else { (other, one) };
            let found = Position::between(Some(&low), Some(&high)).unwrap();
            prop_assert!(low < found && found < high, "{low:?} {found:?} {high:?}");
            prop_assert!(found.is_well_formed());
        }

        #[test]
        fn there_is_always_something_behind_and_mostly_before(position in any_position()) {
            let behind = Position::between(Some(&position), None).unwrap();
            prop_assert!(behind > position && behind.is_well_formed());
            if let Some(before) = Position::between(None, Some(&position)) {
                prop_assert!(before < position && before.is_well_formed());
            } else {
                prop_assert_eq!(position.as_str(), "00000000");
            }
        }

        #[test]
        fn a_list_that_is_shuffled_by_moves_stays_in_order(moves in proptest::collection::vec((0_usize..10, 0_usize..10), 0..200)) {
            let now = "2026-11-21T12:00:00Z".parse().unwrap();
            let mut list: Vec<_> = (0..10).map(|id| Position::at_end(now, Uuid::from_u128(id << 30))).collect();
            for (from, to) in moves {
                list.remove(from);
                let place = Position::between(
                    to.checked_sub(1).and_then(|before| list.get(before)),
                    list.get(to),
                );
                list.insert(to, place.unwrap());
                prop_assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
            }
        }
    }
}

//! Two hours of a platform that nobody had: an ordinary morning, a rush, and a broker that is away for twelve minutes.
//! Everything is a function of the minute, so that every run tells the same.

use std::ops::Range;

/// Monday, 2 March 2026, 08:00 UTC.
pub(crate) const BEGIN: i64 = 1_772_438_400;
/// How long it goes, in seconds.
pub(crate) const LENGTH: i64 = 2 * 60 * 60;
/// Time between two scrapes, in seconds.
pub(crate) const SCRAPE: i64 = 30;

/// A moment at which everything is asked how it is.
pub(crate) struct Scrape {
    /// In seconds since 1970.
    pub(crate) at: i64,
    /// Of the story.
    pub(crate) minute: f64,
    /// From -1 to 1, of each series its own.
    pub(crate) noise: f64,
}

/// Minutes in which three times as many requests come.
const RUSH: Range<f64> = 34.0..50.0;
/// Minutes in which the broker is away.
const OUTAGE: Range<f64> = 74.0..86.0;
/// Minutes that it takes afterwards until nobody is behind.
const CATCHING_UP: f64 = 5.0;

/// How many requests come, of an ordinary moment's.
pub(crate) fn load(minute: f64) -> f64 {
    1.0 + 0.13 * (minute / 9.0).sin() + 0.05 * (minute / 2.3).sin() + 2.0 * rush(minute)
}

/// From 0 to 1: how much of the rush there is.
pub(crate) fn rush(minute: f64) -> f64 {
    let (after, before) = (minute - RUSH.start, RUSH.end - minute);
    (after.min(before) / 4.0).clamp(0.0, 1.0)
}

/// Whether the broker is away.
pub(crate) fn is_away(minute: f64) -> bool {
    OUTAGE.contains(&minute)
}

/// Whether anything of the outage is still felt.
pub(crate) fn is_behind(minute: f64) -> bool {
    (OUTAGE.start..OUTAGE.end + CATCHING_UP).contains(&minute)
}

/// Whether the outage has been.
pub(crate) fn is_after(minute: f64) -> bool {
    minute >= OUTAGE.end
}

/// How old the oldest event is that did not get through, in seconds.
pub(crate) fn oldest_age(minute: f64) -> f64 {
    let grown = (minute.min(OUTAGE.end) - OUTAGE.start).max(0.0);
    let left = 1.0 - (minute - OUTAGE.end).max(0.0) / CATCHING_UP;
    60.0 * grown * left.max(0.0)
}

/// How fast events get through, of how fast they come: not at all, then faster until nobody is behind.
pub(crate) fn delivery(minute: f64) -> f64 {
    if is_away(minute) {
        0.0
    } else if is_behind(minute) {
        1.0 + (OUTAGE.end - OUTAGE.start) / CATCHING_UP
    } else {
        1.0
    }
}

/// Share of requests that are answered with 5xx.
pub(crate) fn failing(minute: f64) -> f64 {
    0.0006 + 0.022 * (rush(minute) - 0.5).max(0.0) + if is_away(minute) { 0.002 } else { 0.0 }
}

/// How many times longer than usual everything takes.
pub(crate) fn slowness(minute: f64) -> f64 {
    1.0 + 1.4 * rush(minute) + 0.08 * (minute / 3.1).sin()
}

/// From -1 to 1, another one for each name and moment, and the same in every run.
pub(crate) fn noise(name: &str, at: i64) -> f64 {
    // FNV-1a, and what SplitMix64 ends with.
    let mut hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^= at.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    f64::from(u32::try_from(hash >> 32).unwrap_or_default()) / f64::from(u32::MAX) * 2.0 - 1.0
}

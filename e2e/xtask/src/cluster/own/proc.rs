//! Processes as the kernel shows them: `/proc`.

use std::collections::BTreeMap;

use crate::run::Cmd;

/// `roots` and all that descends from them.
pub(super) fn family(roots: &[u32], parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut family = roots.to_vec();
    let mut checked = 0;
    while checked < family.len() {
        let parent = family[checked];
        let children = parents
            .iter()
            .filter(|(_, of)| **of == parent)
            .map(|(child, _)| *child);
        let fresh: Vec<_> = children.filter(|child| !family.contains(child)).collect();
        family.extend(fresh);
        checked += 1;
    }
    family
}

/// Parent of each living process.
pub(super) fn parents() -> BTreeMap<u32, u32> {
    pids()
        .into_iter()
        .filter_map(|pid| Some((pid, stat(pid).filter(|stat| !stat.is_zombie)?.parent)))
        .collect()
}

pub(super) fn pids() -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}

pub(super) fn signal(name: &str, pids: &[u32]) {
    if !pids.is_empty() {
        let pids: Vec<_> = pids.iter().map(ToString::to_string).collect();
        // One that ended in the meantime makes it fail; whether all are gone is looked at afterwards.
        Cmd::new("sh")
            .args(["-c", "kill -s \"$0\" \"$@\"", name])
            .args(pids)
            .succeeds();
    }
}

/// Resident memory in KiB.
pub(super) fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) is_zombie: bool,
    pub(super) parent: u32,
    /// Clock ticks since the machine's start.
    pub(super) started: u64,
}

pub(super) fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3, 4 and 22 of `/proc/<pid>/stat` (proc(5)); the second one, the name in parentheses, may
/// hold spaces and parentheses itself.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<_> = rest.split(' ').collect();
    Some(Stat {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_parenthesis_does_not_confuse_the_fields() {
        let text = "7 (a) b) Z 3 7 7 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 1234 9 9";
        assert_eq!(
            parse_stat(text),
            Some(Stat {
                is_zombie: true,
                parent: 3,
                started: 1234
            })
        );
    }

    #[test]
    fn a_family_holds_grandchildren_and_no_strangers() {
        let parents = [(2, 1), (3, 2), (4, 3), (5, 1), (6, 5)].into();
        assert_eq!(family(&[2], &parents), [2, 3, 4]);
    }
}

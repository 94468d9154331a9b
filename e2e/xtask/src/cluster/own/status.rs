//! What runs, in a few lines.

use std::fmt::Write;

use super::processes::Known;
use super::{Own, State};

impl Own<'_> {
    /// Lines for a person; the first one says the level and whether it is up.
    pub(crate) fn describe(&self) -> String {
        describe(
            self.level.name(),
            self.state().as_ref(),
            self.is_up(),
            &self.processes().known(),
            &|name| self.processes().log(name).display().to_string(),
        )
    }
}

fn describe(
    level: &str,
    state: Option<&State>,
    is_up: bool,
    processes: &[Known],
    log: &dyn Fn(&str) -> String,
) -> String {
    let mut text = match state {
        None => return format!("{level}: down\n"),
        Some(_) if is_up => format!("{level}: up\n"),
        Some(_) => format!("{level}: interrupted; `cargo xtask cluster up` or `down` mends it\n"),
    };
    for Known { name, pid, resident } in processes {
        let line = match resident {
            Some(kib) => format!("  {name:<24} pid {pid:<8} {:>5} MiB", kib / 1024),
            None => format!("  {name:<24} NOT RUNNING, see {}", log(name)),
        };
        writeln!(text, "{line}").expect("a string takes every line");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::control_plane::Ports;
    use super::*;
    use crate::cluster::Level;

    fn shown(state: Option<&State>, is_up: bool) -> String {
        let processes = [
            Known {
                name: "etcd".to_owned(),
                pid: 7,
                resident: Some(45 * 1024),
            },
            Known {
                name: "kubelet".to_owned(),
                pid: 8,
                resident: None,
            },
        ];
        describe("node", state, is_up, &processes, &|name| format!("/c/{name}.log"))
    }

    #[test]
    fn a_process_that_ended_is_named_with_its_log() {
        let ports = Ports {
            api: 1,
            etcd: 2,
            etcd_peers: 3,
        };
        let state = State {
            level: Level::Node,
            ports,
            boot: "b".to_owned(),
            ready: true,
        };
        let expected = "node: up\n  \
            etcd                     pid 7           45 MiB\n  \
            kubelet                  NOT RUNNING, see /c/kubelet.log\n";
        assert_eq!(shown(Some(&state), true), expected);
        assert!(shown(Some(&state), false).starts_with("node: interrupted"));
        assert_eq!(shown(None, false), "node: down\n");
    }
}

//! The cluster's processes: started detached, known by pid and start time, stopped for certain.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::proc::{family, parents, pids, resident, signal, stat};
use crate::dirs;
use crate::run::Cmd;
use crate::wait;

/// Set in the environment of every process that is started, to the cluster's folder: processes of a
/// run that was killed before it could note them are found by it, and so are their descendants.
const MARKER: &str = "TODOPLATFORM_CLUSTER";

/// The processes of one cluster: `pid/<name>` and `log/<name>.log` in its folder.
#[derive(Debug, Clone)]
pub(crate) struct Processes {
    folder: PathBuf,
    network_namespace: Option<PathBuf>,
}

/// A process as it was noted, and as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) pid: u32,
    /// Resident memory in KiB; nothing when it does not run.
    pub(crate) resident: Option<u64>,
}

impl Processes {
    pub(crate) fn new(folder: &Path, network_namespace: Option<PathBuf>) -> Self {
        Self {
            folder: folder.to_owned(),
            network_namespace,
        }
    }

    /// Starts it in the background, unless it runs.
    pub(crate) fn start(&self, name: &str, program: &Path, args: &[String]) -> Result<()> {
        self.start_command(name, &Cmd::new(program).args(args))
    }

    /// The same, for a whole command.
    pub(crate) fn start_command(&self, name: &str, program: &Cmd) -> Result<()> {
        if self.is_running(name) {
            return Ok(());
        }
        dirs::make(&self.folder.join("pid"))?;
        dirs::make(&self.folder.join("log"))?;
        let log = File::create(self.log(name)).with_context(|| format!("cannot write the log of {name}"))?;
        let errors = log.try_clone().context("a second handle of the log")?;
        // Detached: neither Ctrl-C nor a closed terminal ends it.
        let mut cmd = Cmd::new("setsid");
        if let Some(namespace) = &self.network_namespace {
            // `ip netns exec` would mount /sys anew, and hide the cgroups from kubelet and runc.
            cmd = cmd.args(["nsenter", &format!("--net={}", namespace.display()), "--"]);
        }
        let mut command = cmd.args(program.words()).env(MARKER, &self.folder).command();
        let child = command
            .stdout(log)
            .stderr(errors)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let pid = child.id();
        let Some(started) = stat(pid).map(|stat| stat.started) else {
            bail!("{name} ended at once, see {}", self.log(name).display());
        };
        dirs::write(&self.record(name), format!("{pid} {started}\n"))
    }

    /// Does the process run that was started under this name?
    pub(crate) fn is_running(&self, name: &str) -> bool {
        self.pid(name).is_some()
    }

    /// Fails with the end of its log when the process has ended.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        if self.is_running(name) {
            return Ok(());
        }
        let log = dirs::read(&self.log(name)).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(8)..].join("\n");
        bail!(
            "{name} has ended; the end of {}:\n{tail}",
            self.log(name).display()
        )
    }

    /// Ends these processes, all at once: asks, and after `patience` insists.
    pub(crate) fn stop(&self, names: &[&str], patience: Duration) -> Result<()> {
        let pids: Vec<_> = names.iter().filter_map(|name| self.pid(name)).collect();
        signal("TERM", &pids);
        let gone = || names.iter().all(|name| !self.is_running(name));
        if !wait::becomes(patience, gone) {
            let rest: Vec<_> = names.iter().filter_map(|name| self.pid(name)).collect();
            signal("KILL", &rest);
            if !wait::becomes(Duration::from_secs(5), gone) {
                bail!("processes do not end: {rest:?}");
            }
        }
        for name in names {
            // A process that was never started has no record.
            drop(std::fs::remove_file(self.record(name)));
        }
        Ok(())
    }

    /// Resident memory of a process and all that descend from it, in KiB; nothing when it does not run.
    pub(crate) fn resident(&self, name: &str) -> u64 {
        let root = self.pid(name).into_iter().collect::<Vec<_>>();
        family(&root, &parents()).into_iter().filter_map(resident).sum()
    }

    /// Everything that was noted, by name.
    pub(crate) fn known(&self) -> Vec<Known> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("pid")) else {
            return Vec::new();
        };
        let mut known: Vec<_> = entries
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().into_string().ok()?;
                let (pid, _) = self.read_record(&name)?;
                let resident = self.pid(&name).and_then(resident);
                Some(Known { name, pid, resident })
            })
            .collect();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known
    }

    /// Kills whatever carries our marker, and its descendants: what an interrupted run left.
    pub(crate) fn sweep(&self) -> Result<()> {
        let left = || family(&self.marked(), &parents());
        for _ in 0..3 {
            let pids = left();
            if pids.is_empty() {
                return Ok(());
            }
            signal("KILL", &pids);
            // One that is ending loses its environment, and with it the marker, a moment before it is gone.
            let has_ended = |pid: &u32| stat(*pid).is_none_or(|stat| stat.is_zombie);
            wait::becomes(Duration::from_secs(3), || {
                pids.iter().all(has_ended) && left().is_empty()
            });
        }
        match left() {
            pids if pids.is_empty() => Ok(()),
            pids => bail!("processes do not end: {pids:?}"),
        }
    }

    /// A process's log file.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join("log").join(format!("{name}.log"))
    }

    fn pid(&self, name: &str) -> Option<u32> {
        let (pid, started) = self.read_record(name)?;
        let stat = stat(pid)?;
        // Another start time: the number was given to another process since.
        (stat.started == started && !stat.is_zombie).then_some(pid)
    }

    fn read_record(&self, name: &str) -> Option<(u32, u64)> {
        let text = std::fs::read_to_string(self.record(name)).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        Some((pid.parse().ok()?, started.parse().ok()?))
    }

    fn record(&self, name: &str) -> PathBuf {
        self.folder.join("pid").join(name)
    }

    fn marked(&self) -> Vec<u32> {
        let marker = format!("{MARKER}={}", self.folder.display());
        let is_marked = |pid: &u32| {
            std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|entry| entry == marker.as_bytes())
            })
        };
        let own = std::process::id();
        pids()
            .into_iter()
            .filter(|pid| *pid != own)
            .filter(is_marked)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-processes-{name}-{}", std::process::id()))
    }

    fn start(processes: &Processes, name: &str, script: &str) {
        processes
            .start(name, Path::new("sh"), &["-c".to_owned(), script.to_owned()])
            .unwrap();
    }

    #[test]
    fn a_process_is_known_until_it_is_stopped() {
        let folder = folder("stop");
        let processes = Processes::new(&folder, None);
        start(&processes, "sleeper", "exec sleep 1000");
        assert!(processes.is_running("sleeper"));
        assert_eq!(processes.known().len(), 1);
        processes
            .stop(&["sleeper", "never-started"], Duration::from_secs(5))
            .unwrap();
        assert!(!processes.is_running("sleeper"));
        assert_eq!(processes.known(), []);
        dirs::remove(&folder).unwrap();
    }

    #[test]
    fn a_process_that_ignores_the_request_is_killed() {
        let folder = folder("kill");
        let processes = Processes::new(&folder, None);
        start(
            &processes,
            "stubborn",
            "trap '' TERM; echo ready; while :; do sleep 1000; done",
        );
        let is_ready = || dirs::read(&processes.log("stubborn")).is_ok_and(|log| log.contains("ready"));
        assert!(wait::becomes(Duration::from_secs(10), is_ready));
        processes.stop(&["stubborn"], Duration::from_millis(100)).unwrap();
        processes.sweep().unwrap();
        assert!(!processes.is_running("stubborn"));
        dirs::remove(&folder).unwrap();
    }

    #[test]
    fn a_process_without_a_record_is_swept() {
        let folder = folder("sweep");
        let processes = Processes::new(&folder, None);
        // Of one that is being loaded nobody can tell whose it is: this one stays what it was started as.
        start(&processes, "lost", "echo ready; while :; do sleep 1000; done");
        let pid = processes.pid("lost").unwrap();
        let is_ready = || dirs::read(&processes.log("lost")).is_ok_and(|log| log.contains("ready"));
        assert!(wait::becomes(Duration::from_secs(10), is_ready));
        std::fs::remove_file(processes.record("lost")).unwrap();
        processes.sweep().unwrap();
        assert!(stat(pid).is_none_or(|stat| stat.is_zombie));
        dirs::remove(&folder).unwrap();
    }
}

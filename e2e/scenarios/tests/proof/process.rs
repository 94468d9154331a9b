//! One program as a process that can be killed, held and started again.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use todo_scenarios::Result;
use tokio::process::{Child, Command};

/// What is run.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) envs: Vec<(String, String)>,
    /// Who runs it where we are root: PostgreSQL refuses root.
    pub(crate) user: Option<&'static str>,
    /// What asks it to end soon.
    pub(crate) ends_by: Signal,
}

impl Recipe {
    pub(crate) fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            user: None,
            ends_by: Signal::TERM,
        }
    }

    pub(crate) fn args<I: IntoIterator<Item: Into<String>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.envs.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn user(mut self, user: &'static str) -> Self {
        self.user = Some(user);
        self
    }

    pub(crate) fn ends_by(mut self, signal: Signal) -> Self {
        self.ends_by = signal;
        self
    }

    /// The command, which dies with this process, and writes to `log`.
    fn command(&self, log: &File) -> std::io::Result<Command> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = self.user.filter(|_| geteuid().is_root()) {
            command.args(["--reuid", user, "--clear-groups"]);
        }
        command.arg("--").arg(&self.program).args(&self.args);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        command.current_dir("/").stdin(Stdio::null());
        command
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs it to its end.
    pub(crate) async fn finish(&self, log: &Path) -> Result<()> {
        let status = self.command(&appended(log)?)?.status().await?;
        if status.success() {
            return Ok(());
        }
        Err(format!("{}: {status}; see {}", self.program.display(), log.display()).into())
    }
}

fn appended(log: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(log)
}

/// A program that runs, or did.
#[derive(Debug)]
pub(crate) struct Process {
    recipe: Recipe,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    pub(crate) fn start(recipe: Recipe, log: PathBuf) -> Result<Self> {
        let mut process = Self {
            recipe,
            log,
            child: None,
        };
        process.again()?;
        Ok(process)
    }

    /// Starts it once more.
    pub(crate) fn again(&mut self) -> Result<()> {
        self.child = Some(self.recipe.command(&appended(&self.log)?)?.spawn()?);
        Ok(())
    }

    /// How it ended, if it did since it was last started.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        let ended = child.try_wait()?;
        if ended.is_some() {
            self.child = None;
        }
        Ok(ended)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.child.is_some()
    }

    pub(crate) async fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Asks it to end, by the signal of its recipe.
    pub(crate) fn terminate(&self) -> Result<()> {
        self.signal(self.recipe.ends_by)
    }

    /// Holds it.
    pub(crate) fn hold(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn release(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.child.as_ref().and_then(Child::id);
        if let Some(pid) = id.and_then(|id| Pid::from_raw(id.cast_signed())) {
            kill_process(pid, signal)?;
        }
        Ok(())
    }
}

//! Runs other programs, with errors that say what was run, how it ended and what it printed last.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// How many of the last lines of a failed program's output an error shows.
const TAIL_LINES: usize = 15;

/// Why a program did not do what it was started for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The program could not be started at all.
    #[error("cannot start `{command}`")]
    Start { command: String, source: io::Error },
    /// It ran and failed. `output` holds its last lines, each on a line of its own.
    #[error("`{command}` failed ({status}){}{output}", if output.is_empty() { "" } else { ":\n" })]
    Failed {
        command: String,
        status: ExitStatus,
        output: String,
    },
    /// Its log file could not be written or read.
    #[error("cannot use the log file {}", path.display())]
    Log { path: PathBuf, source: io::Error },
}

/// A program to run, with its arguments and surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Cmd {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    cwd: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    log: Option<PathBuf>,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            envs: Vec::new(),
            cwd: None,
            stdin: None,
            log: None,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs
            .push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.cwd = Some(folder.as_ref().to_owned());
        self
    }

    /// What the program reads from its standard input; without it, nothing.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Appends the output of [`Cmd::run`] to this file instead of holding it in memory.
    pub(crate) fn log(mut self, path: impl AsRef<Path>) -> Self {
        self.log = Some(path.as_ref().to_owned());
        self
    }

    /// Runs it quietly; its output is seen only in the error.
    pub(crate) fn run(&self) -> Result<(), RunError> {
        let Some(path) = &self.log else {
            return self.output().map(drop);
        };
        let log_error = |source| RunError::Log {
            path: path.clone(),
            source,
        };
        let log = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(log_error)?;
        let errors = log.try_clone().map_err(log_error)?;
        let mut command = self.command();
        command.stdout(log).stderr(errors);
        let status = self
            .spawn(command)?
            .wait()
            .map_err(|source| self.start_error(source))?;
        if status.success() {
            return Ok(());
        }
        let output = std::fs::read(path).map_err(log_error)?;
        Err(self.failed(status, &output))
    }

    /// Runs it and gives its standard output, without the white space at the end.
    pub(crate) fn output(&self) -> Result<String, RunError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = self
            .spawn(command)?
            .wait_with_output()
            .map_err(|source| self.start_error(source))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        let mut both = output.stdout;
        both.extend_from_slice(&output.stderr);
        Err(self.failed(output.status, &both))
    }

    /// Runs it and gives its standard output, while its standard error is ours.
    pub(crate) fn output_with_errors_shown(&self) -> Result<String, RunError> {
        let mut command = self.command();
        command.stdout(Stdio::piped());
        let output = self
            .spawn(command)?
            .wait_with_output()
            .map_err(|source| self.start_error(source))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(self.failed(output.status, &[]))
    }

    /// Runs it quietly: did it succeed?
    pub(crate) fn succeeds(&self) -> bool {
        self.output().is_ok()
    }

    /// Runs it with our own standard output and error.
    pub(crate) fn stream(&self) -> Result<(), RunError> {
        let status = self
            .spawn(self.command())?
            .wait()
            .map_err(|source| self.start_error(source))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed(status, &[]))
        }
    }

    /// Becomes the program; returns only when that fails.
    pub(crate) fn exec(&self) -> RunError {
        let mut command = self.command();
        command.stdin(Stdio::inherit());
        self.start_error(command.exec())
    }

    /// The program and its arguments, to be run by another program.
    pub(crate) fn words(&self) -> impl Iterator<Item = &OsStr> {
        std::iter::once(self.program.as_os_str()).chain(self.args.iter().map(OsString::as_os_str))
    }

    /// The bare command, for a caller that handles the process itself.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.envs.iter().map(|(key, value)| (key, value)));
        if let Some(folder) = &self.cwd {
            command.current_dir(folder);
        }
        command.stdin(if self.stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command
    }

    fn spawn(&self, mut command: Command) -> Result<std::process::Child, RunError> {
        let mut child = command.spawn().map_err(|source| self.start_error(source))?;
        if let (Some(bytes), Some(mut pipe)) = (self.stdin.clone(), child.stdin.take()) {
            // A thread of its own, or a program that prints before it has read everything would hang.
            // A program that ends without reading is judged by its exit status, not by the broken pipe.
            std::thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        Ok(child)
    }

    fn start_error(&self, source: io::Error) -> RunError {
        RunError::Start {
            command: self.to_string(),
            source,
        }
    }

    fn failed(&self, status: ExitStatus, output: &[u8]) -> RunError {
        RunError::Failed {
            command: self.to_string(),
            status,
            output: tail(output),
        }
    }
}

impl std::fmt::Display for Cmd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN_CHARACTERS: usize = 200;
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        let words: Vec<_> = std::iter::once(program)
            .chain(self.args.iter().map(OsString::as_os_str))
            .map(OsStr::to_string_lossy)
            .collect();
        let line = words.join(" ");
        match line.char_indices().nth(SHOWN_CHARACTERS) {
            Some((end, _)) => write!(f, "{}…", &line[..end]),
            None => f.write_str(&line),
        }
    }
}

/// The last lines of `output`.
fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The program's path when it is on `PATH` or in the folders of system programs, which an ordinary
/// user's `PATH` leaves out.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_command_the_status_and_the_last_lines() {
        let error = Cmd::new("sh")
            .args(["-c", "seq 1 20; exit 3"])
            .output()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c seq 1 20; exit 3` failed (exit status: 3):\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20"
        );
    }

    #[test]
    fn a_silent_failure_has_no_empty_line() {
        let error = Cmd::new("false").output().unwrap_err();
        assert_eq!(error.to_string(), "`false` failed (exit status: 1)");
    }

    #[test]
    fn standard_input_reaches_the_program() {
        assert_eq!(Cmd::new("cat").stdin("a\nb\n").output().unwrap(), "a\nb");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Cmd::new("/no/such/program").run().unwrap_err();
        assert_eq!(error.to_string(), "cannot start `program`");
    }
}

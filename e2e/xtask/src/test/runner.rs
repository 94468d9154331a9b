//! Runs one test command or check: shows its output, keeps it, counts.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::artifacts::Artifacts;
use super::results::{Counts, Results};
use crate::cargo;
use crate::progress::heading;
use crate::project::Project;
use crate::run::Cmd;

/// Runs things and keeps count of them.
pub(super) struct Runner<'a> {
    project: &'a Project,
    artifacts: &'a Artifacts,
    filter: Option<String>,
    results: Results,
}

impl<'a> Runner<'a> {
    pub(super) fn new(project: &'a Project, artifacts: &'a Artifacts, filter: Option<String>) -> Self {
        Self {
            project,
            artifacts,
            filter,
            results: Results::default(),
        }
    }

    pub(super) fn results(&self) -> &Results {
        &self.results
    }

    /// Whether the test of this name is among those that are asked for.
    pub(super) fn wants(&self, test: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| test.contains(filter))
    }

    /// A failure that is none of a test.
    pub(super) fn fail(&mut self, what: &str, took: Duration) {
        self.results.add(what, Counts::check(false), took);
    }

    /// Something that passes or fails as a whole. Left out when single tests are asked for.
    pub(super) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        if self.filter.is_some() {
            return;
        }
        heading(name);
        let begun = Instant::now();
        let result = check();
        if let Err(error) = &result {
            crate::progress::note(&format!("{error:#}"));
        }
        self.results
            .add(name, Counts::check(result.is_ok()), begun.elapsed());
    }

    /// A `cargo test` with these arguments; `after` goes to the test binaries.
    pub(super) fn cargo_test(
        &mut self,
        name: &str,
        args: &[String],
        envs: &[(&str, String)],
        after: &[&str],
    ) -> Result<()> {
        heading(name);
        let begun = Instant::now();
        let mut cmd = cargo::command(&self.project.dirs)
            .args(["test", "--no-fail-fast"])
            .args(args);
        if let Some(filter) = &self.filter {
            cmd = cmd.arg(filter);
        }
        cmd = cmd.arg("--").args(after);
        for (key, value) in envs {
            cmd = cmd.env(key, value);
        }
        let (output, succeeded) = self.tee(name, &cmd)?;
        let mut counts = Counts::of_cargo_test(&output, succeeded);
        if counts == Counts::default() && self.filter.is_none() {
            // A test binary that lost its tests must not look like one that passed.
            crate::progress::note("no test ran");
            counts.failed = 1;
        }
        self.results.add(name, counts, begun.elapsed());
        Ok(())
    }

    /// Runs it, shows what it prints and keeps it in the artifacts; gives its standard output.
    fn tee(&self, name: &str, cmd: &Cmd) -> Result<(String, bool)> {
        let path = self
            .artifacts
            .folder()
            .join(format!("{}.log", name.replace([' ', ':'], "-")));
        let log =
            Mutex::new(File::create(&path).with_context(|| format!("cannot write {}", path.display()))?);
        let mut command = cmd.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start `{cmd}`"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let output = std::thread::scope(|scope| {
            let errors = scope.spawn(|| copy_lines(stderr, &log));
            let output = copy_lines(stdout, &log);
            // What went to standard error is in the log; only a panic of ours could be lost here.
            drop(errors.join());
            output
        });
        let status = child.wait().with_context(|| format!("cannot wait for `{cmd}`"))?;
        Ok((output, status.success()))
    }
}

/// Copies to our standard error and to the log, line by line; gives all of it.
fn copy_lines(from: Option<impl Read>, log: &Mutex<File>) -> String {
    let mut all = String::new();
    let Some(from) = from else { return all };
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        eprint!("{text}");
        if let Ok(mut log) = log.lock() {
            // A full disk must not end the tests; the output is on the screen.
            drop(log.write_all(&line));
        }
        all.push_str(&text);
        line.clear();
    }
    all
}

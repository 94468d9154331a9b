//! Load on one server at a time, from 32 connections: wrk for HTTP, pgbench for the database alone.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::TASKS;
use super::database::Database;
use super::servers::{APP_TOKEN, Server, Servers};
use crate::dirs;
use crate::project::Project;
use crate::run::Cmd;

const CONNECTIONS: &str = "32";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A task by its id.
    Read,
    /// The first page of fifty tasks.
    List,
    /// A new task with its event.
    Write,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Read, Self::List, Self::Write];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Read => "reads by id",
            Self::List => "pages of fifty",
            Self::Write => "writes with an event",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Read => "read.lua",
            Self::List => "list.lua",
            Self::Write => "write.lua",
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    /// Requests per second.
    pub(super) rate: f64,
    /// Half of the answers came within this many microseconds.
    pub(super) p50: u64,
    /// And 99 of 100 within this many.
    pub(super) p99: u64,
}

/// What common.lua prints.
#[derive(Debug, Deserialize)]
struct Printed {
    requests: f64,
    microseconds: f64,
    failed: u64,
    p50: u64,
    p99: u64,
}

/// How load is made.
#[derive(Debug)]
pub(super) struct Load<'a> {
    servers: &'a Servers,
    scripts: PathBuf,
    time: Duration,
}

impl<'a> Load<'a> {
    pub(super) fn new(project: &Project, servers: &'a Servers, time: Duration) -> Self {
        let scripts = project.dirs.root().join("e2e/bench");
        Self {
            servers,
            scripts,
            time,
        }
    }

    /// Fails when one answer was an error: what does not work is not fast.
    pub(super) fn run(&self, server: Server, kind: Kind) -> Result<Measured> {
        let printed = Cmd::new("wrk")
            .args(["--threads", "1", "--connections", CONNECTIONS])
            .args(["--duration", &format!("{}s", self.time.as_secs())])
            .arg("--script")
            .arg(self.scripts.join(kind.script()))
            .arg(format!("http://127.0.0.1:{}", self.servers.port(server)))
            .env("BENCH_COMMON", self.scripts.join("common.lua"))
            .env("BENCH_TASKS", TASKS.to_string())
            .env("BENCH_TOKEN", &self.servers.token)
            .env("BENCH_APP_TOKEN", APP_TOKEN)
            .output()?;
        let line = printed.lines().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("wrk printed no result: {printed}"))?;
        let Printed {
            requests,
            microseconds,
            failed,
            p50,
            p99,
        } = serde_json::from_str(line).context("the result of wrk")?;
        if failed > 0 {
            bail!("{failed} of {requests} answers were errors");
        }
        Ok(Measured {
            rate: requests * 1e6 / microseconds,
            p50,
            p99,
        })
    }

    /// Transactions per second of the database alone, with this statement.
    pub(super) fn pgbench(&self, database: &Database, kind: Kind, statement: &str) -> Result<f64> {
        let script = database.folder().join("pgbench.sql");
        let text = format!("\\set n random(1, {TASKS})\n{statement};\n");
        dirs::write(&script, text)?;
        let printed = database
            .program("pgbench")
            .args([
                "--no-vacuum",
                "--protocol",
                "prepared",
                "--client",
                CONNECTIONS,
                "--jobs",
                "1",
            ])
            .args(["--time", &self.time.as_secs().to_string()])
            .arg("--file")
            .arg(&script)
            .output()
            .with_context(|| format!("pgbench of {}", kind.title()))?;
        rate(&printed).with_context(|| format!("pgbench printed no rate: {printed}"))
    }
}

fn rate(printed: &str) -> Option<f64> {
    let line = printed.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let printed = "number of transactions actually processed: 5\ntps = 1234.500000 (without initial connection time)";
        assert_eq!(rate(printed), Some(1234.5));
        assert_eq!(rate("nothing"), None);
    }
}

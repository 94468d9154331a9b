//! What was measured, as a page of the docs.

use std::collections::BTreeMap;
use std::fmt;

use super::load::{Kind, Measured};
use super::servers::Server;

/// All that was measured.
#[derive(Debug)]
pub(super) struct Report {
    seconds: u64,
    rounds: u32,
    cores: usize,
    served: BTreeMap<(Kind, Server), Vec<Measured>>,
    database: BTreeMap<Kind, Vec<f64>>,
    /// Resident memory in KiB, before and after.
    memory: BTreeMap<Server, (u64, u64)>,
}

impl Report {
    pub(super) fn new(seconds: u64, rounds: u32) -> Self {
        Self {
            seconds,
            rounds,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            served: BTreeMap::new(),
            database: BTreeMap::new(),
            memory: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, server: Server, kind: Kind, measured: Measured) {
        self.served.entry((kind, server)).or_default().push(measured);
    }

    pub(super) fn add_database(&mut self, kind: Kind, rate: f64) {
        self.database.entry(kind).or_default().push(rate);
    }

    pub(super) fn idle(&mut self, server: Server, kibibytes: u64) {
        self.memory.entry(server).or_default().0 = kibibytes;
    }

    pub(super) fn loaded(&mut self, server: Server, kibibytes: u64) {
        self.memory.entry(server).or_default().1 = kibibytes;
    }

    /// Requests per second, and how many times that of the task service is that of this server.
    fn rate(&self, kind: Kind, server: Server) -> f64 {
        let measured = self.served.get(&(kind, server));
        median(measured.into_iter().flatten().map(|it| it.rate).collect())
    }

    fn latency(&self, kind: Kind, server: Server, of: impl Fn(&Measured) -> u64) -> f64 {
        let measured = self.served.get(&(kind, server));
        #[expect(clippy::cast_precision_loss, reason = "microseconds of an answer")]
        median(
            measured
                .into_iter()
                .flatten()
                .map(|it| of(it) as f64 / 1000.0)
                .collect(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seconds,
            rounds,
            cores,
            ..
        } = self;
        writeln!(
            f,
            "# Benchmarks\n\n\
             Written by `cargo xtask bench services --write`. One run on one machine with {cores} cores, on which load, \
             servers and PostgreSQL share everything: **read the ratios**, which are of the same run; the numbers beside \
             them are another machine's tomorrow. Each is the median of {rounds} rounds of {seconds} s from 32 \
             connections.\n\n\
             - *Task service*: the release build, asked directly, with tokens and all its layers. Its outbox relay finds \
             no sidecar.\n\
             - *FastAPI*: a twin with asyncpg on the same tables (`e2e/bench/twin`), with tokens and checks of its input, \
             as one process and as one for each core. It writes task and event in a transaction of four round trips.\n\
             - *pgbench*: the statements of the task service, as PostgreSQL logged them, from 32 connections without \
             any server between.\n"
        )?;
        writeln!(f, "| | server | requests/s | p50 ms | p99 ms | task service is |")?;
        writeln!(f, "|---|---|---:|---:|---:|---:|")?;
        for kind in Kind::ALL {
            let ours = self.rate(kind, Server::Task);
            for server in Server::ALL {
                let rate = self.rate(kind, server);
                let p50 = self.latency(kind, server, |it| it.p50);
                let p99 = self.latency(kind, server, |it| it.p99);
                let (kind, server) = (kind.title(), server.title());
                let ratio = ours / rate;
                writeln!(
                    f,
                    "| {kind} | {server} | {rate:.0} | {p50:.1} | {p99:.1} | {ratio:.2}x |"
                )?;
            }
            let rate = median(self.database.get(&kind).into_iter().flatten().copied().collect());
            let (kind, ratio) = (kind.title(), ours / rate);
            writeln!(f, "| {kind} | pgbench | {rate:.0} | | | {ratio:.2}x |")?;
        }
        writeln!(
            f,
            "\n| resident memory, MiB | idle | after the load |\n|---|---:|---:|"
        )?;
        for (server, (idle, loaded)) in &self.memory {
            let (idle, loaded) = (mebibytes(*idle), mebibytes(*loaded));
            writeln!(f, "| {} | {idle:.1} | {loaded:.1} |", server.title())?;
        }
        Ok(())
    }
}

fn mebibytes(kibibytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "memory of a process")]
    let kibibytes = kibibytes as f64;
    kibibytes / 1024.0
}

/// The middle one; 0 of none.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_medians() {
        let mut report = Report::new(5, 3);
        for (server, rates) in [
            (Server::Task, [1000.0, 5000.0, 2000.0]),
            (Server::Twin, [500.0, 100.0, 400.0]),
            (Server::Twins, [1.0, 1.0, 1.0]),
        ] {
            for rate in rates {
                let measured = Measured {
                    rate,
                    p50: 1500,
                    p99: 9000,
                };
                report.add(server, Kind::Read, measured);
            }
            report.idle(server, 2048);
        }
        report.add_database(Kind::Read, 4000.0);
        let text = report.to_string();
        for line in [
            "| reads by id | FastAPI, 1 process | 400 | 1.5 | 9.0 | 5.00x |",
            "| reads by id | pgbench | 4000 | | | 0.50x |",
            "| task service | 2.0 | 0.0 |",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}

//! Keeps the table in step with the cluster.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::objects::Objects;
use super::translate::{Surroundings, translate};
use crate::run::{self, Cmd};

const INTERVAL: Duration = Duration::from_secs(1);

/// Whether rules for IP see what only crosses a bridge; each network namespace has its own.
const BRIDGE_SWITCH: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// Enforces the cluster's network policies in the network namespace that it runs in.
#[derive(Debug, Args)]
pub(crate) struct Agent {
    /// The program to read the cluster with
    #[arg(long)]
    pub(crate) kubectl: PathBuf,
    #[arg(long)]
    pub(crate) kubeconfig: PathBuf,
    /// Address that may connect to every pod
    #[arg(long)]
    pub(crate) host: Ipv4Addr,
    /// Address that cluster DNS listens on
    #[arg(long)]
    pub(crate) dns: Ipv4Addr,
}

impl Agent {
    /// Runs until it is killed. While the cluster does not answer, the last rules hold.
    pub(crate) fn run(&self) -> Result<()> {
        let nft = run::find_program("nft").context("nft is not installed")?;
        if std::fs::read_to_string(BRIDGE_SWITCH).is_ok_and(|value| value.trim() == "1") {
            eprintln!("packets between pods are seen");
        } else {
            eprintln!("packets between pods are NOT seen: the kernel module br_netfilter is not loaded");
        }
        let mut loaded = String::new();
        let mut failure = String::new();
        loop {
            let outcome = self
                .step(&nft, &mut loaded)
                .map_or_else(|error| format!("{error:#}"), |()| String::new());
            if outcome != failure {
                eprintln!(
                    "{}",
                    if outcome.is_empty() {
                        "works again"
                    } else {
                        &outcome
                    }
                );
                failure = outcome;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    fn step(&self, nft: &Path, loaded: &mut String) -> Result<()> {
        let text = self.wanted()?;
        if text != *loaded {
            Cmd::new(nft)
                .args(["--file", "-"])
                .stdin(text.as_str())
                .run()
                .context("cannot load the rules")?;
            eprintln!("loaded {} chains", text.matches("\tchain ").count());
            *loaded = text;
        }
        Ok(())
    }

    fn wanted(&self) -> Result<String> {
        let listed = Cmd::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(["--request-timeout=10s", "get", "networkpolicies,pods,namespaces"])
            .args(["--all-namespaces", "--output", "json"])
            .output()?;
        let objects = Objects::parse(&listed).context("the cluster's objects are not as expected")?;
        Ok(translate(
            &objects,
            Surroundings {
                host: self.host,
                dns: self.dns,
            },
        ))
    }

    /// Its command line, after the program's name.
    pub(crate) fn arguments(&self) -> Vec<String> {
        vec![
            "netpol-agent".to_owned(),
            format!("--kubectl={}", self.kubectl.display()),
            format!("--kubeconfig={}", self.kubeconfig.display()),
            format!("--host={}", self.host),
            format!("--dns={}", self.dns),
        ]
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn the_command_line_is_understood_by_our_own_program() {
        let agent = Agent {
            kubectl: "/bin dir/kubectl".into(),
            kubeconfig: "/c/kubeconfig".into(),
            host: Ipv4Addr::new(10, 200, 0, 1),
            dns: Ipv4Addr::new(10, 244, 0, 1),
        };
        let cli = Cli::parse_from([vec!["xtask".to_owned()], agent.arguments()].concat());
        let Command::NetpolAgent(parsed) = cli.command else {
            panic!("another command")
        };
        assert_eq!(parsed.arguments(), agent.arguments());
    }
}

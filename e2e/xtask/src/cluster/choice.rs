//! Which cluster is meant, and who runs it.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::kubernetes::Kubernetes;
use super::{Level, kind};

/// Who runs a cluster that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    /// Processes on this machine, started by us.
    Own,
    /// kind, in Docker.
    Kind,
}

/// Which cluster a person means.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Choice {
    /// Use the existing cluster of this kubeconfig context
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) context: Option<String>,
    /// Who runs the node: without it kind where Docker's engine answers and kind is there, else own
    #[arg(long, value_enum, global = true, conflicts_with = "context")]
    pub(crate) provider: Option<Provider>,
    /// Kubernetes of a node of kind: `oldest` or `newest` of those that are supported, or a version such as v1.36.4
    #[arg(long, value_name = "VERSION", global = true, conflicts_with = "context")]
    pub(crate) kubernetes: Option<Kubernetes>,
}

/// Who runs the cluster: what was asked for, else kind where it can run, else we.
pub(super) fn provider(choice: &Choice, level: Level) -> Result<Provider> {
    choose(choice, level, kind::is_available)
}

fn choose(choice: &Choice, level: Level, kind_is_available: impl FnOnce() -> bool) -> Result<Provider> {
    let provider = match (choice.provider, level) {
        (Some(Provider::Kind), Level::Api) => bail!("kind runs nodes; --level api is always our own"),
        (Some(provider), _) => provider,
        (None, Level::Node) if kind_is_available() => Provider::Kind,
        (None, _) => Provider::Own,
    };
    if provider == Provider::Own && choice.kubernetes.is_some() {
        bail!(
            "--kubernetes chooses among kind's images, and this cluster is not kind's: our own runs the version that it is \
             built from (e2e/versions.toml). Leave it out, or add --provider kind, which needs Docker"
        );
    }
    Ok(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(provider: Option<Provider>, kubernetes: Option<Kubernetes>) -> Choice {
        Choice {
            context: None,
            provider,
            kubernetes,
        }
    }

    #[test]
    fn a_node_is_kinds_where_kind_can_run_or_is_asked_for() {
        let provider = |asked, level, available| choose(&choice(asked, None), level, || available).unwrap();
        assert_eq!(provider(None, Level::Node, true), Provider::Kind);
        assert_eq!(provider(None, Level::Node, false), Provider::Own);
        assert_eq!(provider(None, Level::Api, true), Provider::Own);
        assert_eq!(provider(Some(Provider::Own), Level::Node, true), Provider::Own);
        assert_eq!(provider(Some(Provider::Kind), Level::Node, false), Provider::Kind);
        assert!(choose(&choice(Some(Provider::Kind), None), Level::Api, || true).is_err());
    }

    #[test]
    fn only_kind_takes_a_version_of_kubernetes() {
        let of = |asked, level, available| {
            let choice = choice(asked, Some(Kubernetes::Oldest));
            choose(&choice, level, || available)
        };
        assert_eq!(of(None, Level::Node, true).unwrap(), Provider::Kind);
        for refused in [
            of(Some(Provider::Own), Level::Node, true),
            of(None, Level::Node, false),
            of(None, Level::Api, true),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("--provider kind"), "{error}");
        }
    }
}

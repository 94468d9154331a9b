//! How each tool is built: plain data, whose hash keys the cache.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Tool;
use super::gomod::Replaces;
use crate::versions::Versions;

/// Raised when the way of building changes without a change in any recipe.
const REVISION: u32 = 1;

/// Dapr's module.
const DAPR: &str = "github.com/dapr/dapr";

/// Plugins of `CoreDNS` that bring the SDKs of clouds and tracers: most of its build time.
const COREDNS_UNUSED_PLUGINS: [&str; 12] = [
    "azure",
    "clouddns",
    "route53",
    "nomad",
    "etcd",
    "trace",
    "dnstap",
    "geoip",
    "grpc",
    "grpc_server",
    "https3",
    "quic",
];

/// The source of the program around kstatus.
const KSTATUS: [(&str, &str); 3] = [
    ("go.mod", include_str!("../../../kstatus/go.mod")),
    ("go.sum", include_str!("../../../kstatus/go.sum")),
    ("main.go", include_str!("../../../kstatus/main.go")),
];

/// One Go module, what is built of it and what is kept of its files.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Recipe {
    pub(super) name: &'static str,
    pub(super) module: &'static str,
    pub(super) version: String,
    /// Packages to build, each into a program of its last path segment's name.
    pub(super) packages: Vec<String>,
    pub(super) tags: &'static str,
    pub(super) ldflags: String,
    pub(super) replaces: Replaces,
    /// Lines that hold one of these texts are dropped from this file.
    pub(super) dropped_lines: Option<(&'static str, Vec<String>)>,
    /// Folders kept beside the programs: path in the module, name in the build.
    pub(super) kept: Option<(&'static str, &'static str)>,
    /// The whole source, for a program of this repository: names and contents. Else the module is fetched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<(&'static str, &'static str)>,
}

impl Recipe {
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub(super) fn of(tool: Tool, versions: &Versions) -> Self {
        let modules = &versions.modules;
        match tool {
            Tool::Kubernetes => kubernetes(&modules.kubernetes),
            Tool::Dapr => dapr(&modules.dapr),
            Tool::DaprChart => Self {
                kept: Some(("charts/dapr", "chart")),
                ..Self::plain("dapr-chart", DAPR, &modules.dapr)
            },
            Tool::Helm => Self {
                packages: vec!["./cmd/helm".to_owned()],
                ldflags: format!("-X helm.sh/helm/v4/internal/version.version={}", modules.helm),
                ..Self::plain("helm", "helm.sh/helm/v4", &modules.helm)
            },
            Tool::CoreDns => Self {
                packages: vec![".".to_owned()],
                dropped_lines: Some((
                    "core/plugin/zplugin.go",
                    COREDNS_UNUSED_PLUGINS
                        .iter()
                        .map(|plugin| format!("plugin/{plugin}\""))
                        .collect(),
                )),
                ..Self::plain("coredns", "github.com/coredns/coredns", &modules.coredns)
            },
            Tool::LocalPathProvisioner => Self {
                packages: vec![".".to_owned()],
                ..Self::plain(
                    "local-path-provisioner",
                    "github.com/rancher/local-path-provisioner",
                    &modules.local_path_provisioner,
                )
            },
            Tool::KedaCrds => Self {
                kept: Some(("config/crd/bases", "crds")),
                ..Self::plain("keda", "github.com/kedacore/keda/v2", &modules.keda)
            },
            Tool::GatewayApiCrds => Self {
                kept: Some(("config/crd/standard", "crds")),
                ..Self::plain("gateway-api", "sigs.k8s.io/gateway-api", &modules.gateway_api)
            },
            Tool::Kubeconform => Self::program(
                "kubeconform",
                "github.com/yannh/kubeconform",
                &modules.kubeconform,
            ),
            Tool::KubectlValidate => Self {
                packages: vec![".".to_owned()],
                ..Self::plain(
                    "kubectl-validate",
                    "sigs.k8s.io/kubectl-validate",
                    &modules.kubectl_validate,
                )
            },
            Tool::KubeScore => Self::program("kube-score", "github.com/zegl/kube-score", &modules.kube_score),
            Tool::Pint => Self::program("pint", "github.com/cloudflare/pint", &modules.pint),
            Tool::Actionlint => {
                Self::program("actionlint", "github.com/rhysd/actionlint", &modules.actionlint)
            }
            Tool::Kind => Self {
                packages: vec![".".to_owned()],
                ..Self::plain("kind", "sigs.k8s.io/kind", &modules.kind)
            },
            Tool::Prometheus => Self {
                packages: vec!["./cmd/prometheus".to_owned(), "./cmd/promtool".to_owned()],
                // Discovery of every cloud is most of what there is to build.
                tags: "remove_all_sd,enable_kubernetes_sd",
                ldflags: format!(
                    "-X github.com/prometheus/common/version.Version={}",
                    released(&modules.prometheus)
                ),
                ..Self::plain(
                    "prometheus",
                    "github.com/prometheus/prometheus",
                    &modules.prometheus,
                )
            },
            Tool::KubeStateMetrics => Self {
                packages: vec![".".to_owned()],
                ..Self::plain(
                    "kube-state-metrics",
                    "k8s.io/kube-state-metrics/v2",
                    &modules.kube_state_metrics,
                )
            },
            Tool::PrometheusOperator => Self {
                packages: vec![
                    "./cmd/operator".to_owned(),
                    "./cmd/prometheus-config-reloader".to_owned(),
                ],
                ..Self::plain(
                    "prometheus-operator-programs",
                    "github.com/prometheus-operator/prometheus-operator",
                    &modules.prometheus_operator,
                )
            },
            Tool::KStatus => Self {
                packages: vec![".".to_owned()],
                files: KSTATUS.to_vec(),
                ..Self::plain("kstatus", "todoplatform.dev/kstatus", &modules.cli_utils)
            },
            Tool::PrometheusCrds => Self {
                kept: Some(("example/prometheus-operator-crd", "crds")),
                ..Self::plain(
                    "prometheus-operator",
                    "github.com/prometheus-operator/prometheus-operator",
                    &modules.prometheus_operator,
                )
            },
        }
    }

    fn plain(name: &'static str, module: &'static str, version: &str) -> Self {
        Self {
            name,
            module,
            version: version.to_owned(),
            packages: Vec::new(),
            tags: "",
            ldflags: String::new(),
            replaces: Replaces::DropLocal,
            dropped_lines: None,
            kept: None,
            files: Vec::new(),
        }
    }

    /// The program of a module that has the usual layout and needs nothing special.
    fn program(name: &'static str, module: &'static str, version: &str) -> Self {
        Self {
            packages: vec![format!("./cmd/{name}")],
            ..Self::plain(name, module, version)
        }
    }

    /// Name of the build's folder: equal recipes share it, different ones never do.
    pub(super) fn key(&self) -> String {
        let recipe = serde_json::to_vec(&(REVISION, self)).expect("a recipe is plain data");
        let hash = hex::encode(Sha256::digest(recipe));
        format!("{}-{}-{}", self.name, self.version, &hash[..8])
    }

    /// `building dapr v1.18.2`
    pub(super) fn title(&self) -> String {
        let verb = if self.packages.is_empty() {
            "fetching"
        } else {
            "building"
        };
        format!("{verb} {} {}", self.name, self.version)
    }
}

/// The release that a version of Prometheus' Go module belongs to: `v0.315.0` is release 3.15.0.
fn released(module: &str) -> String {
    let numbers = module.trim_start_matches("v0.");
    let (line, patch) = numbers.split_once('.').unwrap_or((numbers, "0"));
    let (major, minor) = line.split_at(1.min(line.len()));
    format!("{major}.{}.{patch}", minor.trim_start_matches('0'))
}

fn kubernetes(version: &str) -> Recipe {
    const PROGRAMS: [&str; 6] = [
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
    ];
    const VERSION: &str = "k8s.io/component-base/version";
    // v1.36.3 is published as v0.36.3 in the libraries.
    let rest = version.trim_start_matches("v1.");
    let minor = rest.split('.').next().unwrap_or_default();
    Recipe {
        packages: PROGRAMS
            .iter()
            .map(|program| format!("./cmd/{program}"))
            .collect(),
        ldflags: format!(
            "-X {VERSION}.gitVersion={version} -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor={minor} \
             -X {VERSION}.gitTreeState=clean"
        ),
        replaces: Replaces::PublishStaging {
            version: format!("v0.{rest}"),
        },
        ..Recipe::plain("kubernetes", "k8s.io/kubernetes", version)
    }
}

fn dapr(version: &str) -> Recipe {
    const PROGRAMS: [&str; 6] = [
        "daprd",
        "operator",
        "injector",
        "sentry",
        "placement",
        "scheduler",
    ];
    let number = version.trim_start_matches('v');
    Recipe {
        packages: PROGRAMS
            .iter()
            .map(|program| format!("./cmd/{program}"))
            .collect(),
        // Without this tag daprd knows only the stable half of its components.
        tags: "allcomponents",
        ldflags: format!(
            "-X github.com/dapr/dapr/pkg/buildinfo.version={number} \
             -X github.com/dapr/dapr/pkg/buildinfo.gitversion={version} \
             -X github.com/dapr/kit/logger.DaprVersion={number}"
        ),
        ..Recipe::plain("dapr", DAPR, version)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn a_key_changes_with_the_version_and_with_nothing_else_of_the_file() {
        let versions = Versions::load().unwrap();
        let mut newer = versions.clone();
        newer.modules.helm = "v4.3.2".to_owned();
        for tool in Tool::value_variants() {
            let same = Recipe::of(*tool, &versions).key() == Recipe::of(*tool, &newer).key();
            assert_eq!(same, *tool != Tool::Helm, "{tool:?}");
        }
    }

    #[test]
    fn a_key_changes_with_the_recipe() {
        let recipe = Recipe::of(Tool::Dapr, &Versions::load().unwrap());
        let other = Recipe {
            tags: "",
            ..recipe.clone()
        };
        assert_ne!(recipe.key(), other.key());
        assert!(other.key().starts_with("dapr-v"));
    }

    #[test]
    fn our_own_program_is_built_with_the_pinned_library() {
        let version = Versions::load().unwrap().modules.cli_utils;
        assert!(
            KSTATUS[0]
                .1
                .contains(&format!("sigs.k8s.io/cli-utils {version}\n"))
        );
    }

    #[test]
    fn a_release_of_prometheus_is_known_by_its_module() {
        assert_eq!(released("v0.315.0"), "3.15.0");
        assert_eq!(released("v0.305.2"), "3.5.2");
    }

    #[test]
    fn kubernetes_takes_its_libraries_at_the_published_version() {
        let recipe = kubernetes("v1.36.3");
        assert_eq!(
            recipe.replaces,
            Replaces::PublishStaging {
                version: "v0.36.3".to_owned()
            }
        );
        assert!(recipe.ldflags.contains("gitMinor=36 "), "{}", recipe.ldflags);
    }
}

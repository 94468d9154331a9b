//! The cluster: the only file that talks to the API server.

use std::{fmt, path::PathBuf, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Config, ResourceExt,
    api::ListParams,
    config::{KubeConfigOptions, Kubeconfig},
};
use todoplatform_api::TodoPlatform;

/// Longest wait for a connection, and for an answer on it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which cluster and which namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(crate) struct Where {
    /// Namespace of the platform. Default: that of the context.
    #[arg(short, long, global = true, value_name = "NAME")]
    namespace: Option<String>,
    /// Context of the kubeconfig. Default: its current one.
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig. Default: $KUBECONFIG, ~/.kube/config, or the service account of the pod.
    #[arg(long, global = true, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

/// What went wrong on the way to an object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("no configuration of a cluster can be used{}", origin(place))]
    Config {
        place: Where,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{object} could not be read")]
    Read {
        object: Object,
        source: Box<kube::Error>,
    },
    #[error("the cluster does not know the resource TodoPlatform")]
    UnknownResource,
    #[error("{object} does not exist{}", listed(others))]
    Absent { object: Object, others: Vec<String> },
    #[error("namespace {namespace} has no TodoPlatform")]
    None { namespace: String },
    #[error("namespace {namespace} has {} TodoPlatforms: {}", names.len(), names.join(", "))]
    Several { namespace: String, names: Vec<String> },
}

/// An object, as a message names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// Kind; a plural when the name is empty.
    pub(crate) kind: &'static str,
    /// Namespace.
    pub(crate) namespace: String,
    /// Name; empty for all of a kind.
    pub(crate) name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            namespace,
            name,
        } = self;
        match name.as_str() {
            "" => write!(formatter, "{kind} in namespace {namespace}"),
            name => write!(formatter, "{kind} {name} in namespace {namespace}"),
        }
    }
}

fn origin(place: &Where) -> String {
    let context = place.context.as_ref().map(|context| format!("context {context}"));
    let file = place.kubeconfig.as_ref().map(|file| file.display().to_string());
    let parts: Vec<_> = [context, file].into_iter().flatten().collect();
    match parts.as_slice() {
        [] => String::new(),
        parts => format!(": {}", parts.join(" of ")),
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!("; there is {}", names.join(", ")),
    }
}

impl ClusterError {
    /// What to do about it.
    pub(crate) fn next_action(&self) -> String {
        match self {
            Self::Config { .. } => {
                "name a kubeconfig and a context that exist: --kubeconfig, --context, or KUBECONFIG; \
                 `kubectl config get-contexts` lists them"
                    .into()
            }
            Self::Read { object, source } => match source.as_ref() {
                kube::Error::Api(status) if status.is_forbidden() => format!(
                    "ask for permission to read it: `kubectl auth can-i get {} -n {}` must say yes",
                    object.kind, object.namespace
                ),
                _ => "try `kubectl get --raw /readyz` against the same cluster".into(),
            },
            Self::UnknownResource => {
                "install the definition: helm upgrade --install todoplatform-crds charts/todoplatform-crds"
                    .into()
            }
            Self::Absent { object, others } if !others.is_empty() => {
                format!(
                    "name one of those, or another namespace than {} with -n",
                    object.namespace
                )
            }
            Self::Absent { object, .. } => {
                format!(
                    "look in another namespace than {} with -n: kubectl get {} -A",
                    object.namespace, object.kind
                )
            }
            Self::None { .. } => {
                "name the namespace with -n (`kubectl get todoplatforms -A` shows all), or make a platform: \
                 kubectl apply -f config/samples/development.yaml"
                    .into()
            }
            Self::Several { .. } => "name one of them".into(),
        }
    }
}

/// One namespace of a cluster.
pub(crate) struct Cluster {
    client: Client,
    namespace: String,
}

impl Cluster {
    /// Reads the configuration. Nothing is sent yet.
    pub(crate) async fn connect(place: Where) -> Result<Self, ClusterError> {
        let mut config = match config(&place).await {
            Ok(config) => config,
            Err(source) => return Err(ClusterError::Config { place, source }),
        };
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(PATIENCE);
        let namespace = place
            .namespace
            .clone()
            .unwrap_or_else(|| config.default_namespace.clone());
        match Client::try_from(config) {
            Ok(client) => Ok(Self { client, namespace }),
            Err(source) => Err(ClusterError::Config {
                place,
                source: Box::new(source),
            }),
        }
    }

    /// The platform of that name; without a name, the only one of the namespace.
    pub(crate) async fn platform(&self, name: Option<&str>) -> Result<TodoPlatform, ClusterError> {
        let api = Api::<TodoPlatform>::namespaced(self.client.clone(), &self.namespace);
        let object = |name: &str| Object {
            kind: if name.is_empty() {
                "todoplatforms"
            } else {
                "todoplatform"
            },
            namespace: self.namespace.clone(),
            name: name.into(),
        };
        if let Some(name) = name {
            let found = api.get_opt(name).await.map_err(|source| ClusterError::Read {
                object: object(name),
                source: Box::new(source),
            })?;
            if let Some(platform) = found {
                return Ok(platform);
            }
        }
        let platforms = match api.list(&ListParams::default()).await {
            Ok(list) => list.items,
            Err(kube::Error::Api(status)) if status.is_not_found() => {
                return Err(ClusterError::UnknownResource);
            }
            // Who may get a platform by name need not be allowed to list them.
            Err(kube::Error::Api(status)) if name.is_some() && status.is_forbidden() => Vec::new(),
            Err(source) => {
                return Err(ClusterError::Read {
                    object: object(""),
                    source: Box::new(source),
                });
            }
        };
        match name {
            Some(name) => Err(ClusterError::Absent {
                object: object(name),
                others: names(&platforms),
            }),
            None => only(platforms, &self.namespace),
        }
    }

    /// A Secret by its name; none when it does not exist.
    pub(crate) async fn secret(&self, name: &str) -> Result<Option<Secret>, ClusterError> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        api.get_opt(name).await.map_err(|source| ClusterError::Read {
            object: Object {
                kind: "secret",
                namespace: self.namespace.clone(),
                name: name.into(),
            },
            source: Box::new(source),
        })
    }
}

async fn config(place: &Where) -> Result<Config, Box<dyn std::error::Error + Send + Sync>> {
    if place.kubeconfig.is_none() && place.context.is_none() {
        return Ok(Config::infer().await?);
    }
    let options = KubeConfigOptions {
        context: place.context.clone(),
        ..KubeConfigOptions::default()
    };
    Ok(match &place.kubeconfig {
        Some(file) => Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &options).await?,
        None => Config::from_kubeconfig(&options).await?,
    })
}

fn names(platforms: &[TodoPlatform]) -> Vec<String> {
    platforms.iter().map(ResourceExt::name_any).collect()
}

fn only(mut platforms: Vec<TodoPlatform>, namespace: &str) -> Result<TodoPlatform, ClusterError> {
    match (platforms.pop(), platforms.as_slice()) {
        (None, _) => Err(ClusterError::None {
            namespace: namespace.into(),
        }),
        (Some(platform), []) => Ok(platform),
        (Some(last), _) => {
            platforms.push(last);
            Err(ClusterError::Several {
                namespace: namespace.into(),
                names: names(&platforms),
            })
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

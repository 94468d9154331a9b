//! The cluster: the only file that talks to the API server.

use std::{fmt, path::PathBuf, time::Duration};

use k8s_openapi::api::core::v1::Secret;
use kube::{
    Api, Client, Config,
    api::{DynamicObject, ListParams, Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, Status},
};
use serde_json::Value;
use todoplatform_api::TodoPlatform;
use todoplatform_render::MANAGER;

/// Longest wait for a connection, and for an answer on it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Who changes platforms, as `metadata.managedFields` says.
const FIELD_MANAGER: &str = "kubectl-todo";

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

impl Where {
    /// The namespace, where it was named.
    pub(crate) fn named(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// What of these words says where to look; for a command line that is still being typed.
    pub(crate) fn of_words(words: &[String]) -> Self {
        let value = |long: &str, short: &str| {
            words.iter().enumerate().find_map(|(index, word)| {
                let assigned = word.strip_prefix(&format!("{long}=")).map(str::to_owned);
                let is_flag = word == long || (!short.is_empty() && word == short);
                assigned.or_else(|| is_flag.then(|| words.get(index + 1).cloned()).flatten())
            })
        };
        Self {
            namespace: value("--namespace", "-n"),
            context: value("--context", ""),
            kubeconfig: value("--kubeconfig", "").map(PathBuf::from),
        }
    }

    /// The contexts that can be named.
    pub(crate) fn contexts(&self) -> Option<Vec<String>> {
        let config = match &self.kubeconfig {
            Some(file) => Kubeconfig::read_from(file),
            None => Kubeconfig::read(),
        };
        Some(
            config
                .ok()?
                .contexts
                .into_iter()
                .map(|context| context.name)
                .collect(),
        )
    }
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
    #[error("{object} could not be changed")]
    Change {
        object: Object,
        source: Box<kube::Error>,
    },
    #[error("{object} is not as this version of kubectl-todo knows it")]
    Unknown {
        object: Object,
        source: serde_json::Error,
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
    pub(crate) kind: String,
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

/// What helps against an answer that is an error.
fn allowed(verb: &str, object: &Object, source: &kube::Error) -> String {
    match source {
        kube::Error::Api(status) if status.is_forbidden() => format!(
            "ask for permission: `kubectl auth can-i {verb} {} -n {}` must say yes",
            object.kind, object.namespace
        ),
        _ => "try `kubectl get --raw /readyz` against the same cluster".into(),
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
            Self::Read { object, source } => allowed("get", object, source),
            Self::Change { object, source } => allowed("patch", object, source),
            Self::Unknown { .. } => "update kubectl-todo to the version of the operator".into(),
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

    /// The namespace that is meant.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The client, for questions that are no objects.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The platform of that name, as types; without a name, the only one of the namespace.
    pub(crate) async fn platform(&self, name: Option<&str>) -> Result<TodoPlatform, ClusterError> {
        self.typed(self.found(name).await?)
    }

    /// A platform as types.
    pub(crate) fn typed(&self, platform: Value) -> Result<TodoPlatform, ClusterError> {
        let name = name_of(&platform);
        serde_json::from_value(platform).map_err(|source| ClusterError::Unknown {
            object: self.object("todoplatform", &name),
            source,
        })
    }

    /// The platform of that name as the API server has it, so that fields that this version does not know are kept;
    /// without a name, the only one of the namespace.
    pub(crate) async fn found(&self, name: Option<&str>) -> Result<Value, ClusterError> {
        let kind = platforms();
        if let Some(name) = name
            && let Some(platform) = self.get(&kind, name).await?
        {
            return Ok(platform);
        }
        let platforms = match self.list(&kind, &ListParams::default()).await {
            // Who may get a platform by name need not be allowed to list them.
            Err(ClusterError::Read { source, .. })
                if name.is_some() && is_answer(&source, Status::is_forbidden) =>
            {
                Vec::new()
            }
            answer => known(answer)?,
        };
        match name {
            Some(name) => Err(ClusterError::Absent {
                object: self.object("todoplatform", name),
                others: names(&platforms),
            }),
            None => only(platforms, &self.namespace),
        }
    }

    /// Every platform of the namespace, or of all of them.
    pub(crate) async fn all(&self, all_namespaces: bool) -> Result<Vec<Value>, ClusterError> {
        let kind = platforms();
        let api = if all_namespaces {
            Api::<DynamicObject>::all_with(self.client.clone(), &kind)
        } else {
            self.api(&kind)
        };
        known(self.list_by(&api, &kind, &ListParams::default()).await)
    }

    /// An object of the namespace; none when it, or its kind, does not exist.
    pub(crate) async fn get(&self, kind: &ApiResource, name: &str) -> Result<Option<Value>, ClusterError> {
        match self.api(kind).get(name).await {
            Ok(found) => Ok(Some(value(found))),
            Err(error) if is_answer(&error, |status| status.code == 404) => Ok(None),
            Err(source) => Err(ClusterError::Read {
                object: self.object(&kind.kind.to_lowercase(), name),
                source: Box::new(source),
            }),
        }
    }

    /// The objects of a kind in the namespace.
    pub(crate) async fn list(
        &self,
        kind: &ApiResource,
        params: &ListParams,
    ) -> Result<Vec<Value>, ClusterError> {
        self.list_by(&self.api(kind), kind, params).await
    }

    async fn list_by(
        &self,
        api: &Api<DynamicObject>,
        kind: &ApiResource,
        params: &ListParams,
    ) -> Result<Vec<Value>, ClusterError> {
        let list = api.list(params).await.map_err(|source| ClusterError::Read {
            object: self.object(&kind.plural, ""),
            source: Box::new(source),
        })?;
        Ok(list.items.into_iter().map(value).collect())
    }

    /// Changes a platform by a merge patch, in the fields that it names only: whoever writes other ones meanwhile is not in the
    /// way.
    pub(crate) async fn change(&self, name: &str, change: &Value) -> Result<Value, ClusterError> {
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.into()),
            ..PatchParams::default()
        };
        let api = self.api(&platforms());
        let changed = api.patch(name, &params, &Patch::Merge(change)).await;
        changed.map(value).map_err(|source| ClusterError::Change {
            object: self.object("todoplatform", name),
            source: Box::new(source),
        })
    }

    /// What the API server would make of an object that the operator applies; nothing is changed.
    pub(crate) async fn dry_apply(&self, kind: &ApiResource, object: &Value) -> Result<Value, kube::Error> {
        let mut params = PatchParams::apply(MANAGER).force();
        params.dry_run = true;
        let name = name_of(object);
        self.api(kind)
            .patch(&name, &params, &Patch::Apply(object))
            .await
            .map(value)
    }

    /// A Secret by its name; none when it does not exist.
    pub(crate) async fn secret(&self, name: &str) -> Result<Option<Secret>, ClusterError> {
        let api = Api::<Secret>::namespaced(self.client.clone(), &self.namespace);
        api.get_opt(name).await.map_err(|source| ClusterError::Read {
            object: self.object("secret", name),
            source: Box::new(source),
        })
    }

    fn api(&self, kind: &ApiResource) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, kind)
    }

    fn object(&self, kind: &str, name: &str) -> Object {
        Object {
            kind: kind.into(),
            namespace: self.namespace.clone(),
            name: name.into(),
        }
    }
}

/// `TodoPlatforms`, as a client addresses them.
fn platforms() -> ApiResource {
    ApiResource::erase::<TodoPlatform>(&())
}

/// A 404 to a list means that the kind is not there.
fn known(answer: Result<Vec<Value>, ClusterError>) -> Result<Vec<Value>, ClusterError> {
    match answer {
        Err(ClusterError::Read { source, .. }) if is_answer(&source, |status| status.code == 404) => {
            Err(ClusterError::UnknownResource)
        }
        answer => answer,
    }
}

/// Whether the API server answered, and so.
pub(crate) fn is_answer(error: &kube::Error, is: impl Fn(&Status) -> bool) -> bool {
    matches!(error, kube::Error::Api(status) if is(status))
}

fn value(object: DynamicObject) -> Value {
    // What came as JSON goes as JSON.
    serde_json::to_value(object).unwrap_or_default()
}

/// The name of an object.
pub(crate) fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
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

fn names(platforms: &[Value]) -> Vec<String> {
    platforms.iter().map(name_of).collect()
}

fn only(mut platforms: Vec<Value>, namespace: &str) -> Result<Value, ClusterError> {
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

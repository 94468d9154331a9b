//! What a platform is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::core::ApiResource;

/// The kinds of a platform's children, in the order in which they are applied: a sidecar reads its objects at start,
/// so whatever a pod needs comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChildKind {
    /// `v1`
    ServiceAccount,
    /// `v1`
    ConfigMap,
    /// `v1`; made by the controller from a [`SecretRecipe`].
    Secret,
    /// `networking.k8s.io/v1`; before the pods that it is about.
    NetworkPolicy,
    /// `dapr.io/v1alpha1`
    Configuration,
    /// `dapr.io/v1alpha1`
    Resiliency,
    /// `dapr.io/v1alpha1`
    Component,
    /// `dapr.io/v2alpha1`
    Subscription,
    /// `v1`
    Service,
    /// `v1`; never pruned: the data on it outlives a spec that does not want it.
    PersistentVolumeClaim,
    /// `kafka.strimzi.io/v1`; never pruned: its events go with it.
    KafkaTopic,
    /// `batch/v1`; before the services, which need its work.
    Job,
    /// `apps/v1`
    StatefulSet,
    /// `apps/v1`
    Deployment,
    /// `autoscaling/v2`
    HorizontalPodAutoscaler,
    /// `keda.sh/v1alpha1`
    TriggerAuthentication,
    /// `keda.sh/v1alpha1`
    ScaledObject,
    /// `policy/v1`
    PodDisruptionBudget,
    /// `networking.k8s.io/v1`
    Ingress,
    /// `gateway.networking.k8s.io/v1`
    HttpRoute,
    /// `monitoring.coreos.com/v1`
    PodMonitor,
    /// `monitoring.coreos.com/v1`
    ServiceMonitor,
    /// `monitoring.coreos.com/v1`
    PrometheusRule,
    /// `monitoring.coreos.com/v1alpha1`
    AlertmanagerConfig,
    /// `grafana.integreatly.org/v1beta1`
    GrafanaDashboard,
}

impl ChildKind {
    /// Every kind, in the order of apply.
    pub const ALL: [Self; 25] = [
        Self::ServiceAccount,
        Self::ConfigMap,
        Self::Secret,
        Self::NetworkPolicy,
        Self::Configuration,
        Self::Resiliency,
        Self::Component,
        Self::Subscription,
        Self::Service,
        Self::PersistentVolumeClaim,
        Self::KafkaTopic,
        Self::Job,
        Self::StatefulSet,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
        Self::TriggerAuthentication,
        Self::ScaledObject,
        Self::PodDisruptionBudget,
        Self::Ingress,
        Self::HttpRoute,
        Self::PodMonitor,
        Self::ServiceMonitor,
        Self::PrometheusRule,
        Self::AlertmanagerConfig,
        Self::GrafanaDashboard,
    ];

    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceAccount => "ServiceAccount",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Configuration => "Configuration",
            Self::Resiliency => "Resiliency",
            Self::Component => "Component",
            Self::Subscription => "Subscription",
            Self::Service => "Service",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::KafkaTopic => "KafkaTopic",
            Self::Job => "Job",
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::TriggerAuthentication => "TriggerAuthentication",
            Self::ScaledObject => "ScaledObject",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::Ingress => "Ingress",
            Self::HttpRoute => "HTTPRoute",
            Self::PodMonitor => "PodMonitor",
            Self::ServiceMonitor => "ServiceMonitor",
            Self::PrometheusRule => "PrometheusRule",
            Self::AlertmanagerConfig => "AlertmanagerConfig",
            Self::GrafanaDashboard => "GrafanaDashboard",
        }
    }

    /// Group, version and plural, as a client addresses it.
    pub fn api_resource(self) -> ApiResource {
        let (group, version, plural) = match self {
            Self::ServiceAccount => ("", "v1", "serviceaccounts"),
            Self::ConfigMap => ("", "v1", "configmaps"),
            Self::Secret => ("", "v1", "secrets"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "networkpolicies"),
            Self::Configuration => ("dapr.io", "v1alpha1", "configurations"),
            Self::Resiliency => ("dapr.io", "v1alpha1", "resiliencies"),
            Self::Component => ("dapr.io", "v1alpha1", "components"),
            Self::Subscription => ("dapr.io", "v2alpha1", "subscriptions"),
            Self::Service => ("", "v1", "services"),
            Self::PersistentVolumeClaim => ("", "v1", "persistentvolumeclaims"),
            Self::KafkaTopic => ("kafka.strimzi.io", "v1", "kafkatopics"),
            Self::Job => ("batch", "v1", "jobs"),
            Self::StatefulSet => ("apps", "v1", "statefulsets"),
            Self::Deployment => ("apps", "v1", "deployments"),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers"),
            Self::TriggerAuthentication => ("keda.sh", "v1alpha1", "triggerauthentications"),
            Self::ScaledObject => ("keda.sh", "v1alpha1", "scaledobjects"),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
            Self::Ingress => ("networking.k8s.io", "v1", "ingresses"),
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "httproutes"),
            Self::PodMonitor => ("monitoring.coreos.com", "v1", "podmonitors"),
            Self::ServiceMonitor => ("monitoring.coreos.com", "v1", "servicemonitors"),
            Self::PrometheusRule => ("monitoring.coreos.com", "v1", "prometheusrules"),
            Self::AlertmanagerConfig => ("monitoring.coreos.com", "v1alpha1", "alertmanagerconfigs"),
            Self::GrafanaDashboard => ("grafana.integreatly.org", "v1beta1", "grafanadashboards"),
        };
        let api_version = if group.is_empty() {
            version.into()
        } else {
            format!("{group}/{version}")
        };
        ApiResource {
            group: group.into(),
            version: version.into(),
            api_version,
            kind: self.as_str().into(),
            plural: plural.into(),
        }
    }

    /// Whether an API server may lack the kind: Dapr's, the Prometheus operator's, the Grafana operator's, KEDA's, Strimzi's,
    /// the Gateway API's.
    pub fn optional(self) -> bool {
        self.is_dapr()
            || self.is_monitoring()
            || self.is_keda()
            || matches!(self, Self::KafkaTopic | Self::HttpRoute | Self::GrafanaDashboard)
    }

    /// Whether the kind is KEDA's: without it services scale by CPU and memory alone.
    pub fn is_keda(self) -> bool {
        matches!(self, Self::TriggerAuthentication | Self::ScaledObject)
    }

    /// Whether an object of the kind owns the number of pods of a Deployment.
    pub fn is_autoscaler(self) -> bool {
        matches!(self, Self::HorizontalPodAutoscaler | Self::ScaledObject)
    }

    /// Whether the kind is Dapr's: without it no service can run.
    pub fn is_dapr(self) -> bool {
        matches!(
            self,
            Self::Configuration | Self::Resiliency | Self::Component | Self::Subscription
        )
    }

    /// Whether the kind is the Prometheus operator's: without it the platform runs unwatched.
    pub fn is_monitoring(self) -> bool {
        matches!(
            self,
            Self::PodMonitor | Self::ServiceMonitor | Self::PrometheusRule | Self::AlertmanagerConfig
        )
    }

    /// Whether `metadata.generation` of the kind moves with its spec. Kinds without it are compared by
    /// `resourceVersion`.
    pub fn has_generation(self) -> bool {
        !matches!(
            self,
            Self::ServiceAccount
                | Self::ConfigMap
                | Self::Secret
                | Self::Service
                | Self::HorizontalPodAutoscaler
                | Self::PersistentVolumeClaim
        )
    }

    /// Whether an object of the kind is deleted when the spec wants it no longer. Volumes, topics and passwords stay for as
    /// long as the platform does: going back to an embedded store finds its data.
    pub fn is_pruned(self) -> bool {
        !matches!(
            self,
            Self::Secret | Self::PersistentVolumeClaim | Self::KafkaTopic
        )
    }
}

/// One object of a platform, complete: `apiVersion`, `kind`, `metadata` with the controller's owner reference when the
/// platform has a UID, and the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Its kind.
    pub kind: ChildKind,
    /// Its `metadata.name`.
    pub name: String,
    /// The component that it belongs to; none for what belongs to the whole platform.
    pub component: Option<String>,
    /// The object.
    pub object: serde_json::Value,
}

/// A Secret that the controller makes once, with random values, and never writes again.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretRecipe {
    /// Its `metadata.name`.
    pub name: String,
    /// The component that it belongs to; none for what belongs to the whole platform.
    pub component: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations: what becomes of it with the platform, where that is not `Delete`.
    pub annotations: BTreeMap<String, String>,
    /// Its owners: the platform, when that has a UID and takes the Secret along.
    pub owner_references: Vec<OwnerReference>,
    /// How the value of each key is made.
    pub values: BTreeMap<String, SecretValue>,
}

/// How the value of one key is made. Keys of one Secret may refer to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretValue {
    /// 32 random characters of `[A-Za-z0-9]`.
    Password,
    /// 64 random hexadecimal digits.
    Token,
    /// A new Ed25519 private key, PKCS#8 in PEM.
    Ed25519PrivatePem,
    /// The JSON Web Key Set with the public half of the [`Self::Ed25519PrivatePem`] of the same Secret.
    Ed25519Jwks,
    /// Text in which `{<key>}` stands for the value of another key of the same Secret.
    Url {
        /// The text.
        template: String,
    },
}

/// Whether the services may be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// They may, or they run already.
    Open,
    /// Not yet: their Deployments are left out of the children.
    Closed {
        /// What has not answered: name, reason, message.
        waiting_for: Vec<(String, String, String)>,
    },
}

/// Marks resources that were built and not yet sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {}

/// Everything that a platform is made of, in the order of apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Resources<S> {
    /// The objects, sorted by kind in the order of [`ChildKind::ALL`], then by name.
    pub children: Vec<Child>,
    /// Kinds of which there would be objects, if the API server served them.
    pub skipped: BTreeSet<ChildKind>,
    /// The Secrets that the controller makes when they are missing; never pruned, owned by the platform.
    pub secrets: Vec<SecretRecipe>,
    /// Whether the services' Deployments are among the children.
    pub gate: Gate,
    /// Components whose objects are left exactly as they are: their children are here, and are neither written nor
    /// pruned.
    pub paused: BTreeSet<String>,
    state: PhantomData<S>,
}

impl Resources<Prepared> {
    /// The children that are sent: all but those of paused components.
    pub fn written(&self) -> impl Iterator<Item = &Child> {
        self.children.iter().filter(|child| {
            child
                .component
                .as_ref()
                .is_none_or(|component| !self.paused.contains(component))
        })
    }

    pub(crate) fn new(
        mut children: Vec<Child>,
        skipped: BTreeSet<ChildKind>,
        secrets: Vec<SecretRecipe>,
        gate: Gate,
        paused: BTreeSet<String>,
    ) -> Self {
        children.sort_by(|left, right| (left.kind, &left.name).cmp(&(right.kind, &right.name)));
        Self {
            children,
            skipped,
            secrets,
            gate,
            paused,
            state: PhantomData,
        }
    }
}

//! `spec.extraServices`: the user's own Dapr apps, joined to the platform.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    EnvFrom, EnvVar, IngressTls, ParentRef, PodDisruptionBudget, PodOptions, Resources, SecretKeyRef,
    ServiceAccountOptions, ServiceDapr,
};
use crate::rules;

/// A Dapr app of the user's own, joined to the platform.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(
    validation = rules::EXTRA_SERVICE_PORT.rule(),
    validation = rules::EXTRA_SERVICE_METRICS_PORT.rule(),
    validation = rules::EXTRA_SERVICE_NAME.rule(),
    validation = rules::EXTRA_SERVICE_ONE_ROUTE.rule(),
    validation = rules::EXTRA_SERVICE_INGRESS_PROTOCOL.rule(),
    validation = rules::EXTRA_SERVICE_HTTP_ROUTE_PROTOCOL.rule()
)]
#[serde(rename_all = "camelCase")]
pub struct ExtraService {
    /// Name of the component: its objects are called `<platform>-<name>`, which is its Dapr app-id too. Required.
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub name: String,
    /// Whether it runs; false takes all its objects away. Default of both profiles: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Full reference of the image, with a tag or a digest. Required.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*[a-zA-Z0-9]$")
    )]
    pub image: String,
    /// Command in place of the image's entry point. Default of both profiles: the image's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub command: Vec<String>,
    /// Arguments of the command. Default of both profiles: the image's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub args: Vec<String>,
    /// Port on which it listens for its sidecar: calls of peers and events. Not one of the sidecar's own. Required.
    #[schemars(range(min = 1, max = 65_535))]
    pub port: i32,
    /// What it speaks on that port. Default of both profiles: `http`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<AppProtocol>,
    /// Port where `/metrics` answers for Prometheus. Default of both profiles: none, and the app is not watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub metrics_port: Option<i32>,
    /// Number of pods; 0 stops it. Default of development: 1; of production: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub replicas: Option<i32>,
    /// CPU and memory of the container `app`. Default of development: 10m CPU, 32Mi memory, limit 128Mi; of production: 100m, 64Mi, limit 256Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Environment variables, merged over those that the operator sets. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose every key becomes an environment variable. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["kind".into(), "name".into()]))]
    pub env_from: Vec<EnvFrom>,
    /// How Kubernetes asks it whether it lives and serves. Default of both profiles: ready when `port` takes connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// Topics that it publishes, without the platform's prefix. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        inner(
            length(min = 1, max = 64),
            regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub publishes: Vec<String>,
    /// Topics that it consumes, with the routes where their events arrive. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["topic".into()]))]
    pub consumes: Vec<ConsumedTopic>,
    /// Applications that it may call through its sidecar, by their names (`task`, or another extra service). Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 32),
        inner(length(min = 1, max = 32), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub calls: Vec<String>,
    /// Stores of the platform that it uses: `postgresql` sets `DATABASE_URL`, `redis` sets `REDIS_URL`, `daprState` sets `STATE_STORE_NAME`. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub stores: Vec<ExtraStore>,
    /// The key of a Secret with the connection URL of a database of its own, for `postgresql` and `daprState`. Default of both profiles: `database.external.urlSecretKeyRef`; needed without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url_secret_key_ref: Option<SecretKeyRef>,
    /// An Ingress to the app. What comes in so passes neither the gateway's login nor its limits: the app itself asks who calls. At most one of `ingress` and `httpRoute` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<ExtraIngress>,
    /// An HTTPRoute of the Gateway API to the app. What comes in so passes neither the gateway's login nor its limits: the app itself asks who calls. At most one of `ingress` and `httpRoute` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_route: Option<ExtraHttpRoute>,
    /// Where its pods run and what they carry. Default of both profiles: `spec.podDefaults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodOptions>,
    /// How many pods a drained node may take away. Default of development: any; of production: one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_disruption_budget: Option<PodDisruptionBudget>,
    /// Its ServiceAccount. Default of both profiles: without annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountOptions>,
    /// Its sidecar. Default of both profiles: what `spec.dapr` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dapr: Option<ServiceDapr>,
    /// Leaves its objects exactly as they are: the operator neither writes nor deletes them. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// What an app speaks on its port.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum AppProtocol {
    /// HTTP/1.1.
    Http,
    /// gRPC.
    Grpc,
    /// HTTP/2 in clear.
    H2c,
}

impl AppProtocol {
    /// The value as Dapr writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::H2c => "h2c",
        }
    }
}

/// A topic that an app consumes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConsumedTopic {
    /// The topic, without the platform's prefix (`task.created`). Required.
    #[schemars(
        length(min = 1, max = 64),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub topic: String,
    /// Where its events arrive. Default of both profiles: `/events/<topic>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^/[-A-Za-z0-9._~/]*$"))]
    pub route: Option<String>,
}

/// A store of the platform.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "camelCase")]
pub enum ExtraStore {
    /// PostgreSQL, by `DATABASE_URL`.
    Postgresql,
    /// Redis, by `REDIS_URL`.
    Redis,
    /// A Dapr state store of its own, by `STATE_STORE_NAME`.
    DaprState,
}

/// How Kubernetes asks an app how it is.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Probes {
    /// Whether it has started; the others wait for it. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<HttpProbe>,
    /// Whether it serves. Default of both profiles: `port` takes connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<HttpProbe>,
    /// Whether it lives; one that does not is restarted. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness: Option<HttpProbe>,
}

/// A question by HTTP.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct HttpProbe {
    /// Path to ask for. Required.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"^/[-A-Za-z0-9._~/]*$"))]
    pub path: String,
    /// Port to ask. Default of both profiles: the app's `port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<i32>,
    /// Seconds between two questions. Default of both profiles: 1 at the start, 3 for readiness, 10 for liveness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub period_seconds: Option<i32>,
    /// Failures in a row that count. Default of both profiles: 120 at the start, else 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub failure_threshold: Option<i32>,
}

/// An Ingress to an app. What it leaves out it shares with the gateway's.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExtraIngress {
    /// The class of the Ingress. Default of both profiles: that of `gateway.ingress`, else the cluster's default class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
    )]
    pub class_name: Option<String>,
    /// Host names under which the app is reached. Default of both profiles: those of `gateway.ingress`; needed without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(
            length(min = 1, max = 253),
            regex(pattern = r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub hosts: Vec<String>,
    /// Requests below this path go to the app, with the path unchanged. Default of both profiles: `/<name>`, with `hosts` of its own `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^/([-A-Za-z0-9._~]+(/[-A-Za-z0-9._~]+)*)?$")
    )]
    pub path: Option<String>,
    /// Encryption. Default of both profiles: that of `gateway.ingress`, with `hosts` of its own none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<IngressTls>,
    /// Annotations for the controller of the class; those of `gateway.ingress` are not taken over. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "crate::schema::annotation_map")]
    pub annotations: BTreeMap<String, String>,
}

/// An HTTPRoute (`gateway.networking.k8s.io/v1`) to an app. What it leaves out it shares with the gateway's.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExtraHttpRoute {
    /// The Gateways that the route attaches to. Default of both profiles: those of `gateway.httpRoute`; needed without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub parent_refs: Vec<ParentRef>,
    /// Host names under which the app is reached. Default of both profiles: those of `gateway.httpRoute`, with `parentRefs` of its own those of the Gateways.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 16),
        inner(
            length(min = 1, max = 253),
            regex(pattern = r"^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")
        )
    )]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub hostnames: Vec<String>,
    /// Requests below this path go to the app, with the path unchanged. Default of both profiles: `/<name>`, with `hostnames` or `parentRefs` of its own `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^/([-A-Za-z0-9._~]+(/[-A-Za-z0-9._~]+)*)?$")
    )]
    pub path: Option<String>,
}

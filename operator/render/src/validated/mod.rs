//! A platform whose every setting is decided: the profile applied, every rule checked. One file per section of the spec.

mod alerting;
mod apps;
mod auth;
mod autoscaling;
mod broker;
mod dapr;
mod dashboards;
mod gateway;
mod monitoring;
mod network_policy;
mod notifications;
mod pod;
mod routing;
mod stores;

use std::collections::BTreeSet;

use todoplatform_api::Profile;

pub use alerting::{AlertOverrideSettings, AlertingSettings, SloSettings};
pub use apps::{App, AppHealthSettings, SidecarSettings};
pub use auth::{AuthSettings, KeySource};
pub use autoscaling::{AutoscalingSettings, BrokerLagSettings};
pub use broker::{Authority, BrokerSettings, SaslSettings, TlsSettings, TopicSettings, UserName};
pub use dapr::{
    ApiLoggingSettings, CircuitBreakerSettings, DaprSettings, Exporter, ResiliencySettings, RetrySettings,
    StateStoreSettings, TargetSettings, TracingSettings,
};
pub use dashboards::{DashboardSettings, GrafanaOperatorSettings};
pub use gateway::{
    CorsSettings, GatewayRouteSettings, GatewaySettings, HttpRouteSettings, IngressSettings,
    IngressTlsSettings, PolicySettings,
};
pub use monitoring::{
    BrokerMetrics, CacheMetrics, DatabaseMetrics, ExporterKind, ExporterSettings, MonitoringSettings,
};
pub use network_policy::NetworkPolicySettings;
pub use notifications::SmtpSettings;
pub use pod::{ContainerSettings, DisruptionBudget, PodSettings, ProbePort, ProbeSettings};
pub use routing::{ReceiverSettings, RoutingSettings, Way};
pub use stores::{
    CacheLogin, CacheMode, CacheServers, CacheSettings, DatabaseLogin, DatabaseParts, DatabaseSettings,
    ReplicaSettings, SetupSettings, StoreSettings, Text,
};

use crate::{
    catalog::Service, day2::Day2Settings, graph::Consumption, image::ImageRef, names::Names,
    references::References,
};

/// A platform whose every setting is decided. Only [`crate::validate`] makes one, so that building cannot fail.
#[derive(serde::Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidatedPlatform {
    /// Names of the children.
    #[serde(skip)]
    pub names: Names,
    /// `metadata.uid`; none before the platform was created, as in a render of a file.
    #[serde(skip)]
    pub uid: Option<String>,
    /// The set of defaults.
    pub profile: Profile,
    /// Version of the services: the release, else the tag of their images.
    pub version: String,
    /// When a node pulls an image.
    pub image_pull_policy: String,
    /// When a node pulls the sidecars' image; none leaves it to Dapr's injector.
    pub sidecar_pull_policy: Option<String>,
    /// The sidecars' image; none leaves it to Dapr's injector.
    pub daprd_image: Option<ImageRef>,
    /// Secrets with which the pods pull their images.
    pub image_pull_secrets: Vec<String>,
    /// The applications, those of the catalog first.
    #[serde(rename = "services", serialize_with = "apps::by_name")]
    pub apps: Vec<App>,
    /// How bearer tokens are verified.
    pub auth: AuthSettings,
    /// How clients reach the gateway.
    pub gateway: GatewaySettings,
    /// The embedded PostgreSQL.
    pub postgres: Option<StoreSettings>,
    /// The embedded Redis.
    pub redis: Option<StoreSettings>,
    /// Where the services' databases are.
    pub database: DatabaseSettings,
    /// Where the cache is.
    pub cache: CacheSettings,
    /// What carries the events.
    pub broker: BrokerSettings,
    /// The topics that are made as `KafkaTopic`s, with the name of their `Kafka`.
    pub topics: Option<TopicSettings>,
    /// What stands before the name of every topic.
    pub topic_prefix: String,
    /// The mail server.
    pub smtp: Option<SmtpSettings>,
    /// How often and for how long the sidecars try.
    pub resiliency: ResiliencySettings,
    /// What all sidecars share.
    pub dapr: DaprSettings,
    /// Who may connect to whom; none when everybody may.
    pub network_policy: Option<NetworkPolicySettings>,
    /// What is scraped; none when no objects for the Prometheus operator are wanted.
    pub monitoring: Option<MonitoringSettings>,
    /// Of what somebody is told; none when no alerts are wanted or nothing is scraped.
    pub alerting: Option<AlertingSettings>,
    /// Who is told of alerts; none leaves it to what Alertmanager does otherwise.
    pub routing: Option<RoutingSettings>,
    /// How dashboards are delivered; none when they are not wanted.
    pub dashboards: Option<DashboardSettings>,
    /// Whether the platform sleeps.
    pub hibernated: bool,
    /// What is undone, what outlives the platform, what it may take, who restarts.
    pub day2: Day2Settings,
    /// What the pass read by name.
    #[serde(skip)]
    pub references: References,
}

impl ValidatedPlatform {
    /// One of the five services; none when it is switched off.
    pub fn service(&self, service: Service) -> Option<&App> {
        self.apps.iter().find(|app| app.node.is(service))
    }

    /// The Ingress that leads to an application.
    pub fn ingress<'a>(&'a self, app: &'a App) -> Option<&'a IngressSettings> {
        if app.node.is(Service::Gateway) {
            self.gateway.ingress.as_ref()
        } else {
            app.ingress.as_ref()
        }
    }

    /// The HTTPRoute that leads to an application.
    pub fn http_route<'a>(&'a self, app: &'a App) -> Option<&'a HttpRouteSettings> {
        if app.node.is(Service::Gateway) {
            self.gateway.http_route.as_ref().map(|gateway| &gateway.route)
        } else {
            app.http_route.as_ref()
        }
    }

    /// Every topic at the broker that an application publishes or consumes, and the dead letters of each consumer; sorted.
    pub fn topics_in_use(&self) -> BTreeSet<String> {
        let full = |topic: &str| format!("{}{topic}", self.topic_prefix);
        let mut topics = BTreeSet::new();
        for App { node, .. } in &self.apps {
            topics.extend(node.publishes.iter().map(|topic| full(topic)));
            for Consumption { topic, .. } in &node.consumes {
                topics.insert(full(topic));
                topics.insert(
                    self.names
                        .dead_letter_topic(&self.topic_prefix, &node.name, topic),
                );
            }
        }
        topics
    }

    /// Where the gateway answers: outside by the first host of its Ingress or HTTPRoute, else inside the cluster; none when
    /// it is switched off.
    pub fn endpoint(&self) -> Option<String> {
        let App { node, .. } = self.service(Service::Gateway)?;
        if let Some(outside) = self.gateway.outside() {
            return Some(outside);
        }
        let host = self.names.host(&self.names.app_id(&node.name));
        Some(format!("http://{host}:{}", node.port))
    }
}

/// CPU and memory of a container, as canonical quantities.
#[derive(serde::Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ContainerResources {
    /// Reserved CPU.
    pub cpu_request: String,
    /// Reserved memory.
    pub memory_request: String,
    /// Most CPU; none by default, since a limit throttles without need.
    pub cpu_limit: Option<String>,
    /// Most memory.
    pub memory_limit: String,
}

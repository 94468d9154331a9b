//! The applications and their sidecars.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use todoplatform_api::{
    EnvFrom, EnvVar, ExtraService, HttpProbe, LogLevel, PodDisruptionBudget, PodOptions, Resources,
    ServiceAccountOptions, ServiceDapr,
};

use super::{
    Resolver,
    common::{image, resources},
    pod::refuse_reserved_annotations,
};
use crate::{
    Violation,
    catalog::{self, Store},
    graph::Node,
    references::service_section,
    validate::INVALID_SPEC,
    validated::{
        App, AppHealthSettings, ContainerSettings, DatabaseLogin, ProbePort, ProbeSettings, SidecarSettings,
    },
};

/// What the spec says of an application, be it one of the five or the user's own.
#[derive(Default)]
struct Wishes<'a> {
    image: Option<&'a str>,
    replicas: Option<i32>,
    resources: Option<&'a Resources>,
    env: &'a [EnvVar],
    env_from: &'a [EnvFrom],
    config: Option<&'a Map<String, Value>>,
    log_level: Option<LogLevel>,
    pod: Option<&'a PodOptions>,
    budget: Option<&'a PodDisruptionBudget>,
    service_account: Option<&'a ServiceAccountOptions>,
    dapr: Option<&'a ServiceDapr>,
    paused: Option<bool>,
}

impl<'a> From<&'a todoplatform_api::Service> for Wishes<'a> {
    fn from(section: &'a todoplatform_api::Service) -> Self {
        Self {
            image: section.image.as_deref(),
            replicas: section.replicas,
            resources: section.resources.as_ref(),
            env: &section.env,
            env_from: &section.env_from,
            config: Some(&section.config),
            log_level: section.log_level,
            pod: section.pod.as_ref(),
            budget: section.pod_disruption_budget.as_ref(),
            service_account: section.service_account.as_ref(),
            dapr: section.dapr.as_ref(),
            paused: section.paused,
        }
    }
}

impl<'a> From<&'a ExtraService> for Wishes<'a> {
    fn from(section: &'a ExtraService) -> Self {
        Self {
            image: Some(&section.image),
            replicas: section.replicas,
            resources: section.resources.as_ref(),
            env: &section.env,
            env_from: &section.env_from,
            config: None,
            log_level: None,
            pod: section.pod.as_ref(),
            budget: section.pod_disruption_budget.as_ref(),
            service_account: section.service_account.as_ref(),
            dapr: section.dapr.as_ref(),
            paused: section.paused,
        }
    }
}

impl<'a> Resolver<'a> {
    pub(super) fn extra(&self, node: &Node) -> Option<&'a ExtraService> {
        self.spec.extra_services.get(node.extra?)
    }

    fn wishes(&self, node: &Node) -> Wishes<'a> {
        let built_in = node
            .service
            .and_then(|service| service_section(self.spec.services.as_ref(), service))
            .map(Wishes::from);
        built_in
            .or_else(|| self.extra(node).map(Wishes::from))
            .unwrap_or_default()
    }

    pub(super) fn app(&self, node: Node, violations: &mut Vec<Violation>) -> Option<App> {
        let wishes = self.wishes(&node);
        let image = match wishes.image {
            Some(own) => image(own, &format!("{}.image", node.field_path), violations),
            None => self.service_image(&node.name, violations),
        };
        let amounts = node
            .service
            .map_or(catalog::service_amounts as fn(_) -> _, |service| {
                service.definition().resources
            })(self.profile);
        let replicas = if self.development() { 1 } else { 2 };
        let section = node
            .service
            .and_then(|service| service_section(self.spec.services.as_ref(), service));
        let autoscaling = self.autoscaling(&node, section, violations);
        let least = autoscaling.map_or(replicas, |autoscaling| autoscaling.min);
        let replicas = wishes.replicas.unwrap_or(least);
        let annotations = wishes.service_account.map(|account| &account.annotations);
        if let Some(annotations) = annotations {
            let path = format!("{}.serviceAccount.annotations", node.field_path);
            refuse_reserved_annotations(annotations, &path, violations);
        }
        let pod = self.pod(wishes.pod, &node.field_path, violations);
        let disruption_budget = self.disruption_budget(wishes.budget, replicas, &node.field_path, violations);
        Some(App {
            image: image?,
            replicas,
            autoscaling,
            container: self.container(&node),
            resources: resources(wishes.resources, None, amounts),
            env: wishes.env.to_vec(),
            env_from: wishes.env_from.to_vec(),
            config: wishes.config.cloned().unwrap_or_default(),
            log_level: wishes.log_level.unwrap_or(LogLevel::Info),
            pod,
            disruption_budget,
            service_account_annotations: annotations.cloned().unwrap_or_default(),
            sidecar: self.sidecar(&node, wishes.dapr),
            ingress: self.app_ingress(&node, violations),
            http_route: self.app_http_route(&node, violations),
            paused: wishes.paused.unwrap_or(false),
            node,
        })
    }

    /// Where the extra services' connection URLs are.
    pub(super) fn extra_databases(
        &self,
        nodes: &[Node],
        violations: &mut Vec<Violation>,
    ) -> BTreeMap<String, DatabaseLogin> {
        let external = self
            .spec
            .database
            .as_ref()
            .and_then(|section| section.external.as_ref());
        let shared = external.and_then(|external| external.url_secret_key_ref.as_ref());
        let mut logins = BTreeMap::new();
        for node in nodes {
            let stores = node.stores_in(Store::PostgreSql) || node.stores_in(Store::DaprState);
            let Some(section) = self.extra(node).filter(|_| stores) else {
                continue;
            };
            match section.database_url_secret_key_ref.as_ref().or(shared) {
                Some(url) => {
                    logins.insert(node.name.clone(), DatabaseLogin::Url(url.clone()));
                }
                None => violations.push(Violation {
                    field_path: format!("{}.databaseUrlSecretKeyRef", node.field_path),
                    reason: INVALID_SPEC,
                    message: format!(
                        "{} stores in PostgreSQL, and nothing says in which database",
                        node.name
                    ),
                    next_action: "Put a connection URL of its own into a Secret and name its key there"
                        .into(),
                }),
            }
        }
        logins
    }

    fn container(&self, node: &Node) -> ContainerSettings {
        let Some(section) = self.extra(node) else {
            let admin = |path: &str, period_seconds, failure_threshold| ProbeSettings {
                path: Some(path.into()),
                port: ProbePort::Name("admin"),
                period_seconds,
                failure_threshold,
            };
            return ContainerSettings {
                command: Vec::new(),
                args: Vec::new(),
                // Migrations wait for each other: two minutes before a start has failed.
                startup: Some(admin("/startupz", 1, 120)),
                readiness: admin("/readyz", 3, 3),
                liveness: Some(admin("/livez", 10, 3)),
            };
        };
        let asked = |probe: &HttpProbe, period, failures| ProbeSettings {
            path: Some(probe.path.clone()),
            port: ProbePort::Number(probe.port.unwrap_or(section.port)),
            period_seconds: probe.period_seconds.unwrap_or(period),
            failure_threshold: probe.failure_threshold.unwrap_or(failures),
        };
        let probes = section.probes.as_ref();
        let readiness = probes.and_then(|probes| probes.readiness.as_ref());
        ContainerSettings {
            command: section.command.clone(),
            args: section.args.clone(),
            startup: probes
                .and_then(|probes| probes.startup.as_ref())
                .map(|probe| asked(probe, 1, 120)),
            readiness: readiness.map_or(
                ProbeSettings {
                    path: None,
                    port: ProbePort::Name("http"),
                    period_seconds: 3,
                    failure_threshold: 3,
                },
                |probe| asked(probe, 3, 3),
            ),
            liveness: probes
                .and_then(|probes| probes.liveness.as_ref())
                .map(|probe| asked(probe, 10, 3)),
        }
    }

    fn sidecar(&self, node: &Node, own: Option<&ServiceDapr>) -> SidecarSettings {
        let shared = self.spec.dapr.as_ref();
        let block = if self.development() { 6 } else { 20 };
        let health = own.and_then(|own| own.app_health.as_ref());
        // Nobody knows of a stranger where it tells how it is.
        let asks = node.service.is_some() || health.is_some_and(|health| health.path.is_some());
        SidecarSettings {
            log_level: own
                .and_then(|own| own.log_level)
                .or_else(|| shared.and_then(|shared| shared.log_level))
                .unwrap_or(LogLevel::Info),
            resources: resources(
                own.and_then(|own| own.resources.as_ref()),
                shared.and_then(|shared| shared.sidecar_resources.as_ref()),
                catalog::sidecar_amounts(self.profile),
            ),
            max_body_size: own
                .and_then(|own| own.max_body_size.clone())
                .unwrap_or_else(|| "4Mi".into()),
            graceful_shutdown_seconds: own.and_then(|own| own.graceful_shutdown_seconds).unwrap_or(5),
            block_shutdown_seconds: own.and_then(|own| own.block_shutdown_seconds).unwrap_or(block),
            app_health: health
                .and_then(|health| health.enabled)
                .unwrap_or(asks)
                .then(|| AppHealthSettings {
                    path: health
                        .and_then(|health| health.path.clone())
                        .unwrap_or_else(|| "/healthz".into()),
                    interval_seconds: health.and_then(|health| health.interval_seconds).unwrap_or(5),
                    timeout_milliseconds: health
                        .and_then(|health| health.timeout_milliseconds)
                        .unwrap_or(2000),
                    threshold: health.and_then(|health| health.threshold).unwrap_or(3),
                }),
        }
    }
}

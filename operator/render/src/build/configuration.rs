//! One Dapr Configuration per app: who may call it, what its sidecar measures.

use std::collections::BTreeSet;

use todoplatform_kinds::dapr::{
    AccessControl, AccessPolicy, Action, Api, ApiLogging, ApiRule, Configuration, ConfigurationFields,
    ConfigurationSpec, Feature, HttpMetrics, Logging, Metrics, Operation, Otel, Tracing, Zipkin,
};

use super::object::{child, metadata};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    catalog::{Service, operations::operations},
    graph::Node,
    validated::{Exporter, TracingSettings},
};

/// Dapr's own default; the callers' too, since an identity without a Configuration has it.
const TRUST_DOMAIN: &str = "public";

/// Fixed: a list that followed an objective would restart every sidecar with it. Milliseconds.
const LATENCY_BUCKETS: [i32; 10] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    platform
        .apps
        .iter()
        .map(|app| configuration(platform, &app.node))
        .collect()
}

fn configuration(platform: &ValidatedPlatform, node: &Node) -> Child {
    let component = node.name.as_str();
    let spec = ConfigurationSpec {
        // A change of Dapr's objects is a rolling update; with hot reload every replica would restart at once.
        features: vec![Feature {
            name: "HotReload".into(),
            enabled: false,
        }],
        access_control: platform
            .dapr
            .access_control
            .then(|| access_control(platform, node)),
        // The one service that strangers reach gets nothing of Dapr but calls to its peers.
        api: node.is(Service::Gateway).then(|| Api {
            allowed: vec![
                rule("invoke", "http"),
                rule("metadata", "http"),
                rule("invoke", "grpc"),
            ],
        }),
        metrics: Some(Metrics {
            enabled: true,
            http: Some(HttpMetrics {
                increased_cardinality: false,
                path_matching: paths(node),
            }),
            latency_distribution_buckets: LATENCY_BUCKETS.to_vec(),
        }),
        tracing: platform.dapr.tracing.as_ref().map(tracing),
        logging: platform.dapr.api_logging.map(|settings| Logging {
            api_logging: ApiLogging {
                enabled: true,
                obfuscate_urls: settings.obfuscate_urls,
                omit_health_checks: settings.omit_health_checks,
            },
        }),
    };
    let mut configuration =
        Configuration::new(&platform.names.app_id(component), ConfigurationFields { spec });
    configuration.metadata = metadata(platform, &platform.names.app_id(component), Some(component));
    child(ChildKind::Configuration, Some(component), &configuration)
}

/// Nobody but who calls the service, and of it nothing but what they call.
fn access_control(platform: &ValidatedPlatform, node: &Node) -> AccessControl {
    AccessControl {
        default_action: Action::Deny,
        trust_domain: TRUST_DOMAIN.into(),
        policies: node
            .callers
            .iter()
            .map(|caller| AccessPolicy {
                app_id: platform.names.app_id(caller),
                // Of an application whose routes are not known, its callers may call everything.
                default_action: if node.routes.is_empty() {
                    Action::Allow
                } else {
                    Action::Deny
                },
                trust_domain: TRUST_DOMAIN.into(),
                namespace: platform.names.namespace().into(),
                operations: operations(node)
                    .into_iter()
                    .map(|(name, verbs)| Operation {
                        name,
                        http_verb: verbs.into_iter().map(str::to_owned).collect(),
                        action: Action::Allow,
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn tracing(settings: &TracingSettings) -> Tracing {
    let (otel, zipkin) = match &settings.exporter {
        Exporter::Otlp {
            endpoint,
            protocol,
            tls,
        } => {
            let otel = Otel {
                protocol: protocol.as_str().into(),
                endpoint_address: endpoint.clone(),
                is_secure: *tls,
            };
            (Some(otel), None)
        }
        Exporter::Zipkin(url) => {
            let zipkin = Zipkin {
                endpoint_address: url.clone(),
            };
            (None, Some(zipkin))
        }
    };
    Tracing {
        sampling_rate: settings.sampling_rate.clone(),
        otel,
        zipkin,
    }
}

fn rule(name: &str, protocol: &str) -> ApiRule {
    ApiRule {
        name: name.into(),
        version: "v1".into(),
        protocol: protocol.into(),
    }
}

/// The paths that may become labels: the application's routes and, where it consumes, its event routes.
fn paths(node: &Node) -> Vec<String> {
    let events: BTreeSet<String> = node
        .consumes
        .iter()
        .map(|consumption| match node.service {
            Some(_) => "/events/{topic}".to_owned(),
            None => consumption.route.clone(),
        })
        .collect();
    events.into_iter().chain(node.routes.iter().cloned()).collect()
}

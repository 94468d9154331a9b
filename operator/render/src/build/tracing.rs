//! What a container is told of the collector, by its environment: the same as its sidecar by the Dapr Configuration.

use k8s_openapi::api::core::v1::EnvVar;
use todoplatform_api::OtlpProtocol;

use super::pod::env_value;
use crate::{
    ValidatedPlatform,
    graph::Node,
    validated::{Exporter, TracingSettings},
};

/// The standard variables of OpenTelemetry. Whatever the collector, the sampler is the sidecar's: the gateway decides of
/// most traces, and what it decides holds for every sidecar. An exporter there is only where OTLP travels by gRPC.
pub(super) fn environment(platform: &ValidatedPlatform, node: &Node) -> Vec<EnvVar> {
    let Some(settings) = &platform.dapr.tracing else {
        return Vec::new();
    };
    let mut env = vec![
        env_value("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        env_value("OTEL_TRACES_SAMPLER_ARG", &settings.sampling_rate),
    ];
    if let Some(url) = url(settings) {
        let names = &platform.names;
        let resource = format!(
            "k8s.namespace.name={},todoplatform.dev/platform={}",
            names.namespace(),
            names.platform()
        );
        env.push(env_value("OTEL_EXPORTER_OTLP_ENDPOINT", url));
        env.push(env_value("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"));
        env.push(env_value("OTEL_SERVICE_NAME", names.app_id(&node.name)));
        env.push(env_value("OTEL_RESOURCE_ATTRIBUTES", resource));
    }
    env
}

/// Of a collector that the services can send to.
fn url(settings: &TracingSettings) -> Option<String> {
    match &settings.exporter {
        Exporter::Otlp {
            endpoint,
            protocol: OtlpProtocol::Grpc,
            tls,
        } => {
            let scheme = if *tls { "https" } else { "http" };
            Some(format!("{scheme}://{endpoint}"))
        }
        Exporter::Otlp { .. } | Exporter::Zipkin(_) => None,
    }
}

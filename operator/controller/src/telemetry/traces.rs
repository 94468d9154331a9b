//! Traces of passes, sent by OTLP over gRPC. Spans are gathered and sent by a thread of their own: whatever the collector does,
//! a pass only puts its spans into a queue, and what does not fit is dropped.

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;

use super::BoxedLayer;
use super::exporter::Exporter;
use crate::chain::Chain;

/// Name of the operator in traces, unless the environment gives another.
const SERVICE: &str = "todoplatform-operator";

/// Whose spans are sent: not those of libraries, least of all of the one that sends.
const TARGET: &str = "todoplatform_operator";

/// How long the end of the process waits for the collector. The Lease is released before.
const LAST_CHANCE: Duration = Duration::from_secs(3);

/// Where traces go, and how many.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSettings {
    /// URL of the collector.
    pub endpoint: String,
    /// Part of the passes, from 0 to 1; none for what the environment says.
    pub sampling_ratio: Option<f64>,
    /// Certificates, as PEM, of the collector's authority; none for the public ones.
    pub ca_file: Option<PathBuf>,
    /// Name of the operator's pod.
    pub pod: Option<String>,
}

/// Traces cannot be sent as asked.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// No certificates of the collector's authority.
    #[error("--otlp-ca-file {}: cannot be read", path.display())]
    ReadAuthority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The exporter refuses the settings, or a variable of the environment.
    #[error("--otlp-endpoint {endpoint}: traces cannot be sent there")]
    Exporter {
        /// The collector.
        endpoint: String,
        /// What the exporter said.
        source: Box<ExporterBuildError>,
    },
}

/// Traces on their way to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Starts to send. Nothing is connected yet: a collector that is away now may come later. Needs tokio's runtime.
    pub fn start(settings: &TraceSettings) -> Result<Self, TracesError> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&settings.endpoint)
            .with_tls_config(tls(settings)?)
            .build()
            .map_err(|source| TracesError::Exporter {
                endpoint: settings.endpoint.clone(),
                source: Box::new(source),
            })?;
        let mut provider = SdkTracerProvider::builder()
            .with_resource(resource(settings.pod.as_deref()))
            .with_batch_exporter(Exporter::new(exporter));
        if let Some(ratio) = settings.sampling_ratio {
            provider = provider.with_sampler(Sampler::TraceIdRatioBased(ratio));
        }
        Ok(Self {
            provider: provider.build(),
        })
    }

    /// What turns the operator's spans into those of traces.
    pub(super) fn layer(&self) -> BoxedLayer {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(TARGET))
            // Parents are those of the log's spans, so nothing has to be kept per thread.
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            // Only a pass that failed is an error, not one that logged something bad on its way.
            .with_error_events_to_status(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::INFO))
            .boxed()
    }

    /// Sends what is left, for a short time at most. Afterwards spans go nowhere.
    pub async fn end(self) {
        if let Err(error) = self.flush(LAST_CHANCE).await {
            tracing::warn!(error.chain = %Chain(&error), "the last traces are lost");
        }
    }

    /// On a thread that may block: the exporter needs this one's to send.
    pub(super) async fn flush(self, limit: Duration) -> OTelSdkResult {
        let provider = self.provider;
        tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(limit))
            .await
            .unwrap_or_else(|source| Err(OTelSdkError::InternalFailure(source.to_string())))
    }
}

/// For https; http goes without.
fn tls(settings: &TraceSettings) -> Result<ClientTlsConfig, TracesError> {
    let Some(path) = &settings.ca_file else {
        return Ok(ClientTlsConfig::new().with_enabled_roots());
    };
    let pem = std::fs::read(path).map_err(|source| TracesError::ReadAuthority {
        path: path.clone(),
        source,
    })?;
    Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
}

/// Who sends: what the environment says goes before what the operator knows.
fn resource(pod: Option<&str>) -> Resource {
    let own = own_attributes(&Resource::builder().build(), pod);
    Resource::builder().with_attributes(own).build()
}

/// What the operator knows of itself and `said` does not say.
fn own_attributes(said: &Resource, pod: Option<&str>) -> Vec<KeyValue> {
    let is_said = |attribute: &KeyValue| {
        let value = said.get_ref(&attribute.key);
        // So the library calls a service that nobody has named.
        value.is_some_and(|value| !value.as_str().starts_with("unknown_service"))
    };
    let mut own = vec![
        KeyValue::new("service.name", SERVICE),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ];
    own.extend(pod.map(|pod| KeyValue::new("service.instance.id", pod.to_owned())));
    own.retain(|attribute| !is_said(attribute));
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says_goes_before_what_the_operator_knows() {
        let unnamed = Resource::builder_empty().with_service_name("unknown_service:x");
        let own = own_attributes(&unnamed.build(), Some("operator-1"));
        let keys: Vec<&str> = own.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["service.name", "service.version", "service.instance.id"]);

        let named = Resource::builder_empty().with_service_name("blue");
        let named = named.with_attribute(KeyValue::new("service.instance.id", "7"));
        let own = own_attributes(&named.build(), Some("operator-1"));
        let keys: Vec<&str> = own.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["service.version"]);
    }
}

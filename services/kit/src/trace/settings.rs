//! Where traces go, as the standard variables of OpenTelemetry say.

use std::path::PathBuf;
use std::sync::Arc;

use http::Uri;
use opentelemetry::KeyValue;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanProcessor};
use todo_domain::IdSource;

use super::Tracer;
use super::export::Exporter;
use super::sampler::Sampler;
use crate::config::ConfigError;
use crate::{Environment, VERSION};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// For who has one endpoint for traces and another for everything else: it goes first.
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// Where traces go, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// URL of the collector; none when nobody keeps spans.
    pub(super) endpoint: Option<String>,
    /// Certificates, as PEM, of the collector's authority; none for the public ones.
    pub(super) ca_file: Option<PathBuf>,
    pub(super) sampler: Sampler,
    /// Name of the pod.
    pub(super) instance: Option<String>,
}

/// Traces cannot be sent as asked.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// No certificates of the collector's authority.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {} cannot be read", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The exporter refuses the settings, or a variable of the environment.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT {endpoint}: traces cannot be sent there")]
    Exporter {
        /// The collector.
        endpoint: String,
        /// What the exporter said.
        source: Box<ExporterBuildError>,
    },
}

impl TraceSettings {
    /// What the environment says. A service that nobody tells of tracing passes on what it is told and keeps nothing.
    pub fn of(environment: &Environment) -> Result<Self, ConfigError> {
        let endpoint = endpoint(environment, TRACES_ENDPOINT)?;
        let endpoint = match endpoint {
            Some(endpoint) => Some(endpoint),
            None => self::endpoint(environment, ENDPOINT)?,
        };
        let default_ratio = if endpoint.is_some() { 1.0 } else { 0.0 };
        Ok(Self {
            sampler: Sampler::of(environment, default_ratio)?,
            ca_file: environment.path("OTEL_EXPORTER_OTLP_CERTIFICATE"),
            instance: environment.get("HOSTNAME").map(str::to_owned),
            endpoint,
        })
    }

    /// Starts to send, in the name of `app_id` unless the environment gives another. Nothing is connected yet: a collector
    /// that is away now may come later. Needs tokio's runtime.
    pub fn start(&self, app_id: &str, ids: Arc<dyn IdSource>) -> Result<Tracer, TracesError> {
        let sink = self.endpoint.as_ref().map(|endpoint| self.sink(endpoint, app_id));
        Ok(Tracer::new(ids, self.sampler.clone(), sink.transpose()?))
    }

    /// Spans are gathered and sent by a thread of their own: whatever the collector does, a request only puts its spans
    /// into a queue, and what does not fit is dropped.
    fn sink(&self, endpoint: &str, app_id: &str) -> Result<Arc<dyn SpanProcessor>, TracesError> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_tls_config(self.tls()?)
            .build()
            .map_err(|source| TracesError::Exporter {
                endpoint: endpoint.to_owned(),
                source: Box::new(source),
            })?;
        let mut sink = BatchSpanProcessor::builder(Exporter::new(exporter)).build();
        sink.set_resource(&self.resource(app_id));
        Ok(Arc::new(sink))
    }

    /// For https; http goes without.
    fn tls(&self) -> Result<ClientTlsConfig, TracesError> {
        let Some(path) = &self.ca_file else {
            return Ok(ClientTlsConfig::new().with_enabled_roots());
        };
        let pem = std::fs::read(path).map_err(|source| TracesError::Authority {
            path: path.clone(),
            source,
        })?;
        Ok(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))
    }

    /// Who sends: what the environment says goes before what the service knows.
    fn resource(&self, app_id: &str) -> Resource {
        let own = self.own_attributes(&Resource::builder().build(), app_id);
        Resource::builder().with_attributes(own).build()
    }

    /// What the service knows of itself and `said` does not say.
    pub(super) fn own_attributes(&self, said: &Resource, app_id: &str) -> Vec<KeyValue> {
        let is_said = |attribute: &KeyValue| {
            let value = said.get_ref(&attribute.key);
            // So the library calls a service that nobody has named.
            value.is_some_and(|value| !value.as_str().starts_with("unknown_service"))
        };
        let mut own = vec![
            KeyValue::new("service.name", app_id.to_owned()),
            KeyValue::new("service.version", VERSION),
        ];
        let instance = self.instance.clone();
        own.extend(instance.map(|pod| KeyValue::new("service.instance.id", pod)));
        own.retain(|attribute| !is_said(attribute));
        own
    }
}

fn endpoint(environment: &Environment, name: &'static str) -> Result<Option<String>, ConfigError> {
    let is_url = |uri: Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
    match environment.get(name) {
        Some(text) if !text.parse().is_ok_and(is_url) => Err(ConfigError::refused(
            name,
            "must be a URL with http:// or https:// in front, such as http://otel-collector.observability:4317",
        )),
        endpoint => Ok(endpoint.map(str::to_owned)),
    }
}

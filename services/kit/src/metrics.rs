//! Metrics: one registry, all names beginning with `todo_`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The registry and the metrics that every service has. Cheap to clone; clones share their state.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<DurationLabels, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    service: &'static str,
    version: &'static str,
}

impl Metrics {
    /// A registry with `todo_build_info`, `todo_http_requests_total` and `todo_http_request_duration_seconds`.
    pub fn new(service: &'static str, version: &'static str) -> Self {
        let metrics = Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("todo"))),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { service, version }).set(1);
        metrics.register("build_info", "Which build this is; always 1", build);
        metrics.register(
            "http_requests",
            "Requests answered, by route template",
            metrics.requests.clone(),
        );
        let help = "Time from a request's arrival to its answer's head";
        metrics.register("http_request_duration_seconds", help, metrics.durations.clone());
        metrics
    }

    /// Adds a metric as `todo_<name>`; counters get `_total` behind. Keep a clone to count with.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.lock().register(name, help, metric);
    }

    /// Counts one answered request.
    pub fn request(&self, method: &http::Method, route: &str, status: u16, took: Duration) {
        let method = method_label(method);
        self.requests
            .get_or_create(&RequestLabels {
                method,
                route: route.to_owned(),
                status,
            })
            .inc();
        self.durations
            .get_or_create(&DurationLabels {
                method,
                route: route.to_owned(),
            })
            .observe(took.as_secs_f64());
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.lock())?;
        Ok(text)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Methods are the client's choice, labels must not be.
fn method_label(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("OTHER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_promised_names() {
        let metrics = Metrics::new("task", "0.1.0");
        metrics.request(
            &http::Method::GET,
            "/v1/tasks/{id}",
            200,
            Duration::from_millis(3),
        );
        metrics.request(
            &http::Method::from_bytes(b"BREW").unwrap(),
            "unmatched",
            404,
            Duration::ZERO,
        );
        let text = metrics.encode().unwrap();
        for line in [
            "todo_build_info{service=\"task\",version=\"0.1.0\"} 1",
            "todo_http_requests_total{method=\"GET\",route=\"/v1/tasks/{id}\",status=\"200\"} 1",
            "todo_http_requests_total{method=\"OTHER\",route=\"unmatched\",status=\"404\"} 1",
            "todo_http_request_duration_seconds_bucket{le=\"0.005\",method=\"GET\",route=\"/v1/tasks/{id}\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}

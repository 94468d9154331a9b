//! Metrics: one registry, all names beginning with `todo_`.
//!
//! Every name with its labels stands in `docs/guide/service-metrics.md`, and tests compare. Labels have few values that
//! are known beforehand: no ids, no raw paths; and none is called as what Prometheus calls its targets by (`namespace`,
//! `pod`, `container`, `service`, `job`, `instance`, `endpoint`, `app_id`, `platform`). A counter exists at 0 from the
//! start for each value of its labels: one that is born at 1 hides its first increase.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};

use crate::TraceContext;

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the duration buckets, in seconds. An objective for latency needs one exactly at its threshold.
const DURATIONS: [f64; 13] = [
    0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// A histogram whose buckets name the trace of one of their values.
pub(crate) type TracedHistogram = HistogramWithExemplars<TraceLabel>;

/// The registry and the metrics that every service has. Cheap to clone; clones share their state.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    durations: Family<RequestLabels, TracedHistogram>,
    in_flight: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    component: &'static str,
    version: &'static str,
}

/// What an exemplar says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TraceLabel {
    trace_id: String,
}

impl TraceLabel {
    /// The id of `trace`, unless that is not kept anywhere.
    pub(crate) fn of(trace: TraceContext) -> Option<Self> {
        trace.is_sampled().then(|| Self {
            trace_id: trace.trace_id(),
        })
    }
}

/// A request that was not answered yet; counted until this goes.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// A registry with `todo_build_info`, `todo_http_request_duration_seconds` and `todo_http_requests_in_flight`.
    pub fn new(component: &'static str, version: &'static str) -> Self {
        let metrics = Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("todo"))),
            durations: Family::new_with_constructor(|| TracedHistogram::new(DURATIONS.into_iter())),
            in_flight: Gauge::default(),
        };
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { component, version }).set(1);
        metrics.register("build_info", "Which build this is; always 1", build);
        let help = "Time from a request's arrival to its answer's head, by route template";
        metrics.register("http_request_duration_seconds", help, metrics.durations.clone());
        metrics.register(
            "http_requests_in_flight",
            "Requests that were not answered yet",
            metrics.in_flight.clone(),
        );
        metrics
    }

    /// Adds a metric as `todo_<name>`; counters get `_total` behind. Keep a clone to count with.
    pub fn register(&self, name: &str, help: &str, metric: impl Metric) {
        self.lock().register(name, help, metric);
    }

    /// Adds metrics that are read when they are asked for.
    pub(crate) fn register_collector(&self, collector: impl Collector) {
        self.lock().register_collector(Box::new(collector));
    }

    /// Counts one request as begun.
    pub fn begin_request(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Counts one answered request, a part of `trace`.
    pub fn request(
        &self,
        method: &http::Method,
        route: &str,
        status: u16,
        took: Duration,
        trace: TraceContext,
    ) {
        let labels = RequestLabels {
            route: route.to_owned(),
            method: known_method(method).unwrap_or("OTHER"),
            status,
        };
        self.durations
            .get_or_create(&labels)
            .observe(took.as_secs_f64(), TraceLabel::of(trace), None);
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

/// The method, when it is one of HTTP's own: methods are the client's choice, labels must not be.
pub(crate) fn known_method(method: &http::Method) -> Option<&'static str> {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn answered(traceparent: &str) -> String {
        let metrics = Metrics::new("task", "0.1.0");
        let trace = TraceContext::parse(traceparent).unwrap();
        let took = Duration::from_millis(3);
        metrics.request(&http::Method::GET, "/v1/tasks/{id}", 200, took, trace);
        let brew = http::Method::from_bytes(b"BREW").unwrap();
        metrics.request(&brew, "unmatched", 404, Duration::ZERO, trace);
        metrics.encode().unwrap()
    }

    #[test]
    fn the_text_has_the_promised_names_and_its_end() {
        let text = answered(NOT_SAMPLED);
        for line in [
            "todo_build_info{component=\"task\",version=\"0.1.0\"} 1",
            "todo_http_request_duration_seconds_count{route=\"/v1/tasks/{id}\",method=\"GET\",status=\"200\"} 1",
            "todo_http_request_duration_seconds_count{route=\"unmatched\",method=\"OTHER\",status=\"404\"} 1",
            "todo_http_request_duration_seconds_bucket{le=\"0.3\",route=\"/v1/tasks/{id}\",method=\"GET\",status=\"200\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn a_bucket_names_a_trace_that_somebody_keeps() {
        let exemplar = "# {trace_id=\"0af7651916cd43dd8448eb211c80319c\"} 0.003";
        let text = answered(SAMPLED);
        assert!(text.contains(exemplar), "{text}");
        let text = answered(NOT_SAMPLED);
        assert!(!text.contains("trace_id"), "{text}");
    }

    #[test]
    fn a_request_is_in_flight_until_it_is_dropped() {
        let metrics = Metrics::new("task", "0.1.0");
        let one = metrics.begin_request();
        let other = metrics.begin_request();
        drop(one);
        assert!(
            metrics
                .encode()
                .unwrap()
                .contains("todo_http_requests_in_flight 1\n")
        );
        drop(other);
        assert!(
            metrics
                .encode()
                .unwrap()
                .contains("todo_http_requests_in_flight 0\n")
        );
    }
}

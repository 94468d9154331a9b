//! What the operator counts about itself. Names and labels are a contract: `docs/` lists them, dashboards and
//! alerts use them.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

type Word = &'static str;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: Word,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ErrorReason {
    error: Word,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Step {
    step: Word,
    outcome: Word,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    verb: Word,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Verb {
    verb: Word,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Crd {
    crd: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PlatformOf {
    namespace: String,
    platform: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentOf {
    namespace: String,
    platform: String,
    component: String,
}

/// All metrics of the operator and the registry that prints them.
pub struct Metrics {
    registry: Registry,
    passes: Family<Outcome, Counter>,
    errors: Family<ErrorReason, Counter>,
    pass_duration: Histogram,
    step_duration: Family<Step, Histogram, fn() -> Histogram>,
    in_backoff: Gauge,
    platform_ready: Family<PlatformOf, Gauge>,
    component_ready: Family<ComponentOf, Gauge>,
    drift_corrections: Family<Kind, Counter>,
    api_requests: Family<Request, Counter>,
    api_writes: Family<Verb, Counter>,
    api_writes_skipped: Counter,
    watch_errors: Family<Kind, Counter>,
    crd_missing: Family<Crd, Gauge>,
    event_failures: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// 1 ms to 65 s: a pass ends after 60 s at the latest.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 17))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("todoplatform");
        let passes = Family::<Outcome, Counter>::default();
        registry.register("reconcile", "Passes by what they came to", passes.clone());
        let errors = Family::<ErrorReason, Counter>::default();
        registry.register("reconcile_errors", "Failed passes by reason", errors.clone());
        let pass_duration = durations();
        registry.register_with_unit(
            "reconcile_duration",
            "How long passes take",
            Unit::Seconds,
            pass_duration.clone(),
        );
        let step_duration = Family::<Step, Histogram, fn() -> Histogram>::new_with_constructor(
            durations as fn() -> Histogram,
        );
        registry.register_with_unit(
            "reconcile_step_duration",
            "How long the steps of a pass take",
            Unit::Seconds,
            step_duration.clone(),
        );
        let in_backoff = Gauge::default();
        registry.register(
            "objects_in_backoff",
            "Platforms whose last pass failed",
            in_backoff.clone(),
        );
        let platform_ready = Family::<PlatformOf, Gauge>::default();
        registry.register(
            "platform_ready",
            "1 when the platform is Ready",
            platform_ready.clone(),
        );
        let component_ready = Family::<ComponentOf, Gauge>::default();
        registry.register(
            "component_ready",
            "1 when the component is ready",
            component_ready.clone(),
        );
        let drift_corrections = Family::<Kind, Counter>::default();
        registry.register(
            "drift_corrections",
            "Children written again although the platform had not changed",
            drift_corrections.clone(),
        );
        let api_requests = Family::<Request, Counter>::default();
        registry.register(
            "api_requests",
            "Requests to the API server by verb and HTTP status; 0 means no answer",
            api_requests.clone(),
        );
        let api_writes = Family::<Verb, Counter>::default();
        registry.register(
            "api_writes",
            "Write requests to the API server",
            api_writes.clone(),
        );
        let api_writes_skipped = Counter::default();
        registry.register(
            "api_writes_skipped",
            "Children not sent because nothing differed",
            api_writes_skipped.clone(),
        );
        let watch_errors = Family::<Kind, Counter>::default();
        registry.register("watch_errors", "Errors of watches by kind", watch_errors.clone());
        let crd_missing = Family::<Crd, Gauge>::default();
        registry.register(
            "crd_missing",
            "1 when an optional kind is not served",
            crd_missing.clone(),
        );
        let event_failures = Counter::default();
        registry.register(
            "event_publish_failures",
            "Events that could not be published",
            event_failures.clone(),
        );
        registry.register(
            "build",
            "Version of the operator",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        Self {
            registry,
            passes,
            errors,
            pass_duration,
            step_duration,
            in_backoff,
            platform_ready,
            component_ready,
            drift_corrections,
            api_requests,
            api_writes,
            api_writes_skipped,
            watch_errors,
            crd_missing,
            event_failures,
        }
    }
}

impl Metrics {
    /// A pass ended; `outcome` is `applied`, `waiting`, `stalled`, `skipped` or `failed`.
    pub fn pass_ended(&self, outcome: &'static str, took: Duration) {
        self.passes.get_or_create(&Outcome { outcome }).inc();
        self.pass_duration.observe(took.as_secs_f64());
    }

    /// A pass failed for this reason, one of a bounded set.
    pub fn pass_failed(&self, reason: &'static str) {
        self.errors.get_or_create(&ErrorReason { error: reason }).inc();
    }

    /// A step of a pass ended; `outcome` is `done`, `failed` or `abandoned`.
    pub fn step_ended(&self, step: &'static str, outcome: &'static str, took: Duration) {
        self.step_duration
            .get_or_create(&Step { step, outcome })
            .observe(took.as_secs_f64());
    }

    /// So many platforms failed in their last pass.
    pub fn set_in_backoff(&self, platforms: usize) {
        self.in_backoff.set(i64::try_from(platforms).unwrap_or(i64::MAX));
    }

    /// Readiness of a platform and of its components, by name.
    pub fn set_ready<'a>(
        &self,
        namespace: &str,
        platform: &str,
        is_ready: bool,
        components: impl Iterator<Item = (&'a str, bool)>,
    ) {
        let (namespace, platform) = (namespace.to_owned(), platform.to_owned());
        for (component, is_ready) in components {
            let labels = ComponentOf {
                namespace: namespace.clone(),
                platform: platform.clone(),
                component: component.to_owned(),
            };
            self.component_ready
                .get_or_create(&labels)
                .set(i64::from(is_ready));
        }
        self.platform_ready
            .get_or_create(&PlatformOf { namespace, platform })
            .set(i64::from(is_ready));
    }

    /// A platform is gone: its names leave the metrics.
    pub fn forget<'a>(&self, namespace: &str, platform: &str, components: impl Iterator<Item = &'a str>) {
        let (namespace, platform) = (namespace.to_owned(), platform.to_owned());
        for component in components {
            self.component_ready.remove(&ComponentOf {
                namespace: namespace.clone(),
                platform: platform.clone(),
                component: component.to_owned(),
            });
        }
        self.platform_ready.remove(&PlatformOf { namespace, platform });
    }

    /// A child of this kind was brought back to what the platform says.
    pub fn drift_corrected(&self, kind: &str) {
        self.drift_corrections
            .get_or_create(&Kind {
                kind: kind.to_owned(),
            })
            .inc();
    }

    /// A request was answered (`status` is the HTTP status) or not (0).
    pub fn request_ended(&self, verb: &'static str, status: u16) {
        self.api_requests.get_or_create(&Request { verb, status }).inc();
        if !matches!(verb, "get" | "watch") {
            self.api_writes.get_or_create(&Verb { verb }).inc();
        }
    }

    /// So many children were not sent because nothing differed.
    pub fn writes_skipped(&self, children: usize) {
        self.api_writes_skipped.inc_by(children as u64);
    }

    /// A watch of this kind failed and goes on after its own backoff.
    pub fn watch_failed(&self, kind: &str) {
        self.watch_errors
            .get_or_create(&Kind {
                kind: kind.to_owned(),
            })
            .inc();
    }

    /// An optional kind is served, or not.
    pub fn set_crd_missing(&self, crd: &str, is_missing: bool) {
        self.crd_missing
            .get_or_create(&Crd { crd: crd.to_owned() })
            .set(i64::from(is_missing));
    }

    /// An event was not published. Passes do not fail of it.
    pub fn event_failed(&self) {
        self.event_failures.inc();
    }

    /// Everything in the text format of `OpenMetrics`.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_the_documented_ones() {
        let metrics = Metrics::default();
        metrics.pass_ended("applied", Duration::from_millis(3));
        metrics.pass_failed("Unavailable");
        metrics.step_ended("apply", "done", Duration::from_millis(2));
        metrics.set_in_backoff(1);
        metrics.set_ready("shop", "todo", true, [("task", true)].into_iter());
        metrics.drift_corrected("Deployment");
        metrics.request_ended("patch", 200);
        metrics.request_ended("get", 200);
        metrics.writes_skipped(3);
        metrics.watch_failed("Deployment");
        metrics.set_crd_missing("components.dapr.io", false);
        metrics.event_failed();
        let text = metrics.text().unwrap();
        for line in [
            "todoplatform_reconcile_total{outcome=\"applied\"} 1",
            "todoplatform_reconcile_errors_total{error=\"Unavailable\"} 1",
            "todoplatform_reconcile_duration_seconds_count 1",
            "todoplatform_reconcile_step_duration_seconds_count{step=\"apply\",outcome=\"done\"} 1",
            "todoplatform_objects_in_backoff 1",
            "todoplatform_platform_ready{namespace=\"shop\",platform=\"todo\"} 1",
            "todoplatform_component_ready{namespace=\"shop\",platform=\"todo\",component=\"task\"} 1",
            "todoplatform_drift_corrections_total{kind=\"Deployment\"} 1",
            "todoplatform_api_requests_total{verb=\"patch\",status=\"200\"} 1",
            "todoplatform_api_writes_total{verb=\"patch\"} 1",
            "todoplatform_api_writes_skipped_total 3",
            "todoplatform_watch_errors_total{kind=\"Deployment\"} 1",
            "todoplatform_crd_missing{crd=\"components.dapr.io\"} 0",
            "todoplatform_event_publish_failures_total 1",
            "todoplatform_build_info{version=",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("todoplatform_api_writes_total{verb=\"get\"}"));
    }

    #[test]
    fn a_platform_that_is_gone_leaves_no_series() {
        let metrics = Metrics::default();
        metrics.set_ready("shop", "todo", true, [("task", false)].into_iter());
        metrics.forget("shop", "todo", ["task"].into_iter());
        assert!(!metrics.text().unwrap().contains("platform=\"todo\""));
    }
}

//! What the operator counts about itself. Names and labels are in the [`catalog`].

pub mod catalog;
pub mod dashboard;

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use catalog::help;

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
struct Written {
    kind: Word,
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
struct ConditionOf {
    namespace: String,
    platform: String,
    r#type: Word,
    status: Word,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ComponentOf {
    namespace: String,
    platform: String,
    component: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Correction {
    manager: &'static str,
    kind: &'static str,
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
    platform_paused: Family<PlatformOf, Gauge>,
    platform_condition: Family<ConditionOf, Gauge>,
    component_ready: Family<ComponentOf, Gauge>,
    prune_deletions: Family<Kind, Counter>,
    crd_outdated: Gauge,
    leader: Gauge,
    drift_corrections: Family<Correction, Counter>,
    api_requests: Family<Request, Counter>,
    api_writes: Family<Written, Counter>,
    api_writes_skipped: Counter,
    watch_errors: Family<Kind, Counter>,
    crd_missing: Family<Crd, Gauge>,
    event_failures: Counter,
    pods_replaced: Counter,
}

/// The conditions that a platform can have.
const CONDITIONS: [Word; 10] = [
    "Ready",
    "Reconciling",
    "Stalled",
    "DependenciesReady",
    "DaprReady",
    "Progressing",
    "Degraded",
    "Drifted",
    "Paused",
    "RolledBack",
];

/// What the status of a condition can be.
const STATUSES: [Word; 3] = ["True", "False", "Unknown"];

fn condition_of(namespace: &str, platform: &str, type_: Word, status: Word) -> ConditionOf {
    ConditionOf {
        namespace: namespace.to_owned(),
        platform: platform.to_owned(),
        r#type: type_,
        status,
    }
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

/// Takes a metric into the registry under its name in the catalog.
fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, metric: M) -> M {
    registry.register(name, help(name), metric.clone());
    metric
}

fn plain<M: Metric + Clone + Default>(registry: &mut Registry, name: &str) -> M {
    registered(registry, name, M::default())
}

fn in_seconds<M: Metric + Clone>(registry: &mut Registry, name: &str, metric: M) -> M {
    registry.register_with_unit(name, help(name), Unit::Seconds, metric.clone());
    metric
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix(catalog::PREFIX);
        let to = &mut registry;
        let step_duration = Family::new_with_constructor(durations as fn() -> Histogram);
        // Registered, and so printed, in this order.
        Self {
            passes: plain(to, "reconcile"),
            errors: plain(to, "reconcile_errors"),
            pass_duration: in_seconds(to, "reconcile_duration", durations()),
            step_duration: in_seconds(to, "reconcile_step_duration", step_duration),
            in_backoff: plain(to, "objects_in_backoff"),
            platform_ready: plain(to, "platform_ready"),
            platform_paused: plain(to, "platform_paused"),
            component_ready: plain(to, "component_ready"),
            platform_condition: plain(to, "platform_condition"),
            prune_deletions: plain(to, "prune_deletions"),
            crd_outdated: plain(to, "crd_outdated"),
            leader: plain(to, "leader"),
            drift_corrections: plain(to, "drift_corrections"),
            api_requests: plain(to, "api_requests"),
            api_writes: plain(to, "api_writes"),
            api_writes_skipped: plain(to, "api_writes_skipped"),
            watch_errors: plain(to, "watch_errors"),
            crd_missing: plain(to, "crd_missing"),
            event_failures: plain(to, "event_publish_failures"),
            pods_replaced: plain(to, "pods_without_sidecar_replaced"),
            registry: {
                let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
                registry.register("build", help("build"), build);
                registry
            },
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

    /// Whether nothing of a platform is written.
    pub fn set_paused(&self, namespace: &str, platform: &str, is_paused: bool) {
        self.platform_paused
            .get_or_create(&PlatformOf {
                namespace: namespace.to_owned(),
                platform: platform.to_owned(),
            })
            .set(i64::from(is_paused));
    }

    /// The conditions of a platform, by type and status. One that is not there does not hold.
    pub fn set_conditions(&self, namespace: &str, platform: &str, conditions: &[(&str, &str)]) {
        for type_ in CONDITIONS {
            let status = conditions
                .iter()
                .find_map(|(found, status)| (*found == type_).then_some(*status))
                .unwrap_or("False");
            for word in STATUSES {
                self.platform_condition
                    .get_or_create(&condition_of(namespace, platform, type_, word))
                    .set(i64::from(word == status));
            }
        }
    }

    /// Another replica leads, and has the platforms by name.
    pub fn forget_all(&self) {
        self.platform_ready.clear();
        self.platform_paused.clear();
        self.platform_condition.clear();
        self.component_ready.clear();
    }

    /// Whether this replica leads.
    pub fn set_leader(&self, is_leader: bool) {
        self.leader.set(i64::from(is_leader));
    }

    /// Whether the CRD of TodoPlatform is older than the operator.
    pub fn set_crd_outdated(&self, is_outdated: bool) {
        self.crd_outdated.set(i64::from(is_outdated));
    }

    /// A child of this kind was deleted because it is not wanted any more.
    pub fn pruned(&self, kind: &str) {
        self.prune_deletions
            .get_or_create(&Kind {
                kind: kind.to_owned(),
            })
            .inc();
    }

    /// A pass wrote an object of this kind.
    pub fn written(&self, verb: &'static str, kind: &'static str) {
        self.api_writes.get_or_create(&Written { kind, verb }).inc();
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
        for type_ in CONDITIONS {
            for status in STATUSES {
                self.platform_condition
                    .remove(&condition_of(&namespace, &platform, type_, status));
            }
        }
        let platform = PlatformOf { namespace, platform };
        self.platform_ready.remove(&platform);
        self.platform_paused.remove(&platform);
    }

    /// What this manager did to a child of this kind was undone.
    pub fn drift_corrected(&self, manager: &'static str, kind: &'static str) {
        self.drift_corrections
            .get_or_create(&Correction { manager, kind })
            .inc();
    }

    /// A request was answered (`status` is the HTTP status) or not (0).
    pub fn request_ended(&self, verb: &'static str, status: u16) {
        self.api_requests.get_or_create(&Request { verb, status }).inc();
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

    /// A pod that missed injection was deleted.
    pub fn pod_replaced(&self) {
        self.pods_replaced.inc();
    }

    /// Everything in the text format of `OpenMetrics`.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
impl Metrics {
    /// One of which every metric has a value.
    pub fn touched() -> Self {
        let metrics = Self::default();
        metrics.pass_ended("applied", Duration::from_millis(3));
        metrics.pass_failed("Unavailable");
        metrics.step_ended("apply", "done", Duration::from_millis(2));
        metrics.set_in_backoff(1);
        metrics.set_ready("shop", "todo", true, [("task", true)].into_iter());
        metrics.set_paused("shop", "todo", true);
        metrics.set_conditions("shop", "todo", &[("Ready", "True")]);
        metrics.drift_corrected("kubectl", "Deployment");
        metrics.pruned("Deployment");
        metrics.request_ended("patch", 200);
        metrics.written("patch", "Service");
        metrics.writes_skipped(3);
        metrics.watch_failed("Deployment");
        metrics.set_crd_missing("components.dapr.io", false);
        metrics.event_failed();
        metrics.pod_replaced();
        metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_is_gone_or_led_by_another_leaves_no_series() {
        let metrics = Metrics::touched();
        assert!(metrics.text().unwrap().contains("platform=\"todo\""));
        metrics.forget("shop", "todo", ["task"].into_iter());
        assert!(!metrics.text().unwrap().contains("platform=\"todo\""));

        let metrics = Metrics::touched();
        metrics.forget_all();
        assert!(!metrics.text().unwrap().contains("platform=\"todo\""));
    }

    #[test]
    fn a_condition_has_one_status() {
        let metrics = Metrics::default();
        metrics.set_conditions("shop", "todo", &[("Ready", "True")]);
        metrics.set_conditions("shop", "todo", &[("Ready", "False")]);
        let text = metrics.text().unwrap();
        let series = |status: &str| {
            format!(
                "todoplatform_platform_condition{{namespace=\"shop\",platform=\"todo\",type=\"Ready\",status=\"{status}\"}}"
            )
        };
        for (status, value) in [("True", 0), ("False", 1), ("Unknown", 0)] {
            assert!(text.contains(&format!("{} {value}", series(status))), "{text}");
        }
    }
}

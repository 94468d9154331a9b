//! Every metric by name: the contract with dashboards and alerts, from which the metrics are registered and their page
//! in the documentation is printed.

use std::fmt::Write;

/// How a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in buckets.
    Histogram,
    /// Always 1; its labels say it.
    Info,
}

impl Type {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Gauge => "",
            Self::Histogram => "_seconds",
            Self::Info => "_info",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name between the prefix and the suffix.
    pub name: &'static str,
    /// How it counts.
    pub type_: Type,
    /// Its labels, in the order in which they are printed.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// Before every name.
pub const PREFIX: &str = "todoplatform";

impl Metric {
    /// The name that Prometheus stores (of a histogram: without `_bucket`, `_count`, `_sum`).
    pub fn full_name(&self) -> String {
        format!("{PREFIX}_{}{}", self.name, self.type_.suffix())
    }
}

const PLATFORM: &[&str] = &["namespace", "platform"];

/// All of them.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "reconcile",
        type_: Type::Counter,
        labels: &["outcome"],
        help: "Passes by what they came to: applied, waiting, stalled, skipped, failed",
    },
    Metric {
        name: "reconcile_errors",
        type_: Type::Counter,
        labels: &["error"],
        help: "Failed passes by reason",
    },
    Metric {
        name: "reconcile_duration",
        type_: Type::Histogram,
        labels: &[],
        help: "How long passes take",
    },
    Metric {
        name: "reconcile_step_duration",
        type_: Type::Histogram,
        labels: &["step", "outcome"],
        help: "How long the steps of a pass take; outcome is done, failed or abandoned",
    },
    Metric {
        name: "objects_in_backoff",
        type_: Type::Gauge,
        labels: &[],
        help: "Platforms whose last pass failed",
    },
    Metric {
        name: "platform_ready",
        type_: Type::Gauge,
        labels: PLATFORM,
        help: "1 when the platform is Ready; only on the replica that leads",
    },
    Metric {
        name: "platform_condition",
        type_: Type::Gauge,
        labels: &["namespace", "platform", "type", "status"],
        help: "1 for the status that a condition of the platform has, 0 for the other two; only on the replica that leads",
    },
    Metric {
        name: "platform_paused",
        type_: Type::Gauge,
        labels: PLATFORM,
        help: "1 while nothing of the platform is written, because it is paused as a whole; only on the replica that leads",
    },
    Metric {
        name: "component_ready",
        type_: Type::Gauge,
        labels: &["namespace", "platform", "component"],
        help: "1 when the component is ready; only on the replica that leads",
    },
    Metric {
        name: "drift_corrections",
        type_: Type::Counter,
        labels: &["manager", "kind"],
        help: "Changes of others to children that were undone, by who made them",
    },
    Metric {
        name: "prune_deletions",
        type_: Type::Counter,
        labels: &["kind"],
        help: "Children deleted because the platform does not want them any more",
    },
    Metric {
        name: "api_requests",
        type_: Type::Counter,
        labels: &["verb", "status"],
        help: "Requests to the API server by verb and HTTP status; status 0 means no answer",
    },
    Metric {
        name: "api_writes",
        type_: Type::Counter,
        labels: &["kind", "verb"],
        help: "Write requests of passes by kind; platforms that are as declared add none. The Lease is not counted",
    },
    Metric {
        name: "api_writes_skipped",
        type_: Type::Counter,
        labels: &[],
        help: "Children not sent because nothing differed",
    },
    Metric {
        name: "watch_errors",
        type_: Type::Counter,
        labels: &["kind"],
        help: "Errors of watches by kind; each watch goes on after its own backoff",
    },
    Metric {
        name: "crd_missing",
        type_: Type::Gauge,
        labels: &["crd"],
        help: "1 when the API server does not serve a kind: an optional one, or TodoPlatform itself",
    },
    Metric {
        name: "crd_outdated",
        type_: Type::Gauge,
        labels: &[],
        help: "1 when the CRD of TodoPlatform is older than the operator, which then waits",
    },
    Metric {
        name: "event_publish_failures",
        type_: Type::Counter,
        labels: &[],
        help: "Events that could not be published",
    },
    Metric {
        name: "pods_without_sidecar_replaced",
        type_: Type::Counter,
        labels: &[],
        help: "Pods deleted because they were admitted without Dapr's sidecar",
    },
    Metric {
        name: "leader",
        type_: Type::Gauge,
        labels: &[],
        help: "1 on the replica that holds the Lease and writes",
    },
    Metric {
        name: "build",
        type_: Type::Info,
        labels: &["version"],
        help: "Version of the operator",
    },
];

/// The help of a metric, by its name without prefix and suffix.
pub(super) fn help(name: &str) -> &'static str {
    METRICS
        .iter()
        .find(|metric| metric.name == name)
        .map(|metric| metric.help)
        .expect("every metric is in the catalog")
}

/// Before the table.
const INTRODUCTION: &str = "\
<!-- Generated by `todoplatform-operator metrics`. Do not edit: change operator/controller/src/metrics/catalog.rs. -->
# Metrics of the operator

Served by every replica on port 8080 at `/metrics`, in the format of OpenMetrics. Names and labels are stable: they change only
with a new major version. Scrape with `honorLabels: true`, as the chart's ServiceMonitor does: the label `namespace` is the
platform's, not the operator's.

Of a histogram Prometheus has `_bucket`, `_count` and `_sum`. Series with a platform's name are there on the replica that leads,
and go with the platform.

| metric | type | labels | says |
|---|---|---|---|
";

/// The page of all metrics, as Markdown.
pub fn page() -> String {
    let mut text = String::from(INTRODUCTION);
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            metric.full_name(),
            metric.type_.as_str(),
            labels.join(", "),
            metric.help
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use std::collections::{BTreeMap, BTreeSet};

    /// Names and labels of a text in the format of `OpenMetrics`.
    fn exposed(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::<String, BTreeSet<String>>::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, _value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let name = ["_bucket", "_count", "_sum"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(name);
            let labels = labels
                .trim_end_matches('}')
                .split(',')
                .filter_map(|label| Some(label.split_once('=')?.0.to_owned()))
                .filter(|label| label != "le");
            found.entry(name.to_owned()).or_default().extend(labels);
        }
        found
    }

    #[test]
    fn what_is_exposed_is_what_is_documented_and_the_other_way_round() {
        let documented: BTreeMap<String, BTreeSet<String>> = METRICS
            .iter()
            .map(|metric| {
                let labels = metric.labels.iter().map(|label| (*label).to_owned());
                (metric.full_name(), labels.collect())
            })
            .collect();
        assert_eq!(documented.len(), METRICS.len(), "a name stands once");
        assert_eq!(exposed(&Metrics::touched().text().unwrap()), documented);
    }
}

//! Every metric that a rule or a dashboard may use, one file per source. A name that is not here is a mistake: Prometheus
//! takes an expression over a metric that does not exist, and stays silent.

mod cloud_native_pg;
mod dapr;
mod dapr_control_plane;
mod kafka;
mod klag;
mod kubernetes;
mod postgres;
mod prometheus;
mod recorded;
mod redis;
mod redpanda;
mod services;

pub use recorded::WINDOWS;

/// How a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; read by `rate` or `increase`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counted into buckets: `_bucket` with label `le`, `_sum`, `_count`.
    Histogram,
}

impl Kind {
    /// The word that Prometheus uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What a metric's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// 1 or 0.
    Truth,
    /// From 0 to 1.
    Ratio,
    /// Things per second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Milliseconds, as Dapr and the ids of Redis streams count.
    Milliseconds,
    /// Seconds since 1970.
    Timestamp,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The word in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Truth => "1 or 0",
            Self::Ratio => "ratio",
            Self::PerSecond => "per second",
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Timestamp => "s since 1970",
            Self::Bytes => "bytes",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name that Prometheus stores; of a histogram without `_bucket`, `_sum`, `_count`.
    pub name: &'static str,
    /// How it counts.
    pub kind: Kind,
    /// What its value is.
    pub unit: Unit,
    /// Its own labels; those of the target come on top.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

impl Metric {
    const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Self {
        Self {
            name,
            kind: Kind::Counter,
            unit: Unit::Count,
            labels,
            help,
        }
    }

    const fn gauge(
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Gauge,
            unit,
            labels,
            help,
        }
    }

    const fn histogram(
        name: &'static str,
        unit: Unit,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Histogram,
            unit,
            labels,
            help,
        }
    }
}

/// Who exposes metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is, as a heading.
    pub title: &'static str,
    /// Labels that every series has from its target.
    pub target_labels: &'static [&'static str],
    /// Its metrics.
    pub metrics: &'static [Metric],
}

/// Labels of what the platform's monitors scrape.
const SCRAPED: &[&str] = &[
    "namespace",
    "platform",
    "pod",
    "container",
    "endpoint",
    "job",
    "instance",
];
/// Labels of services and sidecars.
const SCRAPED_APP: &[&str] = &[
    "namespace",
    "platform",
    "app_id",
    "pod",
    "container",
    "endpoint",
    "job",
    "instance",
    "service",
];
/// Labels of what is scraped by others, once per cluster.
const SCRAPED_BY_OTHERS: &[&str] = &["job", "instance"];

/// Every source.
pub const SOURCES: &[Source] = &[
    services::SOURCE,
    dapr::SOURCE,
    dapr_control_plane::SOURCE,
    redis::SOURCE,
    postgres::SOURCE,
    cloud_native_pg::SOURCE,
    klag::SOURCE,
    kafka::SOURCE,
    redpanda::SOURCE,
    kubernetes::SOURCE,
    prometheus::SOURCE,
    recorded::SOURCE,
];

/// A series as an expression names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// Whose it is.
    pub source: &'static Source,
    /// The metric that it is of.
    pub metric: &'static Metric,
    /// Whether it is the `_bucket` of a histogram.
    pub is_bucket: bool,
}

impl Series {
    /// Whether it only grows.
    pub fn is_counter(&self) -> bool {
        self.metric.kind != Kind::Gauge
    }

    /// Whether its series have this label.
    pub fn has_label(&self, label: &str) -> bool {
        self.source.target_labels.contains(&label)
            || self.metric.labels.contains(&label)
            || (self.is_bucket && label == "le")
    }
}

/// The series of this name: a metric, or what a histogram exposes.
pub fn series(name: &str) -> Option<Series> {
    let metrics = SOURCES
        .iter()
        .flat_map(|source| source.metrics.iter().map(move |metric| (source, metric)));
    metrics.into_iter().find_map(|(source, metric)| {
        let rest = name.strip_prefix(metric.name)?;
        let is_exposed = match metric.kind {
            Kind::Histogram => ["_bucket", "_sum", "_count"].contains(&rest),
            Kind::Counter | Kind::Gauge => rest.is_empty(),
        };
        is_exposed.then_some(Series {
            source,
            metric,
            is_bucket: rest == "_bucket",
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_name_stands_once_and_says_what_it_is() {
        let mut names = BTreeSet::new();
        for metric in SOURCES.iter().flat_map(|source| source.metrics) {
            assert!(names.insert(metric.name), "{} stands twice", metric.name);
            assert!(
                !metric.help.is_empty() && !metric.help.ends_with('.'),
                "{}",
                metric.name
            );
            let labels: BTreeSet<_> = metric.labels.iter().collect();
            assert_eq!(labels.len(), metric.labels.len(), "{}", metric.name);
        }
    }

    #[test]
    fn a_histogram_is_known_by_what_it_exposes_alone() {
        assert!(series("todo_event_age_seconds").is_none());
        let bucket = series("todo_event_age_seconds_bucket").unwrap();
        assert!(bucket.is_counter() && bucket.has_label("le") && bucket.has_label("topic"));
        let count = series("todo_event_age_seconds_count").unwrap();
        assert!(count.is_counter() && !count.has_label("le") && count.has_label("app_id"));
        assert!(series("todo_outbox_pending_bucket").is_none());
    }
}

//! What Prometheus itself adds for every target and every alert.

use super::{Metric, SCRAPED_APP, Source, Unit};

pub(super) const SOURCE: Source = Source {
    title: "Prometheus",
    target_labels: SCRAPED_APP,
    metrics: &[
        Metric::gauge(
            "up",
            Unit::Truth,
            &[],
            "Whether the last scrape of a target succeeded",
        ),
        Metric::gauge(
            "scrape_duration_seconds",
            Unit::Seconds,
            &[],
            "How long the last scrape took",
        ),
        Metric::gauge(
            "scrape_samples_scraped",
            Unit::Count,
            &[],
            "Samples of the last scrape",
        ),
        Metric::gauge(
            "ALERTS",
            Unit::Truth,
            &[
                "alertname",
                "alertstate",
                "severity",
                "family",
                "slo",
                "window",
                "topic",
            ],
            "1 for each alert that is pending or firing",
        ),
    ],
};

//! What the outbox shows of itself.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use todo_domain::Topic;

use super::store::Depth;
use crate::metrics::Metrics;

/// Gauges of the rows, read from the database, and a counter of what was published.
#[derive(Debug, Clone, Default)]
pub struct OutboxMetrics {
    pending: Gauge,
    parked: Gauge,
    oldest_age: Gauge<f64, AtomicU64>,
    published: Family<PublishLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PublishLabels {
    topic: &'static str,
    outcome: &'static str,
}

impl OutboxMetrics {
    /// Registers `todo_outbox_pending`, `todo_outbox_parked`, `todo_outbox_oldest_age_seconds` and
    /// `todo_outbox_published_total{topic,outcome}` of who publishes `topics`.
    pub fn new(metrics: &Metrics, topics: &[Topic]) -> Self {
        let outbox = Self::default();
        for topic in topics.iter().map(|topic| topic.name()) {
            for outcome in ["published", "failed"] {
                drop(outbox.published.get_or_create(&PublishLabels { topic, outcome }));
            }
        }
        metrics.register(
            "outbox_pending",
            "Events that wait to be published",
            outbox.pending.clone(),
        );
        metrics.register(
            "outbox_parked",
            "Events that were given up and wait for a person",
            outbox.parked.clone(),
        );
        let help = "Age of the oldest event that waits to be published";
        metrics.register("outbox_oldest_age_seconds", help, outbox.oldest_age.clone());
        metrics.register(
            "outbox_published",
            "Attempts to publish, by outcome",
            outbox.published.clone(),
        );
        outbox
    }

    pub(super) fn show(&self, depth: &Depth) {
        self.pending.set(depth.pending);
        self.parked.set(depth.parked);
        self.oldest_age.set(depth.oldest_age_seconds);
    }

    /// One attempt ended. A row whose topic is not one of ours is parked, and counted there.
    pub(super) fn attempt(&self, topic: &str, succeeded: bool) {
        let outcome = if succeeded { "published" } else { "failed" };
        if let Ok(topic) = topic.parse::<Topic>() {
            let topic = topic.name();
            self.published
                .get_or_create(&PublishLabels { topic, outcome })
                .inc();
        }
    }
}

//! What is measured of deliveries.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use todo_kit::metrics::Metrics;

/// `todo_deliveries_total{outcome}`.
#[derive(Debug, Clone)]
pub struct DeliveryMetrics(Family<OutcomeLabels, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

impl DeliveryMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let deliveries = Family::default();
        metrics.register(
            "deliveries",
            "Attempts to deliver, by what came of them",
            deliveries.clone(),
        );
        Self(deliveries)
    }

    /// One attempt ended so: `sent`, `failed`, `retried`, `skipped` or `deferred`.
    pub fn count(&self, outcome: &'static str) {
        self.0.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

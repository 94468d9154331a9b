//! What is measured of deliveries.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use todo_kit::metrics::Metrics;

use crate::plan::Channel;

/// `todo_notification_deliveries_total{channel,outcome}`.
#[derive(Debug, Clone)]
pub struct DeliveryMetrics(Family<DeliveryLabels, Counter>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    channel: &'static str,
    outcome: &'static str,
}

/// What an attempt to deliver can come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempted {
    /// The message was taken.
    Delivered,
    /// It was not, and is tried again.
    Retried,
    /// It was given up.
    Failed,
}

impl Attempted {
    const ALL: [Self; 3] = [Self::Delivered, Self::Retried, Self::Failed];

    fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Failed => "failed",
        }
    }
}

impl DeliveryMetrics {
    /// Registers them.
    pub fn new(metrics: &Metrics) -> Self {
        let deliveries = Family::default();
        for outcome in Attempted::ALL {
            drop(deliveries.get_or_create(&labels(Channel::Email, outcome)));
        }
        metrics.register(
            "notification_deliveries",
            "Attempts to deliver, by what came of them",
            deliveries.clone(),
        );
        Self(deliveries)
    }

    /// One attempt over `channel` ended.
    pub fn count(&self, channel: Channel, outcome: Attempted) {
        self.0.get_or_create(&labels(channel, outcome)).inc();
    }
}

fn labels(channel: Channel, outcome: Attempted) -> DeliveryLabels {
    DeliveryLabels {
        channel: channel.name(),
        outcome: outcome.word(),
    }
}

//! What the pool of connections shows of itself, read when it is asked.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use sqlx::PgPool;

use crate::metrics::Metrics;

/// Registers `todo_db_pool_connections{state}` and `todo_db_pool_connections_max` of `pool`.
pub(crate) fn show(metrics: &Metrics, pool: PgPool) {
    metrics.register_collector(PoolMetrics(pool));
}

#[derive(Debug)]
struct PoolMetrics(PgPool);

impl Collector for PoolMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let idle = u32::try_from(self.0.num_idle()).unwrap_or(u32::MAX);
        // Both are read one after the other, so more may be idle than there were.
        let used = self.0.size().saturating_sub(idle);
        let help = "Connections to the database";
        let mut family = encoder.encode_descriptor("db_pool_connections", help, None, MetricType::Gauge)?;
        for (state, count) in [("idle", idle), ("used", used)] {
            let labels = [("state", state)];
            ConstGauge::new(count).encode(family.encode_family(&labels)?)?;
        }
        let help = "Most connections to the database at once";
        let gauge = encoder.encode_descriptor("db_pool_connections_max", help, None, MetricType::Gauge)?;
        ConstGauge::new(self.0.options().get_max_connections()).encode(gauge)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::PgPoolOptions;

    use super::*;

    #[tokio::test]
    async fn a_pool_that_nobody_used_is_empty() {
        let pool = PgPoolOptions::new().max_connections(7);
        let pool = pool.connect_lazy("postgres://u@127.0.0.1:1/d").unwrap();
        let metrics = Metrics::new("test", "0.0.0");
        show(&metrics, pool);
        let text = metrics.encode().unwrap();
        for line in [
            "todo_db_pool_connections{state=\"idle\"} 0\n",
            "todo_db_pool_connections{state=\"used\"} 0\n",
            "todo_db_pool_connections_max 7\n",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}

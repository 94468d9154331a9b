//! What the platform shows of itself.

use super::Resolver;
use crate::validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics, MonitoringSettings};

impl Resolver<'_> {
    pub(super) fn monitoring(&self) -> Option<MonitoringSettings> {
        let section = self
            .spec
            .observability
            .as_ref()
            .and_then(|section| section.monitoring.as_ref());
        let is_wanted = section.and_then(|section| section.enabled).unwrap_or(true);
        is_wanted.then(|| MonitoringSettings {
            labels: section.map(|section| section.labels.clone()).unwrap_or_default(),
            database: DatabaseMetrics::None,
            cache: CacheMetrics::None,
            broker: BrokerMetrics::None,
        })
    }
}

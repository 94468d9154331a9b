//! What all sidecars share.

use super::Resolver;
use crate::validated::ResiliencySettings;

impl Resolver<'_> {
    pub(super) fn resiliency(&self) -> ResiliencySettings {
        let section = self.spec.dapr.as_ref().and_then(|dapr| dapr.resiliency.as_ref());
        ResiliencySettings {
            max_retries: section.and_then(|section| section.max_retries).unwrap_or(8),
            max_interval_seconds: section
                .and_then(|section| section.max_interval_seconds)
                .unwrap_or(30),
            handler_timeout_seconds: section
                .and_then(|section| section.handler_timeout_seconds)
                .unwrap_or(20),
        }
    }
}

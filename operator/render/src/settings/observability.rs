//! What the platform shows of itself.

use std::collections::BTreeMap;

use super::Resolver;

impl Resolver<'_> {
    pub(super) fn monitoring(&self) -> Option<BTreeMap<String, String>> {
        let section = self
            .spec
            .observability
            .as_ref()
            .and_then(|section| section.monitoring.as_ref());
        section
            .and_then(|section| section.enabled)
            .unwrap_or(true)
            .then(|| section.map_or_else(BTreeMap::new, |section| section.labels.clone()))
    }
}

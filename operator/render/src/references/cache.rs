//! The Redis, of the cache and of the broker.

use todoplatform_api::Cache;

use super::{Collector, DependencyTarget, user_reference};

/// Whether the cache is the platform's own Redis.
pub(crate) fn embeds_cache(cache: Option<&Cache>, development: bool) -> bool {
    cache.map_or(development, |section| section.external.is_none())
}

impl Collector<'_> {
    pub(super) fn cache(&mut self, cache: Option<&Cache>, development: bool) {
        if embeds_cache(cache, development) {
            self.own_redis("cache");
            return;
        }
        let Some(external) = cache.and_then(|section| section.external.as_ref()) else {
            return;
        };
        let ca = self.user(
            external.ca_secret_key_ref.as_ref(),
            "spec.cache.external.caSecretKeyRef",
        );
        let url = user_reference(
            &external.url_secret_key_ref,
            "spec.cache.external.urlSecretKeyRef",
        );
        self.references.secrets.push(url.clone());
        self.depend("cache", DependencyTarget::Redis { url, ca });
    }

    /// The platform's own Redis, which may be cache and broker at once.
    pub(super) fn own_redis(&mut self, dependency: &str) {
        let name = self.names.redis();
        if !self
            .references
            .secrets
            .iter()
            .any(|reference| reference.optional && reference.name == name)
        {
            self.own(&name, "password");
            self.own(&name, "url");
        }
        self.depend(dependency, DependencyTarget::StatefulSet { name });
    }
}

//! The Redis, of the cache and of the broker.

use todoplatform_api::SecretKeyRef;

use super::{
    Resolver,
    common::{embedded, image},
};
use crate::{
    Violation, catalog, references,
    validated::{StoreSettings, UrlSettings},
};

impl Resolver<'_> {
    pub(super) fn embeds_cache(&self) -> bool {
        references::embeds_cache(self.spec.cache.as_ref(), self.development())
    }

    pub(super) fn embeds_redis(&self) -> bool {
        self.embeds_cache() || self.embeds_broker()
    }

    pub(super) fn redis(&self, violations: &mut Vec<Violation>) -> Option<StoreSettings> {
        let own = self
            .spec
            .images
            .as_ref()
            .and_then(|images| images.redis.as_deref());
        let of_cache = self.spec.cache.as_ref().and_then(|cache| cache.embedded.as_ref());
        let of_broker = self
            .spec
            .broker
            .as_ref()
            .and_then(|broker| broker.redis.as_ref())
            .and_then(|redis| redis.embedded.as_ref());
        let image = image(
            own.unwrap_or(&self.defaults.redis_image),
            "spec.images.redis",
            violations,
        )?;
        Some(embedded(of_cache.or(of_broker), image, catalog::REDIS_AMOUNTS))
    }

    pub(super) fn cache(&self) -> Option<UrlSettings> {
        if self.embeds_cache() {
            return Some(UrlSettings {
                url: self.redis_key("url"),
                ca: None,
            });
        }
        let external = self.spec.cache.as_ref()?.external.as_ref()?;
        Some(UrlSettings {
            url: external.url_secret_key_ref.clone(),
            ca: external.ca_secret_key_ref.clone(),
        })
    }

    pub(super) fn redis_key(&self, key: &str) -> SecretKeyRef {
        SecretKeyRef {
            name: self.names.redis(),
            key: key.into(),
        }
    }
}

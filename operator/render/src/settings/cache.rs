//! The Redis, of the cache and of the broker.

use todoplatform_api::{ExternalCache, SecretKeyRef};

use super::{Resolver, common::embedded};
use crate::{
    Violation, catalog, references,
    validated::{CacheLogin, CacheMode, CacheServers, CacheSettings, StoreSettings},
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
        let image = self.store_image("redis", own, &self.defaults.redis_image, violations)?;
        Some(embedded(of_cache.or(of_broker), image, catalog::REDIS_AMOUNTS))
    }

    pub(super) fn cache(&self) -> Option<CacheSettings> {
        if self.embeds_cache() {
            return Some(CacheSettings {
                login: CacheLogin::Url(self.redis_key("url")),
                ca: None,
            });
        }
        let external = self.spec.cache.as_ref()?.external.as_ref()?;
        let login = match &external.url_secret_key_ref {
            Some(url) => CacheLogin::Url(url.clone()),
            None => CacheLogin::Servers(Box::new(CacheServers {
                mode: mode(external),
                addresses: references::cache_addresses(external)?,
                database: external.database.unwrap_or(0),
                username: external.username_secret_key_ref.clone(),
                password: external.password_secret_key_ref.clone(),
                tls: references::cache_tls(external),
            })),
        };
        Some(CacheSettings {
            login,
            ca: external.ca_secret_key_ref.clone(),
        })
    }

    /// Host and port of the embedded Redis.
    pub(super) fn redis_host(&self) -> String {
        format!("{}:6379", self.names.host(&self.names.redis()))
    }

    pub(super) fn redis_key(&self, key: &str) -> SecretKeyRef {
        SecretKeyRef {
            name: self.names.redis(),
            key: key.into(),
        }
    }
}

fn mode(external: &ExternalCache) -> CacheMode {
    match (&external.sentinel, &external.cluster) {
        (Some(sentinel), _) => CacheMode::Sentinel {
            master: sentinel.master_name.clone(),
            username: sentinel.username_secret_key_ref.clone(),
            password: sentinel.password_secret_key_ref.clone(),
        },
        (None, Some(_)) => CacheMode::Cluster,
        (None, None) => CacheMode::Server,
    }
}

//! The Redis, of the cache and of the broker.

use todoplatform_api::{Cache, ExternalCache};

use super::{Collector, DependencyTarget, RedisMode, RedisTarget};

/// Whether the cache is the platform's own Redis.
pub(crate) fn embeds_cache(cache: Option<&Cache>, development: bool) -> bool {
    cache.map_or(development, |section| section.external.is_none())
}

/// Whether the connections to an external Redis are encrypted, where no URL says it.
pub(crate) fn cache_tls(external: &ExternalCache) -> bool {
    let default = external.ca_secret_key_ref.is_some();
    external.enable_tls.unwrap_or(default)
}

/// Hosts and ports of an external Redis that has no URL.
pub(crate) fn cache_addresses(external: &ExternalCache) -> Option<Vec<String>> {
    if let Some(sentinel) = &external.sentinel {
        return Some(sentinel.addresses.clone());
    }
    if let Some(cluster) = &external.cluster {
        return Some(cluster.addresses.clone());
    }
    let host = external.host.as_ref()?;
    Some(vec![format!("{host}:{}", external.port.unwrap_or(6379))])
}

impl Collector<'_> {
    pub(super) fn cache(&mut self, cache: Option<&Cache>, development: bool) {
        const PATH: &str = "spec.cache.external";
        if embeds_cache(cache, development) {
            self.own_redis("cache");
            return;
        }
        let Some(external) = cache.and_then(|section| section.external.as_ref()) else {
            return;
        };
        let mut user =
            |reference: &Option<_>, field: &str| self.user(reference.as_ref(), &format!("{PATH}.{field}"));
        let ca = user(&external.ca_secret_key_ref, "caSecretKeyRef");
        if let Some(url) = user(&external.url_secret_key_ref, "urlSecretKeyRef") {
            return self.depend("cache", DependencyTarget::Redis { url, ca });
        }
        let username = user(&external.username_secret_key_ref, "usernameSecretKeyRef");
        let password = user(&external.password_secret_key_ref, "passwordSecretKeyRef");
        let mode = match (&external.sentinel, &external.cluster) {
            (Some(sentinel), _) => RedisMode::Sentinel {
                master: sentinel.master_name.clone(),
                username: user(&sentinel.username_secret_key_ref, "sentinel.usernameSecretKeyRef"),
                password: user(&sentinel.password_secret_key_ref, "sentinel.passwordSecretKeyRef"),
            },
            (None, Some(_)) => RedisMode::Cluster,
            (None, None) => RedisMode::Server,
        };
        if let Some(addresses) = cache_addresses(external) {
            let target = RedisTarget {
                mode,
                addresses,
                database: external.database.unwrap_or(0),
                username,
                password,
                tls: cache_tls(external),
                ca,
            };
            self.depend("cache", DependencyTarget::RedisServers(Box::new(target)));
        }
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

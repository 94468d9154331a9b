//! What a container is told of the database and of the cache, by its environment.

use k8s_openapi::api::core::v1::EnvVar;
use todoplatform_api::SecretKeyRef;

use super::pod::{env_secret, env_value};
use crate::{
    ValidatedPlatform,
    catalog::Service,
    graph::Node,
    validated::{CacheLogin, CacheMode, DatabaseLogin, ReplicaSettings, Text},
};

/// The certificate of the database's authority, in a service's container and in its sidecar.
pub(super) const DATABASE_CA_FILE: &str = "/etc/todo/ca/database.pem";
const REDIS_CA_FILE: &str = "/etc/todo/ca/redis.pem";

/// How an application reaches its database, and its replica; nothing for one without a database.
pub(super) fn database(platform: &ValidatedPlatform, node: &Node) -> Vec<EnvVar> {
    let Some(own) = platform.database.logins.get(&node.name) else {
        return Vec::new();
    };
    let mut env = login(platform, own);
    if node.is(Service::Analytics) {
        match &platform.database.replica {
            Some(ReplicaSettings::Url(url)) => env.push(env_secret("DATABASE_REPLICA_URL", url)),
            Some(ReplicaSettings::Host { host, port }) => {
                env.push(env_value("DATABASE_REPLICA_HOST", host));
                env.push(env_value("DATABASE_REPLICA_PORT", port.to_string()));
            }
            None => {}
        }
    }
    env
}

/// How somebody logs in to a database.
pub(super) fn login(platform: &ValidatedPlatform, login: &DatabaseLogin) -> Vec<EnvVar> {
    let mut env = Vec::new();
    match login {
        DatabaseLogin::Url(url) => env.push(env_secret("DATABASE_URL", url)),
        DatabaseLogin::Parts(parts) => {
            env.push(env_value("DATABASE_HOST", &parts.host));
            env.push(env_value("DATABASE_PORT", parts.port.to_string()));
            env.push(text("DATABASE_NAME", &parts.database));
            env.push(text("DATABASE_USER", &parts.username));
            env.push(env_secret("DATABASE_PASSWORD", &parts.password));
            env.push(env_value("DATABASE_SSLMODE", parts.ssl_mode.as_str()));
            let options: Vec<_> = parts
                .options
                .iter()
                .map(|option| format!("{}={}", option.name, option.value))
                .collect();
            if !options.is_empty() {
                env.push(env_value("DATABASE_OPTIONS", options.join(",")));
            }
        }
    }
    if platform.database.ca.is_some() {
        env.push(env_value("DATABASE_CA_FILE", DATABASE_CA_FILE));
    }
    env
}

/// How a service reaches the cache.
pub(super) fn cache(platform: &ValidatedPlatform) -> Vec<EnvVar> {
    let mut env = Vec::new();
    match &platform.cache.login {
        CacheLogin::Url(url) => env.push(env_secret("REDIS_URL", url)),
        CacheLogin::Servers(servers) => {
            let mode = match servers.mode {
                CacheMode::Server => "server",
                CacheMode::Sentinel { .. } => "sentinel",
                CacheMode::Cluster => "cluster",
            };
            env.push(env_value("REDIS_MODE", mode));
            env.push(env_value("REDIS_ADDRESSES", servers.addresses.join(",")));
            if servers.database != 0 {
                env.push(env_value("REDIS_DATABASE", servers.database.to_string()));
            }
            env.extend(optional("REDIS_USERNAME", servers.username.as_ref()));
            env.extend(optional("REDIS_PASSWORD", servers.password.as_ref()));
            if servers.tls {
                env.push(env_value("REDIS_TLS", "true"));
            }
            if let CacheMode::Sentinel {
                master,
                username,
                password,
            } = &servers.mode
            {
                env.push(env_value("REDIS_SENTINEL_MASTER", master));
                env.extend(optional("REDIS_SENTINEL_USERNAME", username.as_ref()));
                env.extend(optional("REDIS_SENTINEL_PASSWORD", password.as_ref()));
            }
        }
    }
    if platform.cache.ca.is_some() {
        env.push(env_value("REDIS_CA_FILE", REDIS_CA_FILE));
    }
    env
}

fn text(name: &str, text: &Text) -> EnvVar {
    match text {
        Text::Clear(value) => env_value(name, value),
        Text::Secret(reference) => env_secret(name, reference),
    }
}

fn optional(name: &str, reference: Option<&SecretKeyRef>) -> Option<EnvVar> {
    reference.map(|reference| env_secret(name, reference))
}

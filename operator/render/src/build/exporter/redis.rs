//! `redis_exporter`, by the variables and flags of its documentation.

use todoplatform_api::SecretKeyRef;

use super::{Asked, secret_file};
use crate::{
    ValidatedPlatform,
    build::pod::{env_secret, env_value},
    validated::{BrokerMetrics, CacheLogin},
};

const CA_FOLDER: &str = "/etc/exporter/ca";
const CA_FILE: &str = "redis.pem";

pub(super) fn asked(platform: &ValidatedPlatform) -> Asked {
    let mut asked = Asked {
        alive: "/health",
        ..Asked::default()
    };
    if platform.redis.is_some() {
        let name = platform.names.redis();
        let password = SecretKeyRef {
            name: name.clone(),
            key: "password".into(),
        };
        asked.env = vec![
            env_value(
                "REDIS_ADDR",
                format!("redis://{}:6379", platform.names.host(&name)),
            ),
            env_secret("REDIS_PASSWORD", &password),
        ];
        asked.args.extend(streams(platform));
        return asked;
    }
    match &platform.cache.login {
        CacheLogin::Url(url) => asked.env.push(env_secret("REDIS_ADDR", url)),
        CacheLogin::Servers(servers) => {
            let scheme = if servers.tls { "rediss" } else { "redis" };
            let address = servers.addresses.first().map_or("", String::as_str);
            asked
                .env
                .push(env_value("REDIS_ADDR", format!("{scheme}://{address}")));
            let login = [
                ("REDIS_USER", &servers.username),
                ("REDIS_PASSWORD", &servers.password),
            ];
            asked.env.extend(
                login
                    .into_iter()
                    .filter_map(|(name, key)| Some(env_secret(name, key.as_ref()?))),
            );
        }
    }
    if let Some(ca) = &platform.cache.ca {
        let (volume, mount) = secret_file("ca", CA_FOLDER, CA_FILE, ca);
        asked.volumes.push(volume);
        asked.mounts.push(mount);
        asked.files.push(ca.clone());
        let file = format!("{CA_FOLDER}/{CA_FILE}");
        asked.env.push(env_value("REDIS_EXPORTER_TLS_CA_CERT_FILE", file));
    }
    asked
}

/// The topics are streams of this Redis: each by its exact name, for a pattern would have the server search all its keys.
fn streams(platform: &ValidatedPlatform) -> Option<String> {
    let monitoring = platform.monitoring.as_ref()?;
    if monitoring.broker != BrokerMetrics::RedisStreams {
        return None;
    }
    let streams: Vec<_> = platform
        .topics_in_use()
        .into_iter()
        .map(|topic| format!("db0={topic}"))
        .collect();
    (!streams.is_empty()).then(|| format!("--check-single-streams={}", streams.join(",")))
}

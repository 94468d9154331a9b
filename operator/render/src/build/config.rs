//! `config.yaml` of each service, as the services read it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    ValidatedPlatform,
    catalog::{ADMIN_PORT, HTTP_PORT, Service, Store},
    validated::{App, KeySource},
};

/// Folder of `config.yaml`, keys and certificates in a service's container.
pub(super) const FOLDER: &str = "/etc/todo";
/// Where the JSON Web Key Set stands below [`FOLDER`].
pub(super) const JWKS_FILE: &str = "keys/jwks.json";

/// How long a service goes on answering after it was told to stop; less than the shortest block of the sidecar.
pub(super) const DRAIN_SECONDS: i32 = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    platform: &'a str,
    namespace: &'a str,
    service: &'a str,
    app_id: String,
    http: Http,
    log: Log<'a>,
    shutdown: Shutdown,
    auth: Auth<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pubsub: Option<PubSub<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cors: Option<Cors<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<Scheduler>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp: Option<Smtp<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    listen: String,
    admin_listen: String,
}

#[derive(Serialize)]
struct Log<'a> {
    level: &'a str,
    format: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shutdown {
    drain_seconds: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Auth<'a> {
    issuer: &'a str,
    audience: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_file: Option<String>,
    algorithms: Vec<&'a str>,
    clock_skew_seconds: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PubSub<'a> {
    component: String,
    topic_prefix: &'a str,
}

#[derive(Serialize)]
struct Cors<'a> {
    origins: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    requests: i32,
    period_seconds: i32,
    burst: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Scheduler {
    poll_milliseconds: i32,
}

#[derive(Serialize)]
struct Smtp<'a> {
    host: &'a str,
    port: i32,
    from: &'a str,
    security: &'a str,
}

/// The file's text.
pub(super) fn yaml(platform: &ValidatedPlatform, app: &App) -> String {
    let node = &app.node;
    let names = &platform.names;
    let gateway = node.is(Service::Gateway);
    let (jwks_url, jwks_file) = match &platform.auth.keys {
        KeySource::Url(url) => (Some(url.as_str()), None),
        KeySource::Secret(_) | KeySource::Generated(_) => (None, Some(format!("{FOLDER}/{JWKS_FILE}"))),
    };
    let config = Config {
        platform: names.platform(),
        namespace: names.namespace(),
        service: &node.name,
        app_id: names.app_id(&node.name),
        http: Http {
            listen: format!("0.0.0.0:{HTTP_PORT}"),
            admin_listen: format!("0.0.0.0:{ADMIN_PORT}"),
        },
        log: Log {
            level: app.log_level.as_str(),
            format: "json",
        },
        shutdown: Shutdown {
            drain_seconds: DRAIN_SECONDS,
        },
        auth: Auth {
            issuer: &platform.auth.issuer,
            audience: &platform.auth.audience,
            jwks_url,
            jwks_file,
            algorithms: platform
                .auth
                .algorithms
                .iter()
                .map(|algorithm| algorithm.as_str())
                .collect(),
            clock_skew_seconds: platform.auth.clock_skew_seconds,
        },
        pubsub: node.uses_events().then(|| PubSub {
            component: names.events_component(&node.name),
            topic_prefix: &platform.topic_prefix,
        }),
        peers: node
            .calls
            .iter()
            .map(|peer| (peer.as_str(), names.app_id(peer)))
            .collect(),
        cors: gateway.then_some(Cors {
            origins: &platform.gateway.cors_origins,
        }),
        rate_limit: gateway.then_some(RateLimit {
            requests: platform.gateway.requests,
            period_seconds: platform.gateway.period_seconds,
            burst: platform.gateway.burst,
        }),
        scheduler: node.is(Service::Scheduler).then_some(Scheduler {
            poll_milliseconds: 500,
        }),
        state_store: node
            .stores_in(Store::DaprState)
            .then(|| names.state_component(&node.name)),
        smtp: platform
            .smtp
            .as_ref()
            .filter(|_| node.is(Service::Notification))
            .map(|smtp| Smtp {
                host: &smtp.host,
                port: smtp.port,
                from: &smtp.from,
                security: smtp.security.as_str(),
            }),
    };
    serde_yaml::to_string(&config).expect("a configuration of our own types is YAML")
}

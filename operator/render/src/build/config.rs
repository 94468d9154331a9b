//! `config.yaml` of each service, as the services read it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value as Json};
use serde_yaml::{Mapping, Value};

use crate::{
    ValidatedPlatform, Violation,
    catalog::{ADMIN_PORT, HTTP_PORT, Service, Store},
    validate::INVALID_SPEC,
    validated::{App, KeySource, PolicySettings},
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
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audiences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_file: Option<String>,
    algorithms: &'a [&'static str],
    clock_skew_seconds: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PubSub<'a> {
    component: String,
    topic_prefix: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cors<'a> {
    origins: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    methods: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    headers: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_credentials: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    requests: i32,
    period_seconds: i32,
    burst: i32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policies: Vec<Policy>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    class: &'static str,
    requests: i32,
    period_seconds: i32,
    burst: i32,
}

#[derive(Serialize)]
struct Smtp<'a> {
    host: &'a str,
    port: i32,
    from: &'a str,
    security: &'a str,
}

/// The file's text: the user's keys beside the operator's. Nothing for an app of the user's own.
pub(super) fn yaml(platform: &ValidatedPlatform, app: &App) -> String {
    if app.node.service.is_none() {
        return String::new();
    }
    let mut file = own(platform, app);
    merge(&mut file, &app.config);
    serde_yaml::to_string(&file).expect("a configuration of our own types is YAML")
}

/// Keys of the user's that the operator sets itself, each as a violation.
pub(crate) fn owned_configuration(platform: &ValidatedPlatform) -> Vec<Violation> {
    let mut violations = Vec::new();
    for app in platform.apps.iter().filter(|app| !app.config.is_empty()) {
        let mut paths = Vec::new();
        clashes(&own(platform, app), &app.config, "", &mut paths);
        violations.extend(paths.into_iter().map(|key| Violation {
            field_path: format!("{}.config{key}", app.node.field_path),
            reason: INVALID_SPEC,
            message: format!(
                "`{}` is set by the operator from the rest of the spec",
                key.trim_start_matches('.')
            ),
            next_action: "Remove the key, and set the field of the spec that it comes from".into(),
        }));
    }
    violations
}

fn clashes(own: &Mapping, user: &Map<String, Json>, path: &str, found: &mut Vec<String>) {
    for (key, value) in user {
        let path = format!("{path}.{key}");
        match (own.get(key.as_str()), value) {
            (None, _) => {}
            (Some(Value::Mapping(own)), Json::Object(user)) => clashes(own, user, &path, found),
            (Some(_), _) => found.push(path),
        }
    }
}

fn merge(own: &mut Mapping, user: &Map<String, Json>) {
    for (key, value) in user {
        match (own.get_mut(key.as_str()), value) {
            (Some(Value::Mapping(own)), Json::Object(user)) => merge(own, user),
            // What the operator sets stands; a clash was refused before.
            (Some(_), _) => {}
            (None, value) => {
                let value = serde_yaml::to_value(value).expect("JSON is YAML");
                own.insert(key.as_str().into(), value);
            }
        }
    }
}

/// What the operator writes itself.
fn own(platform: &ValidatedPlatform, app: &App) -> Mapping {
    let node = &app.node;
    let names = &platform.names;
    let gateway = node.is(Service::Gateway);
    let (jwks_url, jwks_file) = match &platform.auth.keys {
        KeySource::Url(url) => (Some(url.as_str()), None),
        KeySource::Secret(_) | KeySource::Own(_) | KeySource::Generated(_) => {
            (None, Some(format!("{FOLDER}/{JWKS_FILE}")))
        }
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
            audiences: &platform.auth.audiences,
            jwks_url,
            jwks_file,
            algorithms: &platform.auth.algorithms,
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
            origins: &platform.gateway.cors.origins,
            methods: &platform.gateway.cors.methods,
            headers: &platform.gateway.cors.headers,
            max_age_seconds: platform.gateway.cors.max_age_seconds,
            allow_credentials: platform.gateway.cors.allow_credentials.then_some(true),
        }),
        rate_limit: gateway.then_some(RateLimit {
            requests: platform.gateway.requests,
            period_seconds: platform.gateway.period_seconds,
            burst: platform.gateway.burst,
            policies: platform.gateway.policies.iter().map(policy).collect(),
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
    match serde_yaml::to_value(&config).expect("a configuration of our own types is YAML") {
        Value::Mapping(file) => file,
        _ => Mapping::new(),
    }
}

fn policy(settings: &PolicySettings) -> Policy {
    Policy {
        class: settings.class.as_str(),
        requests: settings.requests,
        period_seconds: settings.period_seconds,
        burst: settings.burst,
    }
}

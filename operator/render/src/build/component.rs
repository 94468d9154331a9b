//! Dapr Components: one pub/sub per app that publishes or consumes, one state store where the catalog says so.

use todoplatform_api::{SaslMechanism, SecretKeyRef};
use todoplatform_kinds::dapr::{Auth, Component, ComponentFields, ComponentSpec, MetadataItem};

use super::{
    object::{child, metadata},
    resiliency::{longest_offer_milliseconds, offer},
    stores::DATABASE_CA_FILE,
};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    catalog::Store,
    validated::{
        App, Authority, BrokerSettings, DatabaseLogin, DatabaseParts, SaslSettings, StateStoreSettings, Text,
        TlsSettings, UserName,
    },
};

/// Entries that a Redis stream keeps, about: unread ones may be cut too, so far more than can be waiting.
const STREAM_LENGTH: &str = "100000";

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let mut children = Vec::new();
    for App { node, .. } in &platform.apps {
        if node.uses_events() && is_located(&platform.broker) {
            let name = platform.names.events_component(&node.name);
            children.push(component(
                platform,
                &node.name,
                &name,
                events(platform, &node.name),
            ));
        }
        if node.stores_in(Store::DaprState) {
            let name = platform.names.state_component(&node.name);
            if let Some(spec) = state(platform, &node.name) {
                children.push(component(platform, &node.name, &name, spec));
            }
        }
    }
    children
}

/// Whether it is known where the broker is: a cluster of another operator says so once it runs.
fn is_located(broker: &BrokerSettings) -> bool {
    !matches!(broker, BrokerSettings::Kafka { brokers, .. } if brokers.is_empty())
}

fn component(platform: &ValidatedPlatform, app: &str, name: &str, spec: ComponentSpec) -> Child {
    let fields = ComponentFields {
        spec,
        scopes: vec![platform.names.app_id(app)],
        auth: platform
            .dapr
            .secret_store
            .clone()
            .map(|secret_store| Auth { secret_store }),
    };
    let mut object = Component::new(name, fields);
    object.metadata = metadata(platform, name, Some(app));
    child(ChildKind::Component, Some(app), &object)
}

fn events(platform: &ValidatedPlatform, app: &str) -> ComponentSpec {
    let group = platform.names.consumer_group(app);
    let (component_type, metadata) = match &platform.broker {
        BrokerSettings::Redis { host, password, tls } => (
            "pubsub.redis",
            redis(platform, app, host, password.as_ref(), *tls, &group),
        ),
        BrokerSettings::Kafka {
            brokers,
            sasl,
            tls,
            version,
        } => (
            "pubsub.kafka",
            kafka(brokers, sasl.as_ref(), tls.as_ref(), version, &group),
        ),
    };
    ComponentSpec {
        component_type: component_type.into(),
        version: "v1".into(),
        init_timeout: Some("30s".into()),
        metadata,
    }
}

fn redis(
    platform: &ValidatedPlatform,
    app: &str,
    host: &str,
    password: Option<&SecretKeyRef>,
    tls: bool,
    group: &str,
) -> Vec<MetadataItem> {
    let mut items = vec![MetadataItem::value("redisHost", host)];
    items.extend(password.map(|key| secret("redisPassword", key)));
    items.push(MetadataItem::value("enableTLS", tls.to_string()));
    items.push(MetadataItem::value("consumerID", group));
    items.push(MetadataItem::value(
        "processingTimeout",
        processing_timeout(platform, app),
    ));
    items.push(MetadataItem::value("maxLenApprox", STREAM_LENGTH));
    items
}

/// Longer than any offer: a message that is idle for so long is delivered a second time, in parallel.
fn processing_timeout(platform: &ValidatedPlatform, app: &str) -> String {
    let minutes = longest_offer_milliseconds(offer(platform, app)).div_ceil(60_000) + 1;
    format!("{}m", minutes.max(5))
}

fn kafka(
    brokers: &[String],
    sasl: Option<&SaslSettings>,
    tls: Option<&TlsSettings>,
    version: &str,
    group: &str,
) -> Vec<MetadataItem> {
    let mut items = vec![MetadataItem::value("brokers", brokers.join(","))];
    let authentication = match (sasl, tls) {
        (Some(_), _) => "password",
        (None, Some(TlsSettings { client: Some(_), .. })) => "mtls",
        (None, Some(_)) => "certificate",
        (None, None) => "none",
    };
    items.push(MetadataItem::value("authType", authentication));
    if let Some(sasl) = sasl {
        // Dapr takes any other spelling for PLAIN, silently.
        let mechanism = match sasl.mechanism {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SHA-256",
            SaslMechanism::ScramSha512 => "SHA-512",
        };
        items.push(MetadataItem::value("saslMechanism", mechanism));
        items.push(match &sasl.username {
            UserName::Plain(name) => MetadataItem::value("saslUsername", name),
            UserName::Secret(key) => secret("saslUsername", key),
        });
        items.push(secret("saslPassword", &sasl.password));
    }
    match tls {
        None => items.push(MetadataItem::value("disableTls", "true")),
        Some(tls) => {
            items.extend(tls.ca.as_ref().map(|ca| match ca {
                Authority::Pem(pem) => MetadataItem::value("caCert", pem),
                Authority::Secret(key) => secret("caCert", key),
            }));
            if let Some((certificate, key)) = &tls.client {
                items.push(secret("clientCert", certificate));
                items.push(secret("clientKey", key));
            }
        }
    }
    items.push(MetadataItem::value("consumerGroup", group));
    // Dapr's default is `newest`: what is published before the first consumer would be lost.
    items.push(MetadataItem::value("initialOffset", "oldest"));
    items.push(MetadataItem::value("version", version));
    // Below initTimeout, so that the cause is told.
    items.push(MetadataItem::value("dialTimeout", "10s"));
    items
}

fn state(platform: &ValidatedPlatform, app: &str) -> Option<ComponentSpec> {
    let (component_type, version, metadata) = match &platform.dapr.state_store {
        StateStoreSettings::Postgresql { table_prefix } => {
            let mut items = match platform.database.logins.get(app)? {
                DatabaseLogin::Url(url) => vec![secret("connectionString", url)],
                DatabaseLogin::Parts(parts) => state_login(parts),
            };
            if platform.database.ca.is_some() {
                items.push(MetadataItem::value("sslRootCert", DATABASE_CA_FILE));
            }
            // One database may serve several services; names of tables take no dashes.
            let prefix = table_prefix
                .clone()
                .unwrap_or_else(|| format!("{}_", app.replace('-', "_")));
            items.push(MetadataItem::value("tablePrefix", prefix.as_str()));
            items.push(MetadataItem::value(
                "metadataTableName",
                format!("{prefix}dapr_metadata"),
            ));
            ("state.postgresql", "v2", items)
        }
        StateStoreSettings::Redis { host, password, tls } => {
            let mut items = vec![MetadataItem::value("redisHost", host)];
            items.extend(password.as_ref().map(|key| secret("redisPassword", key)));
            items.push(MetadataItem::value("enableTLS", tls.to_string()));
            // Equally named platforms of two namespaces may share the Redis: the bare app-id, Dapr's default, is both's.
            items.push(MetadataItem::value("keyPrefix", "namespace"));
            ("state.redis", "v1", items)
        }
    };
    Some(ComponentSpec {
        component_type: component_type.into(),
        version: version.into(),
        init_timeout: Some("30s".into()),
        metadata,
    })
}

/// The parts have items of their own; what has none stands in the connection string, whose other settings they would
/// override.
fn state_login(parts: &DatabaseParts) -> Vec<MetadataItem> {
    let settings = parts
        .options
        .iter()
        .map(|option| format!(" {}={}", option.name, option.value));
    let rest = format!(
        "sslmode={}{}",
        parts.ssl_mode.as_str(),
        settings.collect::<String>()
    );
    vec![
        MetadataItem::value("connectionString", rest),
        MetadataItem::value("host", &parts.host),
        MetadataItem::value("port", parts.port.to_string()),
        text("database", &parts.database),
        text("user", &parts.username),
        secret("password", &parts.password),
    ]
}

fn text(name: &str, text: &Text) -> MetadataItem {
    match text {
        Text::Clear(value) => MetadataItem::value(name, value),
        Text::Secret(reference) => secret(name, reference),
    }
}

fn secret(name: &str, reference: &SecretKeyRef) -> MetadataItem {
    MetadataItem::secret(name, &reference.name, &reference.key)
}

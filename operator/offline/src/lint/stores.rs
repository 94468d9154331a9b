//! Rules about databases, caches and brokers.

use todoplatform_api::SaslMechanism;
use todoplatform_render::validated::BrokerSettings;

use super::{Fault, Rule, Subject, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "TP010",
        Error,
        "A Kafka password sent in clear",
        kafka_password_in_clear
    ),
    rule!(
        "TP011",
        Warn,
        "Events sent in clear in production",
        events_in_clear
    ),
    rule!(
        "TP012",
        Warn,
        "A Redis broker that anyone may use",
        redis_without_password
    ),
    rule!("TP013", Info, "One database login for all services", one_login),
];

fn kafka_password_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    match &subject.settings.broker {
        BrokerSettings::Kafka {
            sasl: Some(sasl),
            tls: None,
            ..
        } if sasl.mechanism == SaslMechanism::Plain => vec![Fault::new(
            "spec.broker.kafka.sasl.mechanism",
            "PLAIN without TLS sends user and password in clear",
            "Add spec.broker.kafka.tls, or use SCRAM-SHA-512",
        )],
        _ => Vec::new(),
    }
}

fn events_in_clear(subject: &Subject<'_>) -> Vec<Fault> {
    if !subject.is_production() {
        return Vec::new();
    }
    let path = match &subject.settings.broker {
        BrokerSettings::Kafka { tls: None, .. } => "spec.broker.kafka.tls",
        BrokerSettings::Redis { tls: false, .. } => "spec.broker.redis.external.enableTls",
        _ => return Vec::new(),
    };
    vec![Fault::new(
        path,
        "events, with whole tasks in them, cross the network in clear",
        "Encrypt the connection to the broker, or ignore this rule where the network does it",
    )]
}

fn redis_without_password(subject: &Subject<'_>) -> Vec<Fault> {
    match &subject.settings.broker {
        BrokerSettings::Redis {
            password: None, host, ..
        } => vec![Fault::new(
            "spec.broker.redis.external.passwordSecretKeyRef",
            format!("who reaches {host} can read and forge events"),
            "Give that Redis a password and name its Secret here",
        )],
        _ => Vec::new(),
    }
}

fn one_login(subject: &Subject<'_>) -> Vec<Fault> {
    let mut urls = subject.settings.database.logins.values();
    let first = urls.next();
    let is_shared = urls.len() > 0 && urls.all(|url| Some(url) == first);
    if !subject.is_production() || !is_shared {
        return Vec::new();
    }
    let database = subject.platform.spec.database.as_ref();
    let external = database.and_then(|database| database.external.as_ref());
    let (field, next) = if database.is_some_and(|database| database.cloud_native_pg.is_some()) {
        (
            "spec.database.cloudNativePG.roles",
            "Set spec.database.cloudNativePG.roles to PerService",
        )
    } else if external.is_some_and(|external| external.host.is_some()) {
        (
            "spec.database.external.host",
            "Name an administrator's login in spec.database.external.admin: each service gets a role of its own",
        )
    } else {
        (
            "spec.database.external.urlSecretKeyRef",
            "Make a role for each service and name the URLs in taskUrlSecretKeyRef, notificationUrlSecretKeyRef and \
             analyticsUrlSecretKeyRef",
        )
    };
    let message = "all services log in to the database as the same role: each can read what the others keep";
    vec![Fault::new(field, message, next)]
}

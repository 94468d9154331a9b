//! `klag-exporter`, by the file of its documentation: where the brokers are, and which groups and topics are ours.
//!
//! Names and passwords stay in their Secrets: the file has `${VARIABLE}` in their place, which the program fills in.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, ConfigMapVolumeSource, Volume};
use todoplatform_api::{SaslMechanism, SecretKeyRef};

use super::{Asked, mount, secret_file};
use crate::{
    ChildKind, ValidatedPlatform,
    build::{
        object::{child, metadata},
        pod::env_secret,
    },
    validated::{Authority, BrokerSettings, ExporterKind, SaslSettings, TlsSettings, UserName},
};

const CONFIG_KEY: &str = "config.toml";
const CA_KEY: &str = "ca.pem";
const CONFIG_FOLDER: &str = "/etc/exporter";
const CA_FOLDER: &str = "/etc/exporter-ca";
const CERTIFICATE_FOLDER: &str = "/etc/exporter-certificate";
const PRIVATE_KEY_FOLDER: &str = "/etc/exporter-private-key";

pub(super) fn asked(platform: &ValidatedPlatform) -> Asked {
    let mut asked = Asked {
        alive: "/health",
        args: vec![format!("--config={CONFIG_FOLDER}/{CONFIG_KEY}")],
        ..Asked::default()
    };
    let BrokerSettings::Kafka {
        brokers, sasl, tls, ..
    } = &platform.broker
    else {
        return asked;
    };
    let mut properties = BTreeMap::from([("security.protocol", protocol(sasl.is_some(), tls.is_some()))]);
    let mut data = BTreeMap::new();
    if let Some(sasl) = sasl {
        login(&mut asked, &mut properties, sasl);
    }
    if let Some(tls) = tls {
        encryption(&mut asked, &mut properties, &mut data, tls);
    }
    data.insert(CONFIG_KEY.to_owned(), config(platform, brokers, &properties));
    let name = platform.names.child(ExporterKind::Kafka.component());
    let map = ConfigMap {
        metadata: metadata(platform, &name, Some(ExporterKind::Kafka.component())),
        data: Some(data),
        ..ConfigMap::default()
    };
    asked.volumes.push(Volume {
        name: "config".into(),
        config_map: Some(ConfigMapVolumeSource {
            name,
            default_mode: Some(0o444),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    });
    asked.mounts.push(mount("config", CONFIG_FOLDER));
    asked.config_map = Some(child(ChildKind::ConfigMap, None, &map));
    asked
}

fn protocol(has_login: bool, is_encrypted: bool) -> String {
    match (has_login, is_encrypted) {
        (true, true) => "SASL_SSL",
        (true, false) => "SASL_PLAINTEXT",
        (false, true) => "SSL",
        (false, false) => "PLAINTEXT",
    }
    .into()
}

fn login(asked: &mut Asked, properties: &mut BTreeMap<&'static str, String>, sasl: &SaslSettings) {
    let mechanism = match sasl.mechanism {
        SaslMechanism::Plain => "PLAIN",
        SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
        SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
    };
    let username = match &sasl.username {
        UserName::Plain(name) => name.clone(),
        UserName::Secret(key) => {
            asked.env.push(env_secret("KAFKA_USERNAME", key));
            "${KAFKA_USERNAME}".into()
        }
    };
    asked.env.push(env_secret("KAFKA_PASSWORD", &sasl.password));
    properties.extend([
        ("sasl.mechanism", mechanism.into()),
        ("sasl.username", username),
        ("sasl.password", "${KAFKA_PASSWORD}".into()),
    ]);
}

fn encryption(
    asked: &mut Asked,
    properties: &mut BTreeMap<&'static str, String>,
    data: &mut BTreeMap<String, String>,
    tls: &TlsSettings,
) {
    let mut file = |volume: &str, folder: &str, file: &str, key: &SecretKeyRef| {
        let (volume, mount) = secret_file(volume, folder, file, key);
        asked.volumes.push(volume);
        asked.mounts.push(mount);
        asked.files.push(key.clone());
        format!("{folder}/{file}")
    };
    match &tls.ca {
        Some(Authority::Secret(key)) => {
            properties.insert("ssl.ca.location", file("ca", CA_FOLDER, CA_KEY, key));
        }
        Some(Authority::Pem(pem)) => {
            data.insert(CA_KEY.into(), pem.clone());
            properties.insert("ssl.ca.location", format!("{CONFIG_FOLDER}/{CA_KEY}"));
        }
        None => {}
    }
    if let Some((certificate, private_key)) = &tls.client {
        let certificate = file("certificate", CERTIFICATE_FOLDER, "tls.crt", certificate);
        let private_key = file("private-key", PRIVATE_KEY_FOLDER, "tls.key", private_key);
        properties.extend([
            ("ssl.certificate.location", certificate),
            ("ssl.key.location", private_key),
        ]);
    }
}

/// The file. Each group and topic by its exact name: a Kafka may be shared.
fn config(platform: &ValidatedPlatform, brokers: &[String], properties: &BTreeMap<&str, String>) -> String {
    let names = &platform.names;
    let groups = platform
        .apps
        .iter()
        .filter(|app| !app.node.consumes.is_empty())
        .map(|app| names.consumer_group(&app.node.name));
    let topics = platform.topics_in_use();
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| format!("{} = {}", quoted(name), quoted(value)))
        .collect();
    format!(
        "[exporter]\npoll_interval = \"15s\"\nhttp_host = \"0.0.0.0\"\nhttp_port = {port}\ngranularity = \"partition\"\n\n\
         [[clusters]]\nname = {name}\nbootstrap_servers = {brokers}\ngroup_whitelist = [{groups}]\n\
         topic_whitelist = [{topics}]\n\n[clusters.consumer_properties]\n{properties}\n",
        port = ExporterKind::Kafka.port(),
        name = quoted(names.platform()),
        brokers = quoted(&brokers.join(",")),
        groups = patterns(groups),
        topics = patterns(topics.into_iter()),
        properties = properties.join("\n"),
    )
}

/// Patterns that match these names and no other.
fn patterns(names: impl Iterator<Item = String>) -> String {
    let patterns: Vec<_> = names
        .map(|name| quoted(&format!("^{}$", name.replace('.', "\\."))))
        .collect();
    patterns.join(", ")
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

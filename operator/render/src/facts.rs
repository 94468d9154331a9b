//! What the pass knows of the world: plain data, read by the controller, judged here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use todoplatform_api::TodoPlatform;

use crate::{BrokersAt, ChildKind, references};

/// What the operator was started with.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct OperatorDefaults {
    /// Registry and path before the names of the service images.
    pub image_registry: String,
    /// Tag of the service images.
    pub image_tag: String,
    /// Full reference of the PostgreSQL image.
    pub postgres_image: String,
    /// Full reference of the Redis image.
    pub redis_image: String,
    /// Full reference of the image of the exporter for PostgreSQL.
    pub postgres_exporter_image: String,
    /// Full reference of the image of the exporter for Redis.
    pub redis_exporter_image: String,
    /// Full reference of the image of the exporter for Kafka.
    pub kafka_exporter_image: String,
    /// `Always`, `IfNotPresent` or `Never`; none means `IfNotPresent`.
    pub image_pull_policy: Option<String>,
    /// The cluster's DNS domain, `cluster.local` nearly everywhere.
    pub cluster_domain: String,
    /// Namespace that the operator runs in, which network policies let in; none when that is not known.
    pub operator_namespace: Option<String>,
}

impl Default for OperatorDefaults {
    fn default() -> Self {
        Self {
            image_registry: "ghcr.io/todoplatform".into(),
            image_tag: env!("CARGO_PKG_VERSION").into(),
            postgres_image: "docker.io/library/postgres:17.6".into(),
            redis_image: "docker.io/library/redis:8.2.1".into(),
            postgres_exporter_image: "quay.io/prometheuscommunity/postgres-exporter:v0.18.1".into(),
            redis_exporter_image: "docker.io/oliver006/redis_exporter:v1.77.0".into(),
            kafka_exporter_image: "ghcr.io/softwaremill/klag-exporter:0.1.29".into(),
            image_pull_policy: None,
            cluster_domain: "cluster.local".into(),
            operator_namespace: None,
        }
    }
}

/// What was read for one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The Secrets of [`references`] that exist, by name; an absent one has no entry.
    pub secrets: BTreeMap<String, SecretFact>,
    /// The ConfigMaps of [`references`] that exist, by name, each with a hash of its data.
    pub config_maps: BTreeMap<String, String>,
    /// Which of the [optional kinds](ChildKind::optional) the API server serves.
    pub optional_kinds: BTreeSet<ChildKind>,
    /// How each of the dependencies of [`references`] stands, by name; one without an entry has not answered.
    pub dependencies: BTreeMap<String, DependencyFact>,
    /// The platform's own Jobs, by name.
    pub jobs: BTreeMap<String, JobFact>,
    /// Where the brokers are, as the `Kafka` says that the spec refers to; none without such a reference, and before it
    /// said so.
    pub kafka: Option<KafkaFact>,
    /// Whether a Deployment of one of the services exists already.
    pub started: bool,
}

/// One Secret that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFact {
    /// Each referenced key that is present, with a hash of its value. Never the value.
    pub keys: BTreeMap<String, String>,
}

/// One Job that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFact {
    /// Whether it has done its work.
    pub complete: bool,
    /// Whether it has given up.
    pub failed: bool,
    /// What its pod said last when it failed; empty when it did not.
    pub message: String,
}

/// What a listener of a `Kafka` says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KafkaFact {
    /// Hosts and ports.
    pub brokers: Vec<String>,
    /// The certificates (PEM) that its brokers are signed by; none when it is not encrypted.
    pub certificates: Option<String>,
}

/// How one dependency stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyFact {
    /// Whether it answered.
    pub ready: bool,
    /// One word that says how it stands.
    pub reason: String,
    /// One sentence that says how it stands.
    pub message: String,
    /// Its version, where it says one.
    pub version: Option<String>,
}

impl Facts {
    /// Whether services can scale by the events that wait for them.
    pub fn has_keda(&self) -> bool {
        ChildKind::ALL
            .iter()
            .filter(|kind| kind.is_keda())
            .all(|kind| self.optional_kinds.contains(kind))
    }

    /// The world as a render without a cluster takes it: every kind is served, every Secret that the spec names is
    /// there with its keys, every dependency has answered.
    pub fn assumed(platform: &TodoPlatform) -> Self {
        let references = references(platform);
        let kafka = references.kafka().and_then(|access| match &access.brokers {
            // The name of the Service that Strimzi makes for every internal listener.
            BrokersAt::Strimzi { namespace, name, .. } => Some(KafkaFact {
                brokers: vec![format!("{name}-kafka-bootstrap.{namespace}.svc:9092")],
                certificates: None,
            }),
            BrokersAt::Addresses(_) | BrokersAt::Redpanda { .. } => None,
        });
        let config_maps = references
            .config_maps
            .into_iter()
            .map(|reference| (reference.name, "assumed".into()))
            .collect();
        let mut secrets = BTreeMap::<String, SecretFact>::new();
        for reference in &references.secrets {
            secrets
                .entry(reference.name.clone())
                .or_default()
                .keys
                .insert(reference.key.clone(), "assumed".into());
        }
        let dependencies = references
            .dependencies
            .into_iter()
            .map(|dependency| {
                let fact = DependencyFact {
                    ready: true,
                    reason: "Assumed".into(),
                    message: "Taken to be ready".into(),
                    version: None,
                };
                (dependency.name, fact)
            })
            .collect();
        let optional_kinds = ChildKind::ALL
            .iter()
            .copied()
            .filter(|kind| kind.optional())
            .collect();
        Self {
            secrets,
            config_maps,
            optional_kinds,
            dependencies,
            jobs: BTreeMap::new(),
            kafka,
            started: false,
        }
    }
}

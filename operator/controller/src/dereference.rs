//! Step 1: reads, by name only, what the spec refers to. Gives plain facts; the values of Secrets stay here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Api, Client, ResourceExt};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    ChildKind, Dependency, DependencyFact, DependencyTarget, Facts, RedisMode, References, SecretFact,
    SecretReference, config_map_hash, graph::graph, secret_facts,
};
use tokio::time::Instant;

use crate::jobs;
use crate::live::{Live, belongs_to};
use crate::probe::log::{LogAnswer, Missing};
use crate::probe::{self, Sensitive};

/// How long answers from outside are good. Passes come in bursts while pods start; what they ask does not change
/// that fast.
const FRESH: Duration = Duration::from_secs(3);
/// Secrets read at a time.
const AT_ONCE: usize = 8;

/// A Secret could not be read. That it is absent is not an error but a fact.
#[derive(Debug, thiserror::Error)]
#[error("Secret {name}: the API server did not let us read it")]
pub struct DereferenceError {
    /// Its name.
    pub name: String,
    /// What the API server said.
    pub source: Box<kube::Error>,
}

/// What was read from outside, and when.
#[derive(Clone, Debug)]
pub struct Answers {
    at: Instant,
    references: References,
    secrets: BTreeMap<String, SecretFact>,
    config_maps: BTreeMap<String, String>,
    metadata: BTreeMap<String, ObjectMeta>,
    dependencies: BTreeMap<String, DependencyFact>,
    log: Option<LogAnswer>,
}

/// What a pass knows of the world.
#[derive(Clone, Debug)]
pub struct Dereferenced {
    /// The facts that validate and build take.
    pub facts: Facts,
    /// Metadata of the referenced Secrets that exist, by name: whose they are.
    pub secrets: BTreeMap<String, ObjectMeta>,
    /// Topics that the operator has to make.
    pub missing_topics: Option<Missing>,
}

/// What dereference reads from.
pub struct Sources<'a> {
    /// For Secrets and the injector's registration.
    pub client: &'a Client,
    /// What the watches show.
    pub live: &'a Live,
    /// Optional kinds that are served.
    pub served: &'a BTreeSet<ChildKind>,
    /// Whether what lies outside of namespaces may be read.
    pub sees_cluster: bool,
}

/// Reads what the spec refers to; answers that are a few seconds old are taken from `known`.
pub async fn dereference(
    sources: &Sources<'_>,
    platform: &TodoPlatform,
    known: &mut Option<Answers>,
) -> Result<Dereferenced, DereferenceError> {
    let references = todoplatform_render::references(platform);
    let namespace = platform.namespace().unwrap_or_default();
    let answers = match known.take() {
        Some(answers) if answers.at.elapsed() < FRESH && answers.references == references => answers,
        _ => ask(sources, platform, &namespace, references).await?,
    };
    let mut dependencies = answers.dependencies.clone();
    for Dependency { name, target } in &answers.references.dependencies {
        if let DependencyTarget::StatefulSet { name: set } = target {
            let seen = sources.live.stateful_set(&namespace, set);
            dependencies.insert(name.clone(), probe::stateful_set::judge(set, seen.as_deref()));
        }
    }
    if let Some(log) = &answers.log {
        dependencies.insert("broker".into(), log.broker.clone());
        dependencies.insert("topics".into(), log.topics.clone());
    }
    let facts = Facts {
        secrets: answers.secrets.clone(),
        config_maps: answers.config_maps.clone(),
        optional_kinds: sources.served.clone(),
        dependencies,
        jobs: jobs::look(sources.live, &namespace, platform),
        kafka: answers.log.as_ref().and_then(|log| log.location.clone()),
        started: has_started(sources.live, platform, &namespace),
    };
    let secrets = answers.metadata.clone();
    let missing_topics = answers.log.as_ref().and_then(|log| log.missing.clone());
    *known = Some(answers);
    Ok(Dereferenced {
        facts,
        secrets,
        missing_topics,
    })
}

/// Whether a Deployment of one of the applications exists already.
fn has_started(live: &Live, platform: &TodoPlatform, namespace: &str) -> bool {
    graph(&platform.spec).iter().any(|node| {
        let name = format!("{}-{}", platform.name_any(), node.name);
        live.deployment(namespace, &name).is_some_and(|deployment| {
            let uid = platform.metadata.uid.as_deref().unwrap_or_default();
            belongs_to(&deployment.metadata, &platform.name_any(), uid)
        })
    })
}

async fn ask(
    sources: &Sources<'_>,
    platform: &TodoPlatform,
    namespace: &str,
    references: References,
) -> Result<Answers, DereferenceError> {
    let secrets = Api::<Secret>::namespaced(sources.client.clone(), namespace);
    let names: BTreeSet<&str> = references
        .secrets
        .iter()
        .map(|secret| secret.name.as_str())
        .collect();
    let reads: Vec<_> = names
        .into_iter()
        .map(|name| {
            let (secrets, name) = (secrets.clone(), name.to_owned());
            async move {
                match secrets.get_opt(&name).await {
                    Ok(found) => Ok((name, found)),
                    Err(source) => Err(DereferenceError {
                        name,
                        source: Box::new(source),
                    }),
                }
            }
        })
        .collect();
    let read: Vec<(String, Option<Secret>)> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    let found: BTreeMap<String, Secret> = read
        .into_iter()
        .filter_map(|(name, found)| Some((name, found?)))
        .collect();
    let uid = platform.metadata.uid.clone().unwrap_or_default();
    let config_maps = config_maps(sources, namespace, &references, &uid).await?;
    let (dependencies, log) = tokio::join!(
        probe_all(sources, namespace, &references, &found),
        ask_log(sources, namespace, &references, &found)
    );
    Ok(Answers {
        at: Instant::now(),
        secrets: secret_facts(&references, &found, &uid),
        config_maps,
        metadata: found
            .into_iter()
            .map(|(name, secret)| (name, without_fields(secret.metadata)))
            .collect(),
        references,
        dependencies,
        log,
    })
}

/// Metadata without what is large and tells nothing of whose the object is.
fn without_fields(mut meta: ObjectMeta) -> ObjectMeta {
    meta.managed_fields = None;
    meta
}

fn value_of<'a>(secret: &'a Secret, key: &str) -> Option<&'a [u8]> {
    Some(&secret.data.as_ref()?.get(key)?.0)
}

/// The user's ConfigMaps that exist, each with a hash of its data.
async fn config_maps(
    sources: &Sources<'_>,
    namespace: &str,
    references: &References,
    uid: &str,
) -> Result<BTreeMap<String, String>, DereferenceError> {
    let api = Api::<ConfigMap>::namespaced(sources.client.clone(), namespace);
    let names: BTreeSet<&str> = references
        .config_maps
        .iter()
        .map(|reference| reference.name.as_str())
        .collect();
    let mut hashes = BTreeMap::new();
    for name in names {
        let found = api.get_opt(name).await.map_err(|source| DereferenceError {
            name: name.to_owned(),
            source: Box::new(source),
        })?;
        if let Some(map) = found {
            hashes.insert(name.to_owned(), config_map_hash(&map, uid));
        }
    }
    Ok(hashes)
}

/// Asks a Kafka or Redpanda, where the platform has one.
async fn ask_log(
    sources: &Sources<'_>,
    namespace: &str,
    references: &References,
    found: &BTreeMap<String, Secret>,
) -> Option<LogAnswer> {
    let access = references.kafka()?;
    probe::log::ask(sources.client, namespace, access, found).await
}

/// Asks all dependencies outside of the cluster's API at once. Those whose Secret is missing are not asked: that is
/// a violation of its own.
async fn probe_all(
    sources: &Sources<'_>,
    namespace: &str,
    references: &References,
    found: &BTreeMap<String, Secret>,
) -> BTreeMap<String, DependencyFact> {
    let value = |reference: &SecretReference| {
        let value = value_of(found.get(&reference.name)?, &reference.key)?;
        Some(Sensitive::new(value.to_vec()))
    };
    let probes = references
        .dependencies
        .iter()
        .map(|Dependency { name, target }| async {
            let fact = match target {
                DependencyTarget::StatefulSet { .. }
                | DependencyTarget::Job
                | DependencyTarget::Kafka(_)
                | DependencyTarget::Topics(_) => return None,
                DependencyTarget::Postgres { url, ca } => {
                    probe::postgres::probe(&value(url)?, ca.as_ref().and_then(value).as_ref(), namespace)
                        .await
                }
                DependencyTarget::PostgresHost(target) => {
                    let login = probe::postgres::Login {
                        username: value(&target.username)?,
                        password: value(&target.password)?,
                        ca: target.ca.as_ref().and_then(value),
                    };
                    probe::postgres::probe_host(target, &login, namespace).await
                }
                DependencyTarget::CloudNativePg { cluster } => {
                    probe::cloud_native_pg::probe(sources.client, namespace, cluster).await
                }
                DependencyTarget::RedisServers(target) => {
                    let optional = |reference: &Option<SecretReference>| match reference {
                        Some(reference) => value(reference).map(Some),
                        None => Some(None),
                    };
                    let (sentinel_username, sentinel_password) = match &target.mode {
                        RedisMode::Sentinel {
                            username, password, ..
                        } => (optional(username)?, optional(password)?),
                        RedisMode::Server | RedisMode::Cluster => (None, None),
                    };
                    let logins = probe::redis_servers::Logins {
                        username: optional(&target.username)?,
                        password: optional(&target.password)?,
                        sentinel_username,
                        sentinel_password,
                        ca: optional(&target.ca)?,
                    };
                    probe::redis_servers::probe(target, &logins, namespace).await
                }
                DependencyTarget::Redis { url, ca } => {
                    probe::redis::probe(&value(url)?, ca.as_ref().and_then(value).as_ref(), namespace).await
                }
                DependencyTarget::RedisHost { host, password, tls } => {
                    probe::redis::probe_host(
                        host,
                        password.as_ref().and_then(value).as_ref(),
                        *tls,
                        namespace,
                    )
                    .await
                }
                DependencyTarget::DaprControlPlane => {
                    let client = sources.sees_cluster.then_some(sources.client);
                    probe::dapr::probe(client, sources.served).await
                }
            };
            Some((name.clone(), fact))
        });
    join_all(probes).await.into_iter().flatten().collect()
}

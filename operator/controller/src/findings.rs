//! From what the steps give to what the status says: lines, blockers, the inventory, and when to look again. Pure but
//! for the jitter.

use std::collections::BTreeSet;
use std::time::Duration;

use todoplatform_api::{Blocker, DependencyStatus, InventoryEntry, SkippedKind};
use todoplatform_render::{
    BROKER_UNKNOWN, BrokersAt, ChildKind, DependencyFact, DependencyTarget, Facts, Gate, Invalid,
    KafkaAccess, MISSING_CONFIG_MAP, MISSING_SECRET, MISSING_SECRET_KEY, Prepared, RedisMode, References,
    Resources, SETUP, SecretReference, TopicMaker, ValidatedPlatform,
};

use crate::apply::ApplyError;
use crate::backoff::between;
use crate::chain::Chain;
use crate::claim::Claim;
use crate::context::Context;
use crate::ensure_secrets::IncompleteSecret;
use crate::observe::{Declared, WorkloadKind};
use crate::plan::Conflict;
use crate::report::Outcome;
use crate::status::Found;

/// A child is owned by somebody else's controller.
const OWNERSHIP_CONFLICT: &str = "OwnershipConflict";
/// A child's name is that of something else.
const NAME_TAKEN: &str = "NameTaken";
/// What stands in the way goes by itself.
pub const FORMER_PLATFORM_LEAVING: &str = "FormerPlatformLeaving";
/// A generated Secret lacks keys.
const INCOMPLETE_SECRET: &str = "GeneratedSecretIncomplete";

/// When everything that matters is watched.
pub fn rarely(context: &Context) -> Duration {
    wait(context, 300, 600)
}

/// While pods wait for something that is not watched.
pub fn shortly(context: &Context) -> Duration {
    wait(context, 2, 4)
}

/// When what this pass knew is known to be old.
pub fn soon(context: &Context) -> Duration {
    wait(context, 1, 2)
}

fn wait(context: &Context, from: u64, to: u64) -> Duration {
    between(
        Duration::from_secs(from),
        Duration::from_secs(to),
        (context.jitter)(),
    )
}

/// What a pass that went through came to, and when the next one is due.
///
/// Secrets and services outside the cluster cannot be watched: whoever refers to them is looked at every minute or
/// so, and every few seconds while one of them does not answer.
pub fn next(context: &Context, gate: &Gate, references: &References, facts: &Facts) -> (Outcome, Duration) {
    if matches!(gate, Gate::Closed { .. }) {
        return (Outcome::Waiting, shortly(context));
    }
    let is_external = |target: &DependencyTarget| {
        !matches!(
            target,
            DependencyTarget::StatefulSet { .. } | DependencyTarget::Job | DependencyTarget::DaprControlPlane
        )
    };
    let answers = |name: &String| facts.dependencies.get(name).is_some_and(|fact| fact.ready);
    let outside = references
        .dependencies
        .iter()
        .filter(|dependency| is_external(&dependency.target));
    let wait = if outside.clone().any(|dependency| !answers(&dependency.name)) {
        wait(context, 5, 10)
    } else if outside.count() > 0
        || !references.config_maps.is_empty()
        || references.secrets.iter().any(|secret| !secret.optional)
    {
        wait(context, 30, 60)
    } else {
        rarely(context)
    };
    (Outcome::Applied, wait)
}

/// When to look whether somebody has mended these problems. What is not watched is asked for every few seconds.
pub fn until_mended(context: &Context, problems: &[Blocker]) -> Duration {
    let is_unwatched = |problem: &Blocker| {
        [
            MISSING_SECRET,
            MISSING_SECRET_KEY,
            MISSING_CONFIG_MAP,
            BROKER_UNKNOWN,
            OWNERSHIP_CONFLICT,
            NAME_TAKEN,
            FORMER_PLATFORM_LEAVING,
            INCOMPLETE_SECRET,
        ]
        .contains(&problem.reason.as_str())
    };
    if problems.iter().any(is_unwatched) {
        wait(context, 4, 8)
    } else if problems
        .iter()
        .any(|problem| problem.component != "spec" && !problem.component.starts_with("spec."))
    {
        wait(context, 20, 40)
    } else {
        rarely(context)
    }
}

/// All objects of a platform, sorted.
pub fn inventory(resources: &Resources<Prepared>) -> Vec<InventoryEntry> {
    let entry = |kind: ChildKind, name: &str| InventoryEntry {
        kind: kind.as_str().into(),
        name: name.into(),
    };
    let mut inventory: Vec<InventoryEntry> = resources
        .children
        .iter()
        .map(|child| entry(child.kind, &child.name))
        .collect();
    inventory.extend(
        resources
            .secrets
            .iter()
            .map(|recipe| entry(ChildKind::Secret, &recipe.name)),
    );
    inventory.sort();
    inventory
}

/// Kinds that the platform goes without, sorted by name.
pub fn skipped(kinds: &BTreeSet<ChildKind>) -> Vec<SkippedKind> {
    let mut skipped: Vec<SkippedKind> = kinds
        .iter()
        .map(|kind| {
            let resource = kind.api_resource();
            let crd = format!("{}.{}", resource.plural, resource.group);
            SkippedKind {
                kind: kind.as_str().into(),
                reason: "CrdMissing".into(),
                message: format!(
                    "the API server does not serve {crd} in {}; once it does, the platform gets its objects",
                    resource.api_version
                ),
            }
        })
        .collect();
    skipped.sort_by(|left, right| left.kind.cmp(&right.kind));
    skipped
}

/// Both inventories in one, sorted.
pub fn union(before: &[InventoryEntry], mut now: Vec<InventoryEntry>) -> Vec<InventoryEntry> {
    now.extend_from_slice(before);
    now.sort();
    now.dedup();
    now
}

/// Violations as blockers.
pub fn violations(invalid: Invalid) -> Vec<Blocker> {
    invalid
        .violations
        .into_iter()
        .map(|violation| Blocker {
            message: format!("{}: {}", violation.field_path, violation.message),
            component: violation.field_path,
            reason: violation.reason.to_owned(),
            next_action: violation.next_action,
        })
        .collect()
}

/// Children that are not the platform's to write, as blockers.
pub fn conflicts(namespace: &str, platform: &str, conflicts: &[Conflict]) -> Vec<Blocker> {
    conflicts
        .iter()
        .map(|conflict| blocker_of(namespace, platform, conflict))
        .collect()
}

fn blocker_of(namespace: &str, platform: &str, Conflict { kind, name, claim }: &Conflict) -> Blocker {
    let kind = kind.as_str();
    let look = format!(
        "kubectl -n {namespace} get {} {name} -o yaml",
        kind.to_lowercase()
    );
    let (reason, message, next_action) = match claim {
        Claim::Taken { by } => (
            NAME_TAKEN,
            format!("{kind} {name} exists already and belongs to {by}"),
            format!(
                "Remove it or give the TodoPlatform another name; to hand it over: kubectl -n {namespace} patch tp \
                 {platform} --type=merge -p '{{\"spec\":{{\"adoptionPolicy\":\"IfUnowned\"}}}}' (TakeOver, if another \
                 tool manages it); to see it: {look}"
            ),
        ),
        Claim::Leaving => (
            FORMER_PLATFORM_LEAVING,
            format!("{kind} {name} belongs to the former TodoPlatform {platform} and is about to be removed"),
            "It ends by itself: garbage collection removes what the former platform owned".to_owned(),
        ),
        Claim::Owned { owner } => (
            OWNERSHIP_CONFLICT,
            format!("{kind} {name} is owned by {owner}"),
            format!("Give the TodoPlatform another name, or remove the owner: {look}"),
        ),
        // Nobody's word stands against it.
        Claim::Ours | Claim::Free => (OWNERSHIP_CONFLICT, format!("{kind} {name} is free"), look),
    };
    Blocker {
        component: format!("{kind}/{name}"),
        reason: reason.into(),
        message,
        next_action,
    }
}

/// Generated Secrets that lack keys, as blockers.
pub fn incomplete_secrets(namespace: &str, incomplete: &[IncompleteSecret]) -> Vec<Blocker> {
    incomplete
        .iter()
        .map(|IncompleteSecret { name, missing }| Blocker {
            component: format!("Secret/{name}"),
            reason: INCOMPLETE_SECRET.into(),
            message: format!("Secret {name} exists and lacks {}", missing.join(", ")),
            next_action: format!(
                "Put the missing keys back. If no data depends on its values: kubectl -n {namespace} delete secret {name}"
            ),
        })
        .collect()
}

/// Children that were not taken, as blockers.
pub fn refusals(namespace: &str, errors: &[ApplyError]) -> Vec<Blocker> {
    errors
        .iter()
        .map(|error| {
            let (ApplyError::Immutable { kind, name, .. }
            | ApplyError::Refused { kind, name, .. }
            | ApplyError::Unavailable { kind, name, .. }) = error;
            let resource = kind.as_str().to_lowercase();
            let next_action = match error {
                ApplyError::Immutable { kind: ChildKind::PersistentVolumeClaim, .. } => {
                    "Set the field back: of a volume that exists only the size can change, and only grow".to_owned()
                }
                ApplyError::Immutable { .. } => format!(
                    "Set the field back, or delete the object and let it be made again (data in volumes stays): \
                     kubectl -n {namespace} delete {resource} {name} --cascade=orphan"
                ),
                ApplyError::Refused { .. } => {
                    "Remove what refuses it: a quota, an admission policy, or a missing permission".to_owned()
                }
                ApplyError::Unavailable { .. } => {
                    "It is tried again; see whether the API server and its webhooks answer".to_owned()
                }
            };
            Blocker {
                component: format!("{}/{name}", kind.as_str()),
                reason: error.reason().to_owned(),
                message: Chain(error).to_string(),
                next_action,
            }
        })
        .collect()
}

/// The components that a platform declares, applications first.
pub fn declared(validated: &ValidatedPlatform) -> Vec<Declared> {
    let apps = validated.apps.iter().map(|app| Declared {
        component: app.node.name.clone(),
        kind: WorkloadKind::Deployment,
        name: validated.names.app_id(&app.node.name),
        replicas: if validated.hibernated { 0 } else { app.replicas },
        is_autoscaled: app.autoscaling.is_some() && !validated.hibernated,
        image: app.image.to_string(),
        is_paused: app.paused,
    });
    let stores = [
        ("postgres", &validated.postgres, validated.names.postgres()),
        ("redis", &validated.redis, validated.names.redis()),
    ];
    let stores = stores.into_iter().filter_map(|(component, settings, name)| {
        Some(Declared {
            component: component.to_owned(),
            kind: WorkloadKind::StatefulSet,
            name,
            replicas: i32::from(!validated.hibernated),
            is_autoscaled: false,
            image: settings.as_ref()?.image.to_string(),
            is_paused: false,
        })
    });
    apps.chain(stores).collect()
}

/// Names of the dependencies that do not answer.
pub fn unanswered(references: &References, facts: &Facts) -> Vec<String> {
    let answers = |name: &String| facts.dependencies.get(name).is_some_and(|fact| fact.ready);
    references
        .dependencies
        .iter()
        .map(|dependency| dependency.name.clone())
        .filter(|name| !answers(name))
        .collect()
}

/// The dependencies as found, with what to do about those that do not answer.
pub fn dependencies(namespace: &str, references: &References, facts: &Facts) -> Vec<Found> {
    references
        .dependencies
        .iter()
        .map(|dependency| {
            let fact = facts
                .dependencies
                .get(&dependency.name)
                .cloned()
                .unwrap_or(DependencyFact {
                    ready: false,
                    reason: "NotAsked".into(),
                    message: "not asked yet".into(),
                    version: None,
                });
            let message = match secret_of(&dependency.target, &fact.reason) {
                Some(secret) if !fact.ready => format!("{} ({})", fact.message, secret.field_path),
                _ => fact.message,
            };
            Found {
                next_action: next_action(namespace, &dependency.target, &fact.reason),
                is_embedded: matches!(dependency.target, DependencyTarget::StatefulSet { .. }),
                status: DependencyStatus {
                    name: dependency.name.clone(),
                    kind: dependency.target.kind().to_owned(),
                    ready: fact.ready,
                    reason: fact.reason,
                    message,
                },
            }
        })
        .collect()
}

/// The Secret key that is at fault when a dependency stands like this.
fn secret_of<'a>(target: &'a DependencyTarget, reason: &str) -> Option<&'a SecretReference> {
    match target {
        DependencyTarget::Postgres { url, .. } | DependencyTarget::Redis { url, .. } => Some(url),
        DependencyTarget::RedisHost { password, .. } => password.as_ref(),
        DependencyTarget::PostgresHost(target) => Some(&target.password),
        DependencyTarget::RedisServers(target) => match &target.mode {
            RedisMode::Sentinel { password, .. } if reason.starts_with("Sentinel") => password.as_ref(),
            _ => target.password.as_ref(),
        },
        DependencyTarget::Kafka(access) => access.sasl.as_ref().map(|sasl| &sasl.password),
        DependencyTarget::StatefulSet { .. }
        | DependencyTarget::Job
        | DependencyTarget::CloudNativePg { .. }
        | DependencyTarget::Topics(_)
        | DependencyTarget::DaprControlPlane => None,
    }
}

fn next_action(namespace: &str, target: &DependencyTarget, reason: &str) -> String {
    match (target, reason) {
        (DependencyTarget::StatefulSet { name }, _) => {
            format!("kubectl -n {namespace} describe statefulset {name}")
        }
        (DependencyTarget::DaprControlPlane, "NotInstalled") => {
            "helm upgrade --install dapr dapr --repo https://dapr.github.io/helm-charts -n dapr-system --create-namespace"
                .to_owned()
        }
        (DependencyTarget::DaprControlPlane, _) => {
            "kubectl get pods -A -l app.kubernetes.io/part-of=dapr".to_owned()
        }
        (DependencyTarget::Kafka(access), reason) => log_action(access, reason),
        (DependencyTarget::Topics(maker), reason) => topics_action(*maker, reason),
        (DependencyTarget::Job, "Failed" | "Retrying") => format!(
            "kubectl -n {namespace} logs -l app.kubernetes.io/component={SETUP} --tail=20. A Job that has given up is \
             made again once it is deleted"
        ),
        (DependencyTarget::Job, _) => {
            format!("kubectl -n {namespace} describe job -l app.kubernetes.io/component={SETUP}")
        }
        (DependencyTarget::CloudNativePg { .. }, "KindMissing") => {
            "Install CloudNativePG: https://cloudnative-pg.io".to_owned()
        }
        (DependencyTarget::CloudNativePg { cluster }, _) => {
            format!("kubectl -n {namespace} describe clusters.postgresql.cnpg.io {cluster}")
        }
        (DependencyTarget::RedisServers(_), "MasterUnknown" | "NotMaster") => {
            "See which master the sentinels monitor, and that spec.cache.external.sentinel.masterName is its name".to_owned()
        }
        (DependencyTarget::RedisServers(_), "NotACluster") => {
            "Name the server in spec.cache.external.host instead of spec.cache.external.cluster".to_owned()
        }
        (DependencyTarget::RedisServers(_), "ClusterDown") => {
            "redis-cli --cluster check on one of its nodes says which slots are not served".to_owned()
        }
        (_, "Unreachable" | "Loading" | "TooManyConnections") => {
            format!("See that {} runs and that the operator's pod can reach it", target.kind())
        }
        _ => match (secret_of(target, reason), target) {
            (Some(SecretReference { name, key, field_path, .. }), _) => {
                format!("Mend the key `{key}` of Secret `{name}`, which {field_path} names")
            }
            (None, DependencyTarget::RedisServers(_)) if reason.starts_with("Sentinel") => {
                "Set spec.cache.external.sentinel.passwordSecretKeyRef".to_owned()
            }
            (None, DependencyTarget::RedisServers(_)) => {
                "Set spec.cache.external.passwordSecretKeyRef".to_owned()
            }
            (None, _) => "Set spec.broker.redis.external.passwordSecretKeyRef".to_owned(),
        },
    }
}

/// What to do about a Kafka or Redpanda that does not answer.
fn log_action(access: &KafkaAccess, reason: &str) -> String {
    let object = match &access.brokers {
        BrokersAt::Addresses(_) => None,
        BrokersAt::Strimzi { namespace, name, .. } => Some(("kafkas.kafka.strimzi.io", namespace, name)),
        BrokersAt::Redpanda { namespace, name, .. } => {
            Some(("redpandas.cluster.redpanda.com", namespace, name))
        }
    };
    match (reason, object) {
        ("PasswordRefused" | "MechanismRefused", _) => match &access.sasl {
            Some(sasl) => format!(
                "Mend the mechanism, or the key `{}` of Secret `{}`, which {} names",
                sasl.password.key, sasl.password.name, sasl.password.field_path
            ),
            None => "Set a user and a password".to_owned(),
        },
        ("TlsFailed" | "InvalidCertificate" | "ConnectionClosed", _) => {
            "See that TLS, the authority's certificate and the login are set as the listener asks for them"
                .to_owned()
        }
        ("KindNotServed", Some((resource, _, _))) => {
            format!("Install the operator that serves {resource}, in a version that the guide names")
        }
        ("NotAllowed", Some((resource, namespace, _))) => {
            format!("Let the operator read {resource} in namespace {namespace}")
        }
        ("NotFound" | "ClusterNotReady" | "ListenerUnknown", Some((resource, namespace, name))) => {
            format!("kubectl -n {namespace} get {resource} {name} -o yaml")
        }
        _ => format!(
            "See that {} runs and that the operator's pod can reach it",
            access.kind
        ),
    }
}

/// What to do about topics that are not there.
fn topics_action(maker: TopicMaker, reason: &str) -> String {
    match (maker, reason) {
        (_, "NotAsked") => "See why the broker does not answer".to_owned(),
        (TopicMaker::User, "TopicsMissing") => {
            "Make the topics, or set spec.broker.topics.manage to true".to_owned()
        }
        (TopicMaker::Strimzi, "TopicsMissing") => {
            "See that Strimzi's topic operator runs: kubectl get kafkatopics.kafka.strimzi.io".to_owned()
        }
        (TopicMaker::Operator, "TopicsMissing") => "It is done in the next pass".to_owned(),
        _ => "Let the user describe and create the topics with this prefix, or lower what spec.broker.topics asks for".to_owned(),
    }
}

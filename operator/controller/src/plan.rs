//! Step 4: what has to be sent, decided by reading only. A converged platform ends here with nothing to do.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use kube::{Api, Client};
use serde_json::Value;
use sha2::{Digest, Sha256};
use todoplatform_render::{Child, ChildKind};

use crate::compare::is_within;
use crate::dereference::foreign_owner;
use crate::live::Live;
use crate::memory::{PlatformMemory, Sent};
use crate::replicas::{Bounds, Handling, autoscaled, handling};

/// Children read at a time.
const AT_ONCE: usize = 8;

/// A child could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{} {name}: the API server did not let us read it", kind.as_str())]
pub struct PlanError {
    /// Its kind.
    pub kind: ChildKind,
    /// Its name.
    pub name: String,
    /// What the API server said.
    pub source: Box<kube::Error>,
}

/// A child that somebody else's controller owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipConflict {
    /// Kind of the child.
    pub kind: &'static str,
    /// Name of the child.
    pub name: String,
    /// The owner, as `Kind name`.
    pub owner: String,
}

/// A child that has to be sent.
#[derive(Clone, Debug)]
pub struct Write {
    /// What to send.
    pub child: Child,
    /// Hash of it.
    pub hash: [u8; 32],
    /// Whether it is there already, and differs.
    pub exists: bool,
    /// Whether the same was sent before: then somebody else has changed or deleted it.
    pub is_drift: bool,
    /// What becomes of the number of its pods.
    pub handling: Handling,
}

/// What has to be done, in the order of apply.
#[derive(Debug, Default)]
pub struct Plan {
    /// Children to send.
    pub writes: Vec<Write>,
    /// Children that are as they should be.
    pub unchanged: usize,
    /// Children that must not be touched. While there is one, nothing is sent at all.
    pub conflicts: Vec<OwnershipConflict>,
}

/// What plan reads from.
pub struct Reader<'a> {
    /// For children of which the watches do not say enough.
    pub client: &'a Client,
    /// What the watches show.
    pub live: &'a Live,
    /// Optional kinds that are served: children of the others cannot be sent.
    pub served: &'a BTreeSet<ChildKind>,
    /// Namespace of the platform.
    pub namespace: &'a str,
    /// UID of the platform.
    pub uid: &'a str,
}

enum Decision {
    Unchanged(Option<Sent>),
    Write { exists: bool, handling: Handling },
    Conflict { owner: String },
}

/// Decides for each child. Remembers those that agree.
pub async fn plan(
    reader: &Reader<'_>,
    children: Vec<Child>,
    memory: &mut PlatformMemory,
) -> Result<Plan, PlanError> {
    let sent = &memory.sent;
    let autoscaled = &autoscaled(&children);
    let decisions: Vec<_> = children
        .into_iter()
        .filter(|child| !child.kind.optional() || reader.served.contains(&child.kind))
        .map(|child| async move {
            let hash = hash(&child.object);
            let known = sent.get(&(child.kind, child.name.clone()));
            let bounds = autoscaled.get(&child.name).copied();
            let decision = decide(reader, &child, hash, known, bounds).await?;
            let was_sent = known.is_some_and(|known| known.hash == hash);
            Ok((child, hash, was_sent, decision))
        })
        .collect();
    let decided: Vec<(Child, [u8; 32], bool, Decision)> =
        stream::iter(decisions).buffered(AT_ONCE).try_collect().await?;
    let mut plan = Plan::default();
    for (child, hash, was_sent, decision) in decided {
        match decision {
            Decision::Unchanged(now) => {
                plan.unchanged += 1;
                if let Some(now) = now {
                    memory.sent.insert((child.kind, child.name), now);
                }
            }
            Decision::Write { exists, handling } => plan.writes.push(Write {
                child,
                hash,
                exists,
                is_drift: was_sent,
                handling,
            }),
            Decision::Conflict { owner } => plan.conflicts.push(OwnershipConflict {
                kind: child.kind.as_str(),
                name: child.name,
                owner,
            }),
        }
    }
    Ok(plan)
}

/// Hash of a child as it is wanted.
pub fn hash(object: &Value) -> [u8; 32] {
    Sha256::digest(object.to_string()).into()
}

async fn decide(
    reader: &Reader<'_>,
    child: &Child,
    hash: [u8; 32],
    known: Option<&Sent>,
    bounds: Option<Bounds>,
) -> Result<Decision, PlanError> {
    if let Some(seen) = reader.live.metadata(child.kind, reader.namespace, &child.name)
        && known == Some(&Sent::new(child.kind, hash, &seen))
        && has_our_metadata(child, &seen)
    {
        return Ok(Decision::Unchanged(None));
    }
    // The watch shows something else than what was sent last, or nothing: it may be right, or late. Ask.
    let api = Api::<DynamicObject>::namespaced_with(
        reader.client.clone(),
        reader.namespace,
        &child.kind.api_resource(),
    );
    let failed = |source| PlanError {
        kind: child.kind,
        name: child.name.clone(),
        source: Box::new(source),
    };
    let found = match api.get_opt(&child.name).await {
        // The kind has gone since it was discovered: apply passes over it, and the next discovery says so.
        Err(kube::Error::Api(status)) if child.kind.optional() && status.code == 404 => None,
        found => found.map_err(failed)?,
    };
    let Some(live) = found else {
        let handling = handling(child, bounds, None);
        return Ok(Decision::Write {
            exists: false,
            handling,
        });
    };
    if let Some(owner) = foreign_owner(&live.metadata, reader.uid) {
        return Ok(Decision::Conflict { owner });
    }
    let sent = Sent::of(child.kind, hash, &live);
    // An apply that changes nothing leaves the version as it is: then it is known to agree whatever it looks like.
    let value = serde_json::to_value(&live).unwrap_or_default();
    let agrees = known == Some(&sent) && has_our_metadata(child, &live.metadata);
    let handling = handling(child, bounds, Some(&value));
    if handling == Handling::AsIs && (agrees || is_within(&child.object, Some(&value))) {
        return Ok(Decision::Unchanged(Some(sent)));
    }
    Ok(Decision::Write {
        exists: true,
        handling,
    })
}

/// Whether our labels, annotations and owner references are all there: they move no generation.
fn has_our_metadata(child: &Child, seen: &ObjectMeta) -> bool {
    let Some(wanted) = child.object.get("metadata") else {
        return true;
    };
    let Ok(seen) = serde_json::to_value(seen) else {
        return false;
    };
    ["labels", "annotations", "ownerReferences"].iter().all(|part| {
        wanted
            .get(part)
            .is_none_or(|wanted| is_within(wanted, seen.get(part)))
    })
}

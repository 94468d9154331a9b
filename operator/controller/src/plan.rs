//! Step 4: what has to be sent, decided by reading only. A converged platform ends here with nothing to do.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::DynamicObject;
use kube::{Api, Client};
use serde_json::Value;
use sha2::{Digest, Sha256};
use todoplatform_api::DriftMode;
use todoplatform_render::day2::Day2Settings;
use todoplatform_render::{Child, ChildKind};

use crate::claim::{Claim, Claimant};
use crate::compare::is_within;
use crate::drift::{Change, Deviation, REPLICAS, is_ignored, look};
use crate::live::Live;
use crate::memory::{PlatformMemory, Sent};
use crate::pause::{Pause, Strategy};
use crate::replicas::{Bounds, Handling, autoscaled, handling, leaving_others};

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

/// A child that is not the platform's to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Kind of the child.
    pub kind: ChildKind,
    /// Name of the child.
    pub name: String,
    /// Whose it is.
    pub claim: Claim,
}

/// A child that has to be sent.
#[derive(Clone, Debug)]
pub struct Write {
    /// What to send.
    pub child: Child,
    /// Hash of what is wanted.
    pub hash: [u8; 32],
    /// What is there already, and differs.
    pub live: Option<Mend>,
    /// What others did, and is undone.
    pub deviations: Vec<Deviation>,
    /// What others did, and is left.
    pub left: Vec<Deviation>,
    /// What becomes of the number of its pods.
    pub handling: Handling,
}

/// What an object that exists needs beside an apply.
#[derive(Clone, Debug)]
pub struct Mend {
    /// Its version: what follows is for this one only.
    pub resource_version: Option<String>,
    /// Its owners without the platform, when that is not to take it along any more.
    pub owners: Option<Vec<OwnerReference>>,
    /// JSON pointers to what others added.
    pub removals: Vec<String>,
    /// Whether it has to be applied as well.
    pub is_applied: bool,
}

/// A child as `Kind/name`.
pub fn shown(child: &Child) -> String {
    format!("{}/{}", child.kind.as_str(), child.name)
}

/// What has to be done, in the order of apply.
#[derive(Debug, Default)]
pub struct Plan {
    /// Children to send.
    pub writes: Vec<Write>,
    /// Children that differ and are left, because they are paused.
    pub withheld: Vec<String>,
    /// Changes of others that are left as they are, a line each.
    pub standing: Vec<String>,
    /// Children that are as they should be.
    pub unchanged: usize,
    /// Children that must not be touched. While there is one, nothing is sent at all.
    pub conflicts: Vec<Conflict>,
    /// Children that somebody changes as often as they are put back: left for a while.
    pub is_contested: bool,
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
    /// Whose children they are.
    pub claimant: Claimant<'a>,
    /// What is done about changes of others.
    pub day2: &'a Day2Settings,
    /// What is paused.
    pub pause: &'a Pause,
}

enum Decision {
    Unchanged(Option<Sent>, Option<Vec<Deviation>>),
    Write(Option<Mend>, Child, Vec<Deviation>, Handling),
    Conflict(Claim),
}

/// Decides for each child. Remembers those that agree, and what others did to them.
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
            Ok((child, hash, decision))
        })
        .collect();
    let decided: Vec<(Child, [u8; 32], Decision)> =
        stream::iter(decisions).buffered(AT_ONCE).try_collect().await?;
    let mut plan = Plan::default();
    for (child, hash, decision) in decided {
        let key = (child.kind, child.name.clone());
        match decision {
            Decision::Unchanged(now, deviations) => {
                plan.unchanged += 1;
                memory.remember(&key, now, deviations);
                plan.standing.extend(lines(&child, memory.deviations.get(&key)));
            }
            Decision::Write(live, object, deviations, handling) => {
                let is_contested = !deviations.is_empty() && memory.corrections.is_contested(&key);
                if is_contested || reader.pause.strategy(child.component.as_deref()) == Strategy::ReadOnly {
                    plan.standing.extend(lines(&child, Some(&deviations)));
                    if is_contested {
                        plan.is_contested = true;
                    } else {
                        plan.withheld.push(shown(&child));
                    }
                } else {
                    let (deviations, left) = match reader.day2.drift {
                        DriftMode::Correct => (deviations, Vec::new()),
                        _ => (Vec::new(), deviations),
                    };
                    plan.standing.extend(lines(&child, Some(&left)));
                    plan.writes.push(Write {
                        child: object,
                        hash,
                        live,
                        deviations,
                        left,
                        handling,
                    });
                }
            }
            Decision::Conflict(claim) => plan.conflicts.push(Conflict {
                kind: child.kind,
                name: child.name,
                claim,
            }),
        }
    }
    Ok(plan)
}

/// Changes of others, as the status tells them.
pub fn lines(child: &Child, deviations: Option<&Vec<Deviation>>) -> Vec<String> {
    deviations
        .into_iter()
        .flatten()
        .map(|deviation| format!("{} {deviation}", shown(child)))
        .collect()
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
        return Ok(Decision::Unchanged(None, None));
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
    let is_as_before = known.is_some_and(|known| known.hash == hash);
    let found = match api.get_opt(&child.name).await {
        // The kind has gone since it was discovered: apply passes over it, and the next discovery says so.
        Err(kube::Error::Api(status)) if child.kind.optional() && status.code == 404 => None,
        found => found.map_err(failed)?,
    };
    let Some(live) = found else {
        let deleted = Deviation {
            field: String::new(),
            manager: None,
            change: Change::Deleted,
        };
        let deviations = if is_as_before { vec![deleted] } else { Vec::new() };
        let handling = handling(child, bounds, None);
        return Ok(Decision::Write(None, child.clone(), deviations, handling));
    };
    match reader.claimant.claim(child.kind, &live.metadata) {
        Claim::Ours | Claim::Free => {}
        claim => return Ok(Decision::Conflict(claim)),
    }
    let sent = Sent::of(child.kind, hash, &live);
    let owners = released(child, &live.metadata, reader.claimant.uid);
    let value = serde_json::to_value(&live).unwrap_or_default();
    let look = look(reader.day2, child, &value, is_as_before);
    // An apply that changes nothing leaves the version as it is: then it is known to agree whatever it looks like.
    let agrees = known == Some(&sent) && has_our_metadata(child, &live.metadata);
    let mut handling = handling(child, bounds, Some(&value));
    let is_reported = matches!(handling, Handling::Start { .. }) && reader.day2.drift != DriftMode::Correct;
    if is_reported || is_ignored(reader.day2, child, REPLICAS) {
        handling = leaving_others(handling, &value);
    }
    let is_applied = handling != Handling::AsIs || (look.differs && !agrees);
    if owners.is_none() && look.removals.is_empty() && !is_applied {
        return Ok(Decision::Unchanged(Some(sent), Some(look.deviations)));
    }
    let mend = Mend {
        resource_version: live.metadata.resource_version,
        owners,
        removals: look.removals,
        is_applied,
    };
    let object = Child {
        object: look.object,
        ..child.clone()
    };
    Ok(Decision::Write(Some(mend), object, look.deviations, handling))
}

/// The owners without the platform, when it stands among them and is not to take the object along any more.
fn released(child: &Child, live: &ObjectMeta, uid: &str) -> Option<Vec<OwnerReference>> {
    let owners = live.owner_references.as_deref().unwrap_or_default();
    let is_wanted = child.object.pointer("/metadata/ownerReferences").is_some();
    let is_owned = owners.iter().any(|owner| owner.uid == uid);
    (is_owned && !is_wanted).then(|| owners.iter().filter(|owner| owner.uid != uid).cloned().collect())
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

//! Step 7: deletes what the platform owns and no longer wants, after everything wanted was taken.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, DynamicObject, Preconditions};
use kube::{Api, Client};
use todoplatform_api::TodoPlatform;
use todoplatform_render::{ChildKind, Gate};

use crate::claim::{Claim, Claimant};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::observe::COMPONENT_LABEL;
use crate::turns::{Wait, is_held};

/// Something could not be pruned; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The platform could not be read once more.
    #[error("TodoPlatform {name}: it could not be read again before pruning")]
    Reread {
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// A child could not be deleted.
    #[error("{} {name}: the API server did not delete it", kind.as_str())]
    Delete {
        /// Its kind.
        kind: ChildKind,
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
}

/// A child to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its kind.
    pub kind: ChildKind,
    /// Its name.
    pub name: String,
    /// The component that it belongs to.
    pub component: Option<String>,
    /// Its UID: another object of the same name is left alone.
    pub uid: String,
}

/// What the watches show of this platform's children and is not wanted.
///
/// While the start gate is closed Deployments are not among what is wanted, and are left alone. What a waiting component has is
/// left alone until its turn.
pub fn leftovers(
    live: &Live,
    namespace: &str,
    claimant: &Claimant<'_>,
    wanted: &BTreeSet<(ChildKind, String)>,
    gate: &Gate,
    waiting: &BTreeMap<String, Wait>,
) -> Vec<Leftover> {
    let is_spared = |kind: ChildKind| kind == ChildKind::Deployment && matches!(gate, Gate::Closed { .. });
    // Against the order of apply: what uses an object goes before it.
    let kinds = ChildKind::ALL
        .into_iter()
        .rev()
        .filter(|kind| kind.is_pruned() && !is_spared(*kind));
    kinds
        .flat_map(|kind| {
            live.of_platform(kind, namespace, claimant.name, claimant.uid)
                .into_iter()
                .map(move |meta| (kind, meta))
        })
        // What a former platform of this name let go of is nobody's.
        .filter(|(kind, meta)| claimant.claim(*kind, meta) == Claim::Ours)
        .filter(|(_, meta)| meta.deletion_timestamp.is_none())
        .filter(|(kind, meta)| !is_held(waiting, *kind, component(meta).as_deref()))
        .filter_map(|(kind, meta)| {
            Some(Leftover {
                kind,
                component: component(&meta),
                name: meta.name?,
                uid: meta.uid?,
            })
        })
        .filter(|leftover| !wanted.contains(&(leftover.kind, leftover.name.clone())))
        .collect()
}

fn component(meta: &ObjectMeta) -> Option<String> {
    meta.labels.as_ref()?.get(COMPONENT_LABEL).cloned()
}

/// Deletes leftovers, unless the platform has changed since this pass began: then what is left over is not known.
///
/// Gives whether they were deleted.
pub async fn prune(
    client: &Client,
    metrics: &Metrics,
    platform: &TodoPlatform,
    namespace: &str,
    leftovers: &[Leftover],
) -> Result<bool, PruneError> {
    let name = platform.metadata.name.clone().unwrap_or_default();
    let now = Api::<TodoPlatform>::namespaced(client.clone(), namespace)
        .get_metadata(&name)
        .await
        .map_err(|source| PruneError::Reread {
            name,
            source: Box::new(source),
        })?
        .metadata;
    if now.uid != platform.metadata.uid
        || now.generation != platform.metadata.generation
        || now.deletion_timestamp.is_some()
    {
        return Ok(false);
    }
    for Leftover { kind, name, uid, .. } in leftovers {
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, &kind.api_resource());
        let params = DeleteParams::background().preconditions(Preconditions {
            uid: Some(uid.clone()),
            resource_version: None,
        });
        match api.delete(name, &params).await {
            Ok(_) => {
                metrics.pruned(kind.as_str());
                tracing::info!(
                    object.kind = kind.as_str(),
                    object.name = name,
                    "pruned {} {name}",
                    kind.as_str()
                );
            }
            // Gone already, or another object has the name by now.
            Err(kube::Error::Api(status)) if status.code == 404 || status.is_conflict() => {}
            Err(source) => {
                return Err(PruneError::Delete {
                    kind: *kind,
                    name: name.clone(),
                    source: Box::new(source),
                });
            }
        }
    }
    Ok(true)
}

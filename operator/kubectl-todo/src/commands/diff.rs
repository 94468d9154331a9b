//! `kubectl todo diff`: what the operator would change, by a dry run on the API server, and which pods that restarts.

use std::{collections::BTreeSet, path::PathBuf};

use kube::{ResourceExt, api::ListParams};
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_offline::{check, defaults::DefaultsArgs, input, render};
use todoplatform_render::{
    Child, ChildKind, Facts, MANAGER, OperatorDefaults, TEMPLATE_HASH, build, validate,
};

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    cluster::{Cluster, ClusterError, name_of},
    request::Target,
    world::{self, World},
};

mod change;
mod restart;
mod text;

use change::Change;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    target: Target,
    /// A file with the TodoPlatform as it is to become; - for standard input. Default: the spec in the cluster, so that the
    /// difference is what others have changed.
    #[arg(short, long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// How the differences are written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

/// Compares, and tells what restarts.
pub(crate) async fn diff(cluster: &Cluster, args: DiffArgs, terminal: Terminal) -> Result<Answer, Failure> {
    let (wanted, present) = platforms(cluster, &args).await?;
    let world = world::read(cluster, &wanted, args.defaults, terminal).await?;
    let mut children = children(&wanted, &world.facts, &world.defaults)?;
    if let Some(present) = present.as_ref().filter(|_| !world.unread.is_empty()) {
        assume_secrets(cluster, &mut children, present, &world).await?;
    }
    let mut changes = Vec::new();
    for child in &children {
        changes.extend(compared(cluster, child).await?);
    }
    if let Some(uid) = wanted.uid() {
        changes.extend(leftovers(cluster, &wanted.name_any(), &uid, &children, &world).await?);
    }
    let restarts = restart::restarts(&changes);
    let data = json!({"changes": changes, "restarts": restarts});
    let text = args
        .output
        .data(&data)
        .unwrap_or_else(|| text::text(&changes, &restarts, terminal.look));
    Ok(Answer::new(text, changes.is_empty()))
}

/// The platform as it is to be, and as it is.
async fn platforms(
    cluster: &Cluster,
    args: &DiffArgs,
) -> Result<(TodoPlatform, Option<TodoPlatform>), Failure> {
    let Some(file) = &args.file else {
        let present = cluster.platform(args.target.name.as_deref()).await?;
        return Ok((present.clone(), Some(present)));
    };
    let document = input::read_one(file).map_err(Failure::Input)?;
    let defaults = args.defaults.clone().over(OperatorDefaults::default());
    let (wanted, _) = check::accepted(&document.resource, &defaults).map_err(|violations| {
        Failure::Render(render::RenderError::Refused {
            name: check::name(&document.resource),
            violations,
        })
    })?;
    let mut wanted = render::in_namespace(wanted, cluster.namespace());
    if wanted.namespace().as_deref() != Some(cluster.namespace()) {
        return Err(Failure::Refused {
            what: format!(
                "{} is for namespace {}, and {} is looked at",
                file.display(),
                wanted.namespace().unwrap_or_default(),
                cluster.namespace()
            ),
            next_action: format!("add -n {}", wanted.namespace().unwrap_or_default()),
        });
    }
    let present = match cluster.platform(Some(&wanted.name_any())).await {
        Ok(present) => Some(present),
        Err(ClusterError::Absent { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    // The children are owned by the platform that is there; its annotations are what the file says, as after an apply.
    wanted.metadata.uid = present.as_ref().and_then(ResourceExt::uid);
    wanted.metadata.generation = present.as_ref().and_then(|present| present.metadata.generation);
    Ok((wanted, present))
}

fn children(
    platform: &TodoPlatform,
    facts: &Facts,
    defaults: &OperatorDefaults,
) -> Result<Vec<Child>, Failure> {
    let validated = validate(platform, facts, defaults).map_err(|invalid| {
        Failure::Render(render::RenderError::Refused {
            name: platform.name_any(),
            violations: invalid.violations,
        })
    })?;
    Ok(build(&validated, facts).children)
}

/// Where Secrets may not be read, their hashes in pod templates are unknown: a hash that the change of the spec leaves as it
/// is stays what it is in the cluster.
async fn assume_secrets(
    cluster: &Cluster,
    wanted: &mut [Child],
    present: &TodoPlatform,
    world: &World,
) -> Result<(), Failure> {
    const HASH: &str = "/spec/template/metadata/annotations/todoplatform.dev~1config-hash";
    let present = children(present, &world.facts, &world.defaults)?;
    for child in wanted
        .iter_mut()
        .filter(|child| child.kind == ChildKind::Deployment)
    {
        let before = present
            .iter()
            .find(|other| other.kind == child.kind && other.name == child.name)
            .and_then(|other| other.object.pointer(HASH));
        if before.is_none() || before != child.object.pointer(HASH) {
            continue;
        }
        let live = cluster.get(&child.kind.api_resource(), &child.name).await?;
        let live = live.as_ref().and_then(|live| live.pointer(HASH)).cloned();
        if let (Some(live), Some(hash)) = (live, child.object.pointer_mut(HASH)) {
            *hash = live;
        }
    }
    Ok(())
}

/// The change to one child; none when it is as it should be.
async fn compared(cluster: &Cluster, child: &Child) -> Result<Option<Change>, Failure> {
    let kind = child.kind.api_resource();
    let live = cluster.get(&kind, &child.name).await?;
    let wanted = match cluster.dry_apply(&kind, &child.object).await {
        Ok(wanted) => wanted,
        Err(kube::Error::Api(status)) if matches!(status.code, 400 | 409 | 422) => {
            return Ok(Some(Change::refused(child, &status.message)));
        }
        Err(source) => {
            return Err(Failure::Cluster(ClusterError::Change {
                object: crate::cluster::Object {
                    kind: child.kind.as_str().to_lowercase(),
                    namespace: cluster.namespace().into(),
                    name: child.name.clone(),
                },
                source: Box::new(source),
            }));
        }
    };
    Ok(Change::between(
        child.kind,
        child.component.clone(),
        live.as_ref(),
        Some(&wanted),
    ))
}

/// What the platform owns and no longer wants. Secrets are never pruned.
async fn leftovers(
    cluster: &Cluster,
    name: &str,
    uid: &str,
    wanted: &[Child],
    world: &World,
) -> Result<Vec<Change>, Failure> {
    let kept: BTreeSet<(ChildKind, &str)> = wanted
        .iter()
        .map(|child| (child.kind, child.name.as_str()))
        .collect();
    let labels = ListParams::default().labels(&format!(
        "app.kubernetes.io/part-of={name},app.kubernetes.io/managed-by={MANAGER}"
    ));
    let is_served = |kind: &ChildKind| !kind.optional() || world.facts.optional_kinds.contains(kind);
    let mut changes = Vec::new();
    for kind in ChildKind::ALL
        .into_iter()
        .filter(|kind| *kind != ChildKind::Secret)
        .filter(is_served)
    {
        for live in cluster.list(&kind.api_resource(), &labels).await? {
            let is_ours = live["metadata"]["ownerReferences"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|owner| owner["uid"] == uid && owner["controller"] == true);
            if is_ours && !kept.contains(&(kind, name_of(&live).as_str())) {
                let component = live["metadata"]["labels"]["app.kubernetes.io/component"]
                    .as_str()
                    .map(str::to_owned);
                changes.extend(Change::between(kind, component, Some(&live), None));
            }
        }
    }
    Ok(changes)
}

/// What neither a person nor the operator decides.
fn cleaned(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in [
            "managedFields",
            "resourceVersion",
            "generation",
            "uid",
            "creationTimestamp",
            "selfLink",
        ] {
            metadata.remove(field);
        }
        let is_empty = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
            .is_some_and(|annotations| {
                annotations.remove("deployment.kubernetes.io/revision");
                // It follows from the template, which is compared itself.
                annotations.remove(TEMPLATE_HASH);
                annotations.is_empty()
            });
        if is_empty {
            metadata.remove("annotations");
        }
    }
    object
}

#[cfg(test)]
mod tests;

//! The cluster as a pass of the operator finds it, so that what is rendered here is what the operator renders.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Secret},
};
use kube::{Api, ResourceExt, api::ListParams, core::Status};
use todoplatform_api::TodoPlatform;
use todoplatform_offline::{defaults::DefaultsArgs, render};
use todoplatform_render::{
    ChildKind, Facts, MANAGER, OperatorDefaults, References, config_map_hash, references, secret_facts,
};

use crate::{
    answer::{Failure, Terminal},
    cluster::{Cluster, ClusterError, is_answer},
};

/// What a pass would know.
pub(crate) struct World {
    /// Facts, with the services taken to be started and the dependencies to answer.
    pub(crate) facts: Facts,
    /// What the operator was started with.
    pub(crate) defaults: OperatorDefaults,
    /// Secrets that we may not read: their keys are taken to be there, with unknown values.
    pub(crate) unread: BTreeSet<String>,
}

/// Reads what a pass reads. What is only assumed is noted.
pub(crate) async fn read(
    cluster: &Cluster,
    platform: &TodoPlatform,
    given: DefaultsArgs,
    terminal: Terminal,
) -> Result<World, Failure> {
    let references = references(platform);
    let names: BTreeSet<&str> = references
        .secrets
        .iter()
        .map(|secret| secret.name.as_str())
        .collect();
    let mut found = BTreeMap::<String, Secret>::new();
    let mut unread = BTreeSet::new();
    for name in names {
        match cluster.secret(name).await {
            Ok(Some(secret)) => {
                found.insert(name.into(), secret);
            }
            Ok(None) => {}
            Err(ClusterError::Read { source, .. }) if is_answer(&source, Status::is_forbidden) => {
                unread.insert(name.to_owned());
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !unread.is_empty() {
        (terminal.note)(&format!(
            "remark: these Secrets may not be read, and are taken to be as they were: {}",
            unread.iter().cloned().collect::<Vec<_>>().join(", ")
        ));
    }
    let assumed = render::assumed(platform);
    let uid = platform.uid().unwrap_or_default();
    let mut secrets = secret_facts(&references, &found, &uid);
    for name in &unread {
        secrets.extend(assumed.secrets.get(name).map(|fact| (name.clone(), fact.clone())));
    }
    // What the operator is about to generate is as good as there.
    for reference in references.secrets.iter().filter(|reference| reference.optional) {
        if !secrets.contains_key(&reference.name) {
            secrets.extend(
                assumed
                    .secrets
                    .get(&reference.name)
                    .map(|fact| (reference.name.clone(), fact.clone())),
            );
        }
    }
    let facts = Facts {
        secrets,
        config_maps: config_maps(cluster, &references, &uid).await?,
        optional_kinds: served(cluster).await?,
        ..assumed
    };
    let defaults = given.over(started_with(cluster, terminal).await);
    Ok(World {
        facts,
        defaults,
        unread,
    })
}

/// The user's ConfigMaps that exist, each with a hash of its data.
async fn config_maps(
    cluster: &Cluster,
    references: &References,
    uid: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let kind = ChildKind::ConfigMap.api_resource();
    let names: BTreeSet<&str> = references
        .config_maps
        .iter()
        .map(|reference| reference.name.as_str())
        .collect();
    let mut hashes = BTreeMap::new();
    for name in names {
        let map: Option<ConfigMap> = cluster
            .get(&kind, name)
            .await?
            .and_then(|map| serde_json::from_value(map).ok());
        if let Some(map) = map {
            hashes.insert(name.to_owned(), config_map_hash(&map, uid));
        }
    }
    Ok(hashes)
}

/// Which of the optional kinds the API server serves.
pub(crate) async fn served(cluster: &Cluster) -> Result<BTreeSet<ChildKind>, Failure> {
    let optional = || ChildKind::ALL.into_iter().filter(|kind| kind.optional());
    let versions: BTreeSet<String> = optional().map(|kind| kind.api_resource().api_version).collect();
    let mut served = BTreeSet::new();
    for version in versions {
        let list = match cluster.client().list_api_group_resources(&version).await {
            Ok(list) => list,
            // The text of this 404 is no Status, so only its code tells.
            Err(error) if is_answer(&error, |status| status.code == 404) => continue,
            Err(source) => {
                return Err(Failure::Cluster(ClusterError::Read {
                    object: crate::cluster::Object {
                        kind: format!("resources of {version}"),
                        namespace: cluster.namespace().into(),
                        name: String::new(),
                    },
                    source: Box::new(source),
                }));
            }
        };
        let is_listed = |kind: &ChildKind| {
            let resource = kind.api_resource();
            resource.api_version == version
                && list.resources.iter().any(|found| found.name == resource.plural)
        };
        served.extend(optional().filter(is_listed));
    }
    Ok(served)
}

/// What the operator's Deployment was started with; the built-in defaults, and a remark, where it cannot be found.
async fn started_with(cluster: &Cluster, terminal: Terminal) -> OperatorDefaults {
    let builtin = OperatorDefaults::default();
    let labels = ListParams::default().labels(&format!("app.kubernetes.io/name={MANAGER}"));
    let deployments = Api::<Deployment>::all(cluster.client().clone())
        .list(&labels)
        .await;
    match deployments.as_ref().map(|list| list.items.as_slice()) {
        Ok([deployment]) => arguments(deployment).over(builtin),
        Ok([]) => {
            (terminal.note)(
                "remark: no Deployment of the operator was found: its flags are taken to be the defaults; \
                 give --image-registry, --image-tag and so on where they are not",
            );
            builtin
        }
        Ok(_) => {
            (terminal.note)(
                "remark: there are several operators: their flags are taken to be the defaults; \
                 give --image-registry, --image-tag and so on where they are not",
            );
            builtin
        }
        Err(_) => {
            (terminal.note)(
                "remark: the operator's Deployment may not be read: its flags are taken to be the defaults; \
                 give --image-registry, --image-tag and so on where they are not",
            );
            builtin
        }
    }
}

/// The flags and variables of the operator's container that are settings of ours.
fn arguments(deployment: &Deployment) -> DefaultsArgs {
    let container = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.template.spec.as_ref())
        .and_then(|pod| pod.containers.first());
    let Some(container) = container else {
        return DefaultsArgs::default();
    };
    let words = container.args.as_deref().unwrap_or_default();
    let env = container.env.as_deref().unwrap_or_default();
    let flag = |name: &str| {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix(&format!("--{name}")) {
                Some("") => return words.next().cloned(),
                Some(value) if value.starts_with('=') => return Some(value[1..].to_owned()),
                _ => {}
            }
        }
        None
    };
    let command = DefaultsArgs::augment_args(clap::Command::new("operator"));
    let given = command.get_arguments().filter_map(|argument| {
        let name = argument.get_long()?;
        let variable = argument.get_env().and_then(|variable| variable.to_str());
        let from_env = || {
            env.iter()
                .find(|known| Some(known.name.as_str()) == variable)
                .and_then(|known| known.value.clone())
        };
        Some(format!("--{name}={}", flag(name).or_else(from_env)?))
    });
    let given: Vec<String> = std::iter::once("operator".to_owned()).chain(given).collect();
    // A value that the operator itself would refuse is none: it does not run with it.
    let parsed = command
        .mut_args(|argument| argument.env(None::<&str>))
        .try_get_matches_from(given);
    parsed
        .ok()
        .and_then(|matches| clap::FromArgMatches::from_arg_matches(&matches).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_operators_flags_are_read_from_its_deployment() {
        let deployment: Deployment = serde_json::from_value(json!({
            "spec": {"selector": {}, "template": {"spec": {"containers": [{
                "name": "operator",
                "args": ["run", "--listen=0.0.0.0:8080", "--image-registry=mirror.example/todo", "--image-tag", "9.9"],
                "env": [
                    {"name": "POD_NAME", "valueFrom": {}},
                    {"name": "CLUSTER_DOMAIN", "value": "example.local"},
                    {"name": "IMAGE_TAG", "value": "loses"},
                ],
            }]}}},
        }))
        .unwrap();
        assert_eq!(
            arguments(&deployment),
            DefaultsArgs {
                image_registry: Some("mirror.example/todo".into()),
                image_tag: Some("9.9".into()),
                cluster_domain: Some("example.local".into()),
                ..DefaultsArgs::default()
            }
        );
        assert_eq!(arguments(&Deployment::default()), DefaultsArgs::default());
    }
}

//! Exporters: programs that say how a store is that has no metrics of its own. Each is a Deployment of one pod and the
//! PodMonitor that scrapes it; one file per store says how it is asked.
//!
//! They are no components of the platform: what is watched does not depend on who watches. So nothing waits for one, and
//! the status counts none.

mod kafka;
mod postgres;
mod redis;

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{
            Container, ContainerPort, EnvVar, HTTPGetAction, LocalObjectReference, PodSpec, PodTemplateSpec,
            Probe, Volume, VolumeMount,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use todoplatform_api::SecretKeyRef;

use super::{
    hash,
    object::{child, labels, metadata, selector},
    pod::{container_security, pod_security},
    quantity, scale,
};
use crate::{
    Child, ChildKind, Facts, ValidatedPlatform,
    validated::{ExporterKind, ExporterSettings},
};

/// Name of the port of every exporter.
pub(super) const PORT: &str = "metrics";

/// Annotation of the pods: what they read only at their start.
const CONFIG_HASH: &str = "todoplatform.dev/config-hash";

/// How one store is asked.
#[derive(Default)]
struct Asked {
    args: Vec<String>,
    env: Vec<EnvVar>,
    volumes: Vec<Volume>,
    mounts: Vec<VolumeMount>,
    /// Keys of Secrets that are mounted.
    files: Vec<SecretKeyRef>,
    /// A ConfigMap that is mounted.
    config_map: Option<Child>,
    /// Where a probe finds out that it runs.
    alive: &'static str,
}

/// The exporters; none where nobody could scrape them.
pub(super) fn build(platform: &ValidatedPlatform, facts: &Facts) -> Vec<Child> {
    let Some(monitoring) = &platform.monitoring else {
        return Vec::new();
    };
    if !facts.optional_kinds.contains(&ChildKind::PodMonitor) {
        return Vec::new();
    }
    monitoring
        .exporters
        .iter()
        .flat_map(|(kind, settings)| exporter(platform, facts, *kind, settings))
        .collect()
}

fn exporter(
    platform: &ValidatedPlatform,
    facts: &Facts,
    kind: ExporterKind,
    settings: &ExporterSettings,
) -> Vec<Child> {
    let asked = match kind {
        ExporterKind::Postgres => postgres::asked(platform),
        ExporterKind::Redis => redis::asked(platform),
        ExporterKind::Kafka => kafka::asked(platform),
    };
    let mut children: Vec<Child> = asked.config_map.iter().cloned().collect();
    children.push(deployment(platform, facts, kind, settings, asked));
    children
}

fn deployment(
    platform: &ValidatedPlatform,
    facts: &Facts,
    kind: ExporterKind,
    settings: &ExporterSettings,
    asked: Asked,
) -> Child {
    let component = kind.component();
    let name = platform.names.child(component);
    let restarts = restarts_with(&asked, facts);
    let object = Deployment {
        metadata: metadata(platform, &name, Some(component)),
        spec: Some(DeploymentSpec {
            replicas: Some(scale::store(platform)),
            selector: selector(platform, component),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels(platform, Some(component))),
                    annotations: Some(BTreeMap::from([(CONFIG_HASH.into(), restarts)])),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(platform, kind, settings, asked)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    };
    // Without a component: it takes no turn among the services, and a pause of one does not hold it.
    child(ChildKind::Deployment, None, &object)
}

fn restarts_with(asked: &Asked, facts: &Facts) -> String {
    let mut secrets: Vec<_> = asked.env.iter().filter_map(hash::secret_key).collect();
    secrets.extend(asked.files.iter().cloned());
    let config_maps: Vec<&Child> = asked.config_map.iter().collect();
    hash::config_hash("", &config_maps, &secrets, &[], facts)
}

fn pod(
    platform: &ValidatedPlatform,
    kind: ExporterKind,
    settings: &ExporterSettings,
    asked: Asked,
) -> PodSpec {
    let secrets: Vec<_> = platform
        .image_pull_secrets
        .iter()
        .map(|name| LocalObjectReference { name: name.clone() })
        .collect();
    let probe = |path: &str, period| Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.into()),
            port: IntOrString::String(PORT.into()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(5),
        failure_threshold: Some(3),
        ..Probe::default()
    };
    let container = Container {
        name: kind.component().into(),
        image: Some(settings.image.to_string()),
        image_pull_policy: Some(platform.image_pull_policy.clone()),
        args: some(asked.args),
        env: some(asked.env),
        ports: Some(vec![ContainerPort {
            name: Some(PORT.into()),
            container_port: kind.port().into(),
            protocol: Some("TCP".into()),
            ..ContainerPort::default()
        }]),
        // Alive and ready by the program alone: that the store is away is what it is there to say.
        liveness_probe: Some(probe(asked.alive, 30)),
        readiness_probe: Some(probe(asked.alive, 10)),
        resources: Some(quantity::requirements(&settings.resources)),
        security_context: Some(container_security()),
        volume_mounts: some(asked.mounts),
        ..Container::default()
    };
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: some(secrets),
        security_context: Some(pod_security()),
        containers: vec![container],
        volumes: some(asked.volumes),
        ..PodSpec::default()
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A file of a Secret's key, mounted read-only at `folder/file`.
fn secret_file(volume: &str, folder: &str, file: &str, key: &SecretKeyRef) -> (Volume, VolumeMount) {
    use k8s_openapi::api::core::v1::{KeyToPath, SecretVolumeSource};
    let source = SecretVolumeSource {
        secret_name: Some(key.name.clone()),
        default_mode: Some(0o444),
        items: Some(vec![KeyToPath {
            key: key.key.clone(),
            path: file.into(),
            mode: None,
        }]),
        optional: None,
    };
    let volume = Volume {
        name: volume.into(),
        secret: Some(source),
        ..Volume::default()
    };
    let mount = mount(&volume.name, folder);
    (volume, mount)
}

fn mount(volume: &str, folder: &str) -> VolumeMount {
    VolumeMount {
        name: volume.into(),
        mount_path: folder.into(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

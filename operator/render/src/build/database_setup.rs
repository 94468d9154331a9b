//! The Job that makes a role and a database for each service, with the login of an administrator.
//!
//! A Job's pods cannot be changed: its name carries a hash of all that goes into it, the values of the Secrets too, so
//! that a change makes another Job, which does everything again, and the one before is pruned.

use k8s_openapi::{
    api::{
        batch::v1::{Job, JobSpec},
        core::v1::{
            Container, EnvVar, KeyToPath, LocalObjectReference, PodSpec, PodTemplateSpec, SecretVolumeSource,
            Volume, VolumeMount,
        },
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use todoplatform_api::SecretKeyRef;

use super::{
    hash,
    object::{child, labels, metadata},
    pod::{container_security, env_secret, pod_security},
    quantity, stores,
};
use crate::{
    Child, ChildKind, DependencyFact, Facts, JobFact, ValidatedPlatform, references,
    references::SETUP,
    validated::{ContainerResources, SetupSettings},
};

/// How often the pod's container is started again, with growing pauses, before the Job gives up: about eight hours.
const ATTEMPTS: i32 = 100;

/// The Job, once everything that it needs is there. One that exists stays, whatever blinks.
pub(super) fn build(platform: &ValidatedPlatform, facts: &Facts) -> Option<Child> {
    let setup = platform.database.setup.as_ref()?;
    let spec = spec(platform, setup);
    let name = name(platform, facts, &spec)?;
    let is_database_there = facts.dependencies.get("database").is_some_and(|fact| fact.ready);
    if !is_database_there && !facts.jobs.contains_key(&name) {
        return None;
    }
    let job = Job {
        metadata: metadata(platform, &name, Some(SETUP)),
        spec: Some(spec),
        status: None,
    };
    Some(child(ChildKind::Job, Some(SETUP), &job))
}

/// How the Job that makes the services' roles stands; none when there is none to be.
///
/// Reasons: `Completed`, `SecretsMissing`, `NotCreated`, `Running`, `Retrying`, `Failed`.
pub fn setup_standing(platform: &ValidatedPlatform, facts: &Facts) -> Option<DependencyFact> {
    let setup = platform.database.setup.as_ref()?;
    let waiting = |reason: &str, message: String| DependencyFact {
        ready: false,
        reason: reason.into(),
        message,
        version: None,
    };
    let Some(name) = name(platform, facts, &spec(platform, setup)) else {
        let message = "the Secrets with the logins are not there yet".to_owned();
        return Some(waiting("SecretsMissing", message));
    };
    Some(match facts.jobs.get(&name) {
        None => waiting("NotCreated", format!("Job {name} is not there yet")),
        Some(JobFact { complete: true, .. }) => DependencyFact {
            ready: true,
            reason: "Completed".into(),
            message: format!("Job {name} has made the roles and databases"),
            version: None,
        },
        Some(JobFact {
            failed: true,
            message,
            ..
        }) => waiting("Failed", format!("Job {name} has given up: {message}")),
        Some(JobFact { message, .. }) if message.is_empty() => {
            waiting("Running", format!("Job {name} makes the roles and databases"))
        }
        Some(JobFact { message, .. }) => {
            waiting("Retrying", format!("Job {name} tries again after: {message}"))
        }
    })
}

/// The Job's name; none while a Secret's key that goes into it is missing.
fn name(platform: &ValidatedPlatform, facts: &Facts, spec: &JobSpec) -> Option<String> {
    let keys = keys(platform, spec);
    let has = |SecretKeyRef { name, key }: &SecretKeyRef| {
        facts
            .secrets
            .get(name)
            .is_some_and(|secret| secret.keys.contains_key(key))
    };
    if !keys.iter().all(has) {
        return None;
    }
    let text = serde_json::to_string(spec).expect("a Job of our own types is JSON");
    let digest = hash::config_hash(&text, &[], &keys, &[], facts);
    Some(format!("{}-{}", platform.names.database(), &digest[..8]))
}

/// Every Secret's key that the Job's pod reads.
fn keys(platform: &ValidatedPlatform, spec: &JobSpec) -> Vec<SecretKeyRef> {
    let pod = spec.template.spec.iter();
    let env = pod
        .flat_map(|pod| &pod.containers)
        .flat_map(|container| container.env.iter().flatten());
    let mut keys: Vec<_> = env.filter_map(hash::secret_key).collect();
    keys.extend(platform.database.ca.clone());
    keys
}

fn spec(platform: &ValidatedPlatform, setup: &SetupSettings) -> JobSpec {
    JobSpec {
        backoff_limit: Some(ATTEMPTS),
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: Some(labels(platform, Some(SETUP))),
                ..ObjectMeta::default()
            }),
            spec: Some(pod(platform, setup)),
        },
        ..JobSpec::default()
    }
}

fn pod(platform: &ValidatedPlatform, setup: &SetupSettings) -> PodSpec {
    let secrets: Vec<_> = platform
        .image_pull_secrets
        .iter()
        .map(|name| LocalObjectReference { name: name.clone() })
        .collect();
    let volume = platform.database.ca.as_ref().map(|ca| Volume {
        name: "ca".into(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(ca.name.clone()),
            default_mode: Some(0o444),
            items: Some(vec![KeyToPath {
                key: ca.key.clone(),
                path: "database.pem".into(),
                mode: None,
            }]),
            optional: None,
        }),
        ..Volume::default()
    });
    let mount = volume.as_ref().map(|volume| VolumeMount {
        name: volume.name.clone(),
        mount_path: "/etc/todo/ca".into(),
        read_only: Some(true),
        ..VolumeMount::default()
    });
    let container = Container {
        name: "setup".into(),
        image: Some(setup.image.to_string()),
        image_pull_policy: Some(platform.image_pull_policy.clone()),
        args: Some(arguments(platform, setup)),
        env: Some(environment(platform, setup)),
        resources: Some(quantity::requirements(&ContainerResources {
            cpu_request: "10m".into(),
            memory_request: "32Mi".into(),
            cpu_limit: None,
            memory_limit: "128Mi".into(),
        })),
        security_context: Some(container_security()),
        // Its last line says why it could not do its work.
        termination_message_policy: Some("FallbackToLogsOnError".into()),
        volume_mounts: mount.map(|mount| vec![mount]),
        ..Container::default()
    };
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: (!secrets.is_empty()).then_some(secrets),
        security_context: Some(pod_security()),
        restart_policy: Some("OnFailure".into()),
        containers: vec![container],
        volumes: volume.map(|volume| vec![volume]),
        ..PodSpec::default()
    }
}

fn arguments(platform: &ValidatedPlatform, setup: &SetupSettings) -> Vec<String> {
    let names = &platform.names;
    let owner = format!("{}/{}", names.namespace(), names.platform());
    let mut arguments = vec!["database-setup".to_owned(), format!("--owner={owner}")];
    arguments.extend(
        setup
            .roles
            .iter()
            .map(|(app, role)| format!("--role={app}={role}")),
    );
    arguments
}

/// The administrator's login, and the password of each role.
fn environment(platform: &ValidatedPlatform, setup: &SetupSettings) -> Vec<EnvVar> {
    let mut env = stores::login(platform, &setup.admin);
    env.extend(setup.roles.keys().map(|app| {
        let reference = SecretKeyRef {
            name: platform.names.database(),
            key: references::password_key(app),
        };
        let name = app.to_uppercase().replace('-', "_");
        env_secret(&format!("{name}_PASSWORD"), &reference)
    }));
    env
}

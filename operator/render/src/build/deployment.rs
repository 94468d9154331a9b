//! One Deployment per application: the container `app` and, by annotations, a Dapr sidecar.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            ConfigMapProjection, Container, ContainerPort, EnvVar, HTTPGetAction, KeyToPath, PodSpec,
            PodTemplateSpec, Probe, ProjectedVolumeSource, SecretProjection, Volume, VolumeMount,
            VolumeProjection,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use todoplatform_api::SecretKeyRef;

use super::{
    config::{self, FOLDER, JWKS_FILE},
    config_map::CONFIG_KEY,
    hash::{self, config_hash},
    object::{child, metadata, selector, versioned_labels},
    pod::{container_security, env_secret, env_value, pod_security},
    quantity, scale, sidecar, stores,
};
use crate::{
    Child, ChildKind, Facts, ValidatedPlatform,
    catalog::{ADMIN_PORT, Service, Store},
    names::TOKEN_KEY,
    validated::{App, BrokerSettings, KeySource},
};

const CONFIG_HASH: &str = "todoplatform.dev/config-hash";
/// What ends after the sidecar has ended: the container's own exit.
const GRACE_MARGIN_SECONDS: i32 = 10;

pub(super) fn build(platform: &ValidatedPlatform, facts: &Facts, dapr_objects: &[Child]) -> Vec<Child> {
    platform
        .apps
        .iter()
        .map(|app| deployment(platform, app, facts, dapr_objects))
        .collect()
}

fn deployment(platform: &ValidatedPlatform, app: &App, facts: &Facts, dapr_objects: &[Child]) -> Child {
    let component = app.node.name.as_str();
    let app_id = platform.names.app_id(component);
    let env = environment(platform, app);
    let files = files(platform, app);
    let own: Vec<_> = dapr_objects
        .iter()
        .filter(|child| child.component.as_deref() == Some(component))
        .collect();
    let hash = config_hash(
        &config::yaml(platform, app),
        &own,
        &referenced(platform, app, &env, &files),
        facts,
    );

    let mut annotations = sidecar::annotations(platform, app);
    annotations.insert(CONFIG_HASH.into(), hash);
    if app.node.stores_in(Store::DaprState) && platform.database.ca.is_some() {
        // The state store's driver reads the certificate from a file, in the sidecar.
        annotations.insert("dapr.io/volume-mounts".into(), format!("config:{FOLDER}"));
    }
    let labels = versioned_labels(platform, component);
    let mut metadata = metadata(platform, &app_id, Some(component));
    metadata.labels = Some(labels.clone());
    let deployment = Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: scale::app(platform, app),
            revision_history_limit: Some(5),
            selector: selector(platform, component),
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".into()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(platform, app, app_id, env, &files)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    };
    child(ChildKind::Deployment, Some(component), &deployment)
}

fn pod(
    platform: &ValidatedPlatform,
    app: &App,
    app_id: String,
    env: Vec<EnvVar>,
    files: &[(SecretKeyRef, &str)],
) -> PodSpec {
    let sidecar = &app.sidecar;
    let grace = sidecar.block_shutdown_seconds + sidecar.graceful_shutdown_seconds + GRACE_MARGIN_SECONDS;
    PodSpec {
        service_account_name: Some(app_id.clone()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(pod_security()),
        termination_grace_period_seconds: Some(grace.into()),
        containers: vec![Container {
            name: "app".into(),
            image: Some(app.image.to_string()),
            image_pull_policy: Some(platform.image_pull_policy.clone()),
            ports: Some(vec![port("http", app.node.port), port("admin", ADMIN_PORT)]),
            env: Some(env),
            resources: Some(quantity::requirements(&app.resources)),
            security_context: Some(container_security()),
            // Migrations wait for each other: two minutes before a start has failed.
            startup_probe: Some(probe("/startupz", 1, 120)),
            readiness_probe: Some(probe("/readyz", 3, 3)),
            liveness_probe: Some(probe("/livez", 10, 3)),
            volume_mounts: Some(vec![VolumeMount {
                name: "config".into(),
                mount_path: FOLDER.into(),
                read_only: Some(true),
                ..VolumeMount::default()
            }]),
            ..Container::default()
        }],
        volumes: Some(vec![Volume {
            name: "config".into(),
            projected: Some(ProjectedVolumeSource {
                default_mode: Some(0o444),
                sources: Some(projections(app_id, files)),
            }),
            ..Volume::default()
        }]),
        ..PodSpec::default()
    }
}

fn port(name: &str, number: i32) -> ContainerPort {
    ContainerPort {
        name: Some(name.into()),
        container_port: number,
        protocol: Some("TCP".into()),
        ..ContainerPort::default()
    }
}

fn probe(path: &str, period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.into()),
            port: IntOrString::String("admin".into()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        timeout_seconds: Some(3),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// The configuration and the files of Secrets as one volume: one mount, changed at once.
fn projections(config_map: String, files: &[(SecretKeyRef, &str)]) -> Vec<VolumeProjection> {
    let item = |key: &str, path: &str| KeyToPath {
        key: key.into(),
        path: path.into(),
        mode: None,
    };
    let configuration = VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: config_map,
            items: Some(vec![item(CONFIG_KEY, CONFIG_KEY)]),
            optional: None,
        }),
        ..VolumeProjection::default()
    };
    let secrets = files.iter().map(|(reference, path)| VolumeProjection {
        secret: Some(SecretProjection {
            name: reference.name.clone(),
            items: Some(vec![item(&reference.key, path)]),
            optional: None,
        }),
        ..VolumeProjection::default()
    });
    std::iter::once(configuration).chain(secrets).collect()
}

/// Keys of Secrets that the container reads as files, with their paths below the folder.
fn files(platform: &ValidatedPlatform, app: &App) -> Vec<(SecretKeyRef, &'static str)> {
    let mut files = Vec::new();
    if let KeySource::Secret(reference) | KeySource::Generated(reference) = &platform.auth.keys {
        files.push((reference.clone(), JWKS_FILE));
    }
    if let Some(ca) = platform
        .database
        .ca
        .as_ref()
        .filter(|_| app.node.stores_in(Store::PostgreSql))
    {
        files.push((ca.clone(), "ca/database.pem"));
    }
    if let Some(ca) = platform
        .cache
        .ca
        .as_ref()
        .filter(|_| app.node.stores_in(Store::Redis))
    {
        files.push((ca.clone(), "ca/redis.pem"));
    }
    files
}

/// Our variables with the user's over them: a name stands in the list once, or the server refuses it.
fn environment(platform: &ValidatedPlatform, app: &App) -> Vec<EnvVar> {
    let mut env = own_environment(platform, app);
    for variable in &app.env {
        let wanted = match (&variable.secret_key_ref, &variable.value) {
            (Some(reference), _) => env_secret(&variable.name, reference),
            (None, value) => env_value(&variable.name, value.clone().unwrap_or_default()),
        };
        match env.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => *known = wanted,
            None => env.push(wanted),
        }
    }
    env
}

fn own_environment(platform: &ValidatedPlatform, app: &App) -> Vec<EnvVar> {
    let node = &app.node;
    let names = &platform.names;
    let mut env = Vec::new();
    if node.has_app_port() {
        env.push(env_secret("APP_API_TOKEN", &token(names.app_token(&node.name))));
    }
    env.push(env_secret("DAPR_API_TOKEN", &token(names.api_token(&node.name))));
    env.extend(stores::database(platform, node));
    if node.stores_in(Store::Redis) {
        env.extend(stores::cache(platform));
    }
    let notifies = node.is(Service::Notification);
    if let Some((username, password)) = platform
        .smtp
        .as_ref()
        .and_then(|smtp| smtp.login.as_ref())
        .filter(|_| notifies)
    {
        env.push(env_secret("SMTP_USERNAME", username));
        env.push(env_secret("SMTP_PASSWORD", password));
    }
    env
}

fn token(name: String) -> SecretKeyRef {
    SecretKeyRef {
        name,
        key: TOKEN_KEY.into(),
    }
}

/// Every key of a Secret that the pod reads: by its variables, its files, its sidecar.
fn referenced(
    platform: &ValidatedPlatform,
    app: &App,
    env: &[EnvVar],
    files: &[(SecretKeyRef, &str)],
) -> Vec<SecretKeyRef> {
    let mut keys: Vec<_> = env.iter().filter_map(hash::secret_key).collect();
    keys.extend(files.iter().map(|(reference, _)| reference.clone()));
    if app.node.uses_events() {
        keys.extend(broker_keys(&platform.broker).cloned());
    }
    keys
}

fn broker_keys(broker: &BrokerSettings) -> impl Iterator<Item = &SecretKeyRef> {
    let keys: Vec<Option<&SecretKeyRef>> = match broker {
        BrokerSettings::Redis { password, .. } => vec![password.as_ref()],
        BrokerSettings::Kafka { sasl, tls, .. } => {
            let client = tls.as_ref().and_then(|tls| tls.client.as_ref());
            vec![
                sasl.as_ref().map(|sasl| &sasl.username),
                sasl.as_ref().map(|sasl| &sasl.password),
                tls.as_ref().and_then(|tls| tls.ca.as_ref()),
                client.map(|(certificate, _)| certificate),
                client.map(|(_, key)| key),
            ]
        }
    };
    keys.into_iter().flatten()
}

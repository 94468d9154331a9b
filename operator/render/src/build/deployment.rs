//! One Deployment per application: the container `app` and, by annotations, a Dapr sidecar.

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            ConfigMapEnvSource, ConfigMapProjection, Container, ContainerPort, EmptyDirVolumeSource,
            EnvFromSource, EnvVar, HTTPGetAction, KeyToPath, PodSpec, PodTemplateSpec, Probe,
            ProjectedVolumeSource, SecretEnvSource, SecretProjection, TCPSocketAction, Volume, VolumeMount,
            VolumeProjection,
        },
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use todoplatform_api::{EnvFromKind, SecretKeyRef};

use super::{
    config::{self, FOLDER, JWKS_FILE},
    config_map::CONFIG_KEY,
    hash::{self, config_hash},
    object::{child, metadata, selector, versioned_labels},
    pod::{container_security, env_secret, env_value, pod_security},
    quantity, scale,
    scheduling::placed,
    sidecar, stores, tracing,
};
use crate::{
    Child, ChildKind, Facts, ValidatedPlatform,
    catalog::{Service, Store},
    graph::Node,
    names::TOKEN_KEY,
    references::ALL_KEYS,
    validated::{App, KeySource, ProbePort, ProbeSettings, StateStoreSettings},
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
        &referenced(app, &own, &env, &files),
        &config_maps(app),
        facts,
    );

    let mut annotations = app.pod.annotations.clone();
    annotations.extend(sidecar::annotations(platform, app));
    annotations.insert(CONFIG_HASH.into(), hash);
    annotations.extend(platform.day2.restarts.of_service(component));
    let state_in_database = matches!(platform.dapr.state_store, StateStoreSettings::Postgresql { .. });
    if app.node.stores_in(Store::DaprState) && state_in_database && platform.database.ca.is_some() {
        // The state store's driver reads the certificate from a file, in the sidecar.
        annotations.insert("dapr.io/volume-mounts".into(), format!("config:{FOLDER}"));
    }
    let labels = versioned_labels(platform, app);
    let mut pod_labels = app.pod.labels.clone();
    pod_labels.extend(labels.clone());
    let mut metadata = metadata(platform, &app_id, Some(component));
    metadata.labels = Some(labels);
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
                    labels: Some(pod_labels),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(placed(platform, app, pod(platform, app, app_id, env, &files))),
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
    let volumes = volumes(app, &app_id, files);
    PodSpec {
        service_account_name: Some(app_id),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(pod_security()),
        termination_grace_period_seconds: Some(grace.into()),
        containers: vec![Container {
            name: "app".into(),
            image: Some(app.image.to_string()),
            image_pull_policy: Some(platform.image_pull_policy.clone()),
            command: some(&app.container.command),
            args: some(&app.container.args),
            ports: Some(ports(&app.node)),
            env: Some(env),
            env_from: env_from(app),
            resources: Some(quantity::requirements(&app.resources)),
            security_context: Some(container_security()),
            startup_probe: app.container.startup.as_ref().map(probe),
            readiness_probe: Some(probe(&app.container.readiness)),
            liveness_probe: app.container.liveness.as_ref().map(probe),
            volume_mounts: some(&mounts(&volumes)),
            ..Container::default()
        }],
        volumes: some(&volumes),
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

fn ports(node: &Node) -> Vec<ContainerPort> {
    let admin = node.metrics_port.map(|number| port("admin", number));
    std::iter::once(port("http", node.port)).chain(admin).collect()
}

fn probe(wanted: &ProbeSettings) -> Probe {
    let port = match wanted.port {
        ProbePort::Name(name) => IntOrString::String(name.into()),
        ProbePort::Number(number) => IntOrString::Int(number),
    };
    let (http_get, tcp_socket) = match &wanted.path {
        Some(path) => {
            let action = HTTPGetAction {
                path: Some(path.clone()),
                port,
                ..HTTPGetAction::default()
            };
            (Some(action), None)
        }
        None => (None, Some(TCPSocketAction { port, host: None })),
    };
    Probe {
        http_get,
        tcp_socket,
        period_seconds: Some(wanted.period_seconds),
        timeout_seconds: Some(3),
        failure_threshold: Some(wanted.failure_threshold),
        ..Probe::default()
    }
}

/// None instead of nothing, so that an empty list is not sent.
fn some<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}

/// The files of the application, and room for those of an app of the user's own: its root is read-only.
fn volumes(app: &App, app_id: &str, files: &[(SecretKeyRef, &str)]) -> Vec<Volume> {
    let sources = projections(app.node.service.map(|_| app_id.to_owned()), files);
    let config = (!sources.is_empty()).then(|| Volume {
        name: "config".into(),
        projected: Some(ProjectedVolumeSource {
            default_mode: Some(0o444),
            sources: Some(sources),
        }),
        ..Volume::default()
    });
    let tmp = app.node.extra.map(|_| Volume {
        name: "tmp".into(),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity("64Mi".into())),
            medium: None,
        }),
        ..Volume::default()
    });
    config.into_iter().chain(tmp).collect()
}

fn mounts(volumes: &[Volume]) -> Vec<VolumeMount> {
    let mount = |volume: &Volume| {
        let is_config = volume.name == "config";
        VolumeMount {
            name: volume.name.clone(),
            mount_path: if is_config { FOLDER } else { "/tmp" }.into(),
            read_only: is_config.then_some(true),
            ..VolumeMount::default()
        }
    };
    volumes.iter().map(mount).collect()
}

fn env_from(app: &App) -> Option<Vec<EnvFromSource>> {
    let sources: Vec<_> = app
        .env_from
        .iter()
        .map(|source| {
            let name = source.name.clone();
            let (secret_ref, config_map_ref) = match source.kind {
                EnvFromKind::Secret => (Some(SecretEnvSource { name, optional: None }), None),
                EnvFromKind::ConfigMap => (None, Some(ConfigMapEnvSource { name, optional: None })),
            };
            EnvFromSource {
                prefix: source.prefix.clone(),
                secret_ref,
                config_map_ref,
            }
        })
        .collect();
    some(&sources)
}

/// The configuration and the files of Secrets as one volume: one mount, changed at once.
fn projections(config_map: Option<String>, files: &[(SecretKeyRef, &str)]) -> Vec<VolumeProjection> {
    let item = |key: &str, path: &str| KeyToPath {
        key: key.into(),
        path: path.into(),
        mode: None,
    };
    let configuration = config_map.map(|name| VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name,
            items: Some(vec![item(CONFIG_KEY, CONFIG_KEY)]),
            optional: None,
        }),
        ..VolumeProjection::default()
    });
    let secrets = files.iter().map(|(reference, path)| VolumeProjection {
        secret: Some(SecretProjection {
            name: reference.name.clone(),
            items: Some(vec![item(&reference.key, path)]),
            optional: None,
        }),
        ..VolumeProjection::default()
    });
    configuration.into_iter().chain(secrets).collect()
}

/// Keys of Secrets that the container reads as files, with their paths below the folder.
fn files(platform: &ValidatedPlatform, app: &App) -> Vec<(SecretKeyRef, &'static str)> {
    let mut files = Vec::new();
    if let KeySource::Secret(reference) | KeySource::Own(reference) | KeySource::Generated(reference) =
        &platform.auth.keys
        && app.node.service.is_some()
    {
        files.push((reference.clone(), JWKS_FILE));
    }
    if let Some(ca) = platform
        .database
        .ca
        .as_ref()
        .filter(|_| app.node.stores_in(Store::PostgreSql) || app.node.stores_in(Store::DaprState))
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
    if app.node.extra.is_some() {
        env.extend(surroundings(platform, &app.node));
    }
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

/// What one of the five services reads in its configuration, for an app of the user's own: who it is and whom it knows.
fn surroundings(platform: &ValidatedPlatform, node: &Node) -> Vec<EnvVar> {
    let names = &platform.names;
    let mut env = vec![
        env_value("APP_ID", names.app_id(&node.name)),
        env_value("APP_PORT", node.port.to_string()),
    ];
    if node.uses_events() {
        env.push(env_value("PUBSUB_NAME", names.events_component(&node.name)));
        env.push(env_value("TOPIC_PREFIX", platform.topic_prefix.as_str()));
    }
    if node.stores_in(Store::DaprState) {
        env.push(env_value("STATE_STORE_NAME", names.state_component(&node.name)));
    }
    env.extend(node.calls.iter().map(|peer| {
        let variable = format!("PEER_{}", peer.to_uppercase().replace('-', "_"));
        env_value(&variable, names.app_id(peer))
    }));
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
    if node.stores_in(Store::PostgreSql) {
        env.extend(stores::database(platform, node));
    }
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
    env.extend(tracing::environment(platform, node));
    env
}

fn token(name: String) -> SecretKeyRef {
    SecretKeyRef {
        name,
        key: TOKEN_KEY.into(),
    }
}

fn config_maps(app: &App) -> Vec<&str> {
    app.env_from
        .iter()
        .filter(|source| source.kind == EnvFromKind::ConfigMap)
        .map(|source| source.name.as_str())
        .collect()
}

/// Every key of a Secret that the pod reads: by its variables, its files, its sidecar's objects.
fn referenced(
    app: &App,
    dapr_objects: &[&Child],
    env: &[EnvVar],
    files: &[(SecretKeyRef, &str)],
) -> Vec<SecretKeyRef> {
    let mut keys: Vec<_> = env.iter().filter_map(hash::secret_key).collect();
    keys.extend(files.iter().map(|(reference, _)| reference.clone()));
    let whole = app
        .env_from
        .iter()
        .filter(|source| source.kind == EnvFromKind::Secret);
    keys.extend(whole.map(|source| SecretKeyRef {
        name: source.name.clone(),
        key: ALL_KEYS.into(),
    }));
    let settings = dapr_objects
        .iter()
        .filter_map(|child| child.object["spec"]["metadata"].as_array())
        .flatten();
    keys.extend(settings.filter_map(|setting| serde_json::from_value(setting["secretKeyRef"].clone()).ok()));
    keys
}

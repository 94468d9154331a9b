//! The embedded PostgreSQL and Redis: one pod each, started by a command of ours that suits the official images and
//! plain Debian binaries alike.

use k8s_openapi::{
    api::{
        apps::v1::{StatefulSet, StatefulSetSpec},
        core::v1::{
            ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, ExecAction,
            PersistentVolumeClaimVolumeSource, PodSpec, PodTemplateSpec, Probe, TCPSocketAction, Volume,
            VolumeMount,
        },
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use todoplatform_api::SecretKeyRef;

use super::{
    config_map::PASSWD_KEY,
    object::{child, labels, metadata, selector},
    pod::{container_security, env_secret, env_value, pod_security},
    quantity, scale,
};
use crate::{
    Child, ChildKind, ValidatedPlatform, names::EXPORTER_PASSWORD, references::database_services,
    validated::StoreSettings,
};

const POSTGRES_START: &str = include_str!("embedded/postgres.sh");
const POSTGRES_READY: &str = include_str!("embedded/postgres-ready.sh");
const REDIS_START: &str = include_str!("embedded/redis.sh");

pub(super) fn build(platform: &ValidatedPlatform) -> Vec<Child> {
    let postgres = platform
        .postgres
        .iter()
        .map(|settings| postgres(platform, settings));
    let redis = platform.redis.iter().map(|settings| redis(platform, settings));
    postgres.chain(redis).collect()
}

fn postgres(platform: &ValidatedPlatform, settings: &StoreSettings) -> Child {
    let name = platform.names.postgres();
    let secret = |key: String| SecretKeyRef {
        name: name.clone(),
        key,
    };
    let exporter = SecretKeyRef {
        name: platform.names.postgres_exporter(),
        key: EXPORTER_PASSWORD.into(),
    };
    let mut env = vec![
        env_secret("POSTGRES_PASSWORD", &secret("postgres-password".into())),
        env_secret("EXPORTER_PASSWORD", &exporter),
    ];
    env.extend(database_services().map(|service| {
        let user = service.as_str();
        env_secret(
            &format!("{}_PASSWORD", user.to_uppercase()),
            &secret(format!("{user}-password")),
        )
    }));
    let ready = Probe {
        exec: Some(ExecAction {
            command: Some(vec!["/bin/sh".into(), "-c".into(), POSTGRES_READY.into()]),
        }),
        ..readiness()
    };
    let container = container(
        platform,
        settings,
        "postgres",
        POSTGRES_START,
        ("postgresql", 5432),
        env,
        ready,
    );
    let shared_memory = Volume {
        empty_dir: Some(EmptyDirVolumeSource {
            medium: Some("Memory".into()),
            size_limit: Some(Quantity("64Mi".into())),
        }),
        ..volume("shm")
    };
    let user = Volume {
        config_map: Some(ConfigMapVolumeSource {
            name: name.clone(),
            default_mode: Some(0o444),
            ..ConfigMapVolumeSource::default()
        }),
        ..volume("user")
    };
    let mut mounts = vec![
        mount("data", "/data"),
        mount("tmp", "/tmp"),
        mount("shm", "/dev/shm"),
    ];
    mounts.push(VolumeMount {
        sub_path: Some(PASSWD_KEY.into()),
        read_only: Some(true),
        ..mount("user", "/etc/passwd")
    });
    let container = Container {
        volume_mounts: Some(mounts),
        ..container
    };
    stateful_set(
        platform,
        "postgres",
        container,
        vec![data(name), temporary(), shared_memory, user],
    )
}

fn redis(platform: &ValidatedPlatform, settings: &StoreSettings) -> Child {
    let password = SecretKeyRef {
        name: platform.names.redis(),
        key: "password".into(),
    };
    // Writes are refused before the kernel would end the process; the rest is for the rewriting of its log.
    let most = quantity::bytes(&settings.resources.memory_limit) / 4 * 3;
    let env = vec![
        env_secret("REDIS_PASSWORD", &password),
        env_value("REDIS_MAXMEMORY", most.to_string()),
    ];
    let ready = Probe {
        tcp_socket: Some(TCPSocketAction {
            port: IntOrString::String("redis".into()),
            host: None,
        }),
        ..readiness()
    };
    let container = container(
        platform,
        settings,
        "redis",
        REDIS_START,
        ("redis", 6379),
        env,
        ready,
    );
    let mounts = vec![mount("data", "/data"), mount("tmp", "/tmp")];
    let container = Container {
        volume_mounts: Some(mounts),
        ..container
    };
    let volumes = vec![data(platform.names.redis()), temporary()];
    stateful_set(platform, "redis", container, volumes)
}

fn readiness() -> Probe {
    Probe {
        period_seconds: Some(2),
        timeout_seconds: Some(5),
        failure_threshold: Some(3),
        ..Probe::default()
    }
}

fn container(
    platform: &ValidatedPlatform,
    settings: &StoreSettings,
    name: &str,
    start: &str,
    (port_name, port): (&str, i32),
    env: Vec<EnvVar>,
    ready: Probe,
) -> Container {
    Container {
        name: name.into(),
        image: Some(settings.image.to_string()),
        image_pull_policy: Some(platform.image_pull_policy.clone()),
        command: Some(vec!["/bin/sh".into(), "-c".into()]),
        args: Some(vec![start.into()]),
        env: Some(env),
        ports: Some(vec![ContainerPort {
            name: Some(port_name.into()),
            container_port: port,
            protocol: Some("TCP".into()),
            ..ContainerPort::default()
        }]),
        readiness_probe: Some(ready),
        resources: Some(quantity::requirements(&settings.resources)),
        security_context: Some(container_security()),
        ..Container::default()
    }
}

fn volume(name: &str) -> Volume {
    Volume {
        name: name.into(),
        ..Volume::default()
    }
}

/// The volume of the store's own claim.
fn data(claim_name: String) -> Volume {
    Volume {
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name,
            read_only: None,
        }),
        ..volume("data")
    }
}

fn temporary() -> Volume {
    Volume {
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity("64Mi".into())),
            medium: None,
        }),
        ..volume("tmp")
    }
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: name.into(),
        mount_path: path.into(),
        ..VolumeMount::default()
    }
}

fn stateful_set(
    platform: &ValidatedPlatform,
    component: &str,
    container: Container,
    volumes: Vec<Volume>,
) -> Child {
    let name = platform.names.child(component);
    let secrets: Vec<_> = platform
        .image_pull_secrets
        .iter()
        .map(|name| k8s_openapi::api::core::v1::LocalObjectReference { name: name.clone() })
        .collect();
    let restarts = platform.day2.restarts.of_store(component);
    let set = StatefulSet {
        metadata: metadata(platform, &name, Some(component)),
        spec: Some(StatefulSetSpec {
            replicas: Some(scale::store(platform)),
            service_name: Some(name),
            selector: selector(platform, component),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels(platform, Some(component))),
                    annotations: (!restarts.is_empty()).then_some(restarts),
                    ..ObjectMeta::default()
                }),
                spec: Some(PodSpec {
                    automount_service_account_token: Some(false),
                    enable_service_links: Some(false),
                    image_pull_secrets: (!secrets.is_empty()).then_some(secrets),
                    security_context: Some(pod_security()),
                    termination_grace_period_seconds: Some(30),
                    containers: vec![container],
                    volumes: Some(volumes),
                    ..PodSpec::default()
                }),
            },
            ..StatefulSetSpec::default()
        }),
        status: None,
    };
    child(ChildKind::StatefulSet, Some(component), &set)
}

//! The annotations that make Dapr's injector add a sidecar. Every value is a string; the injector ignores what it does
//! not know and drops all resources when one quantity is bad.

use std::collections::BTreeMap;

use super::quantity;
use crate::{
    ValidatedPlatform,
    validated::{App, ContainerResources},
};

pub(super) fn annotations(platform: &ValidatedPlatform, app: &App) -> BTreeMap<String, String> {
    let node = &app.node;
    let names = &platform.names;
    let sidecar = &app.sidecar;
    let ContainerResources {
        cpu_request,
        memory_request,
        cpu_limit,
        memory_limit,
    } = &sidecar.resources;
    let mut annotations = BTreeMap::from([
        ("enabled", "true".to_owned()),
        ("app-id", names.app_id(&node.name)),
        ("config", names.app_id(&node.name)),
        ("api-token-secret", names.api_token(&node.name)),
        ("log-level", sidecar.log_level.as_str().to_owned()),
        ("log-as-json", "true".to_owned()),
        ("sidecar-cpu-request", quantity::cpu(cpu_request)),
        ("sidecar-memory-request", quantity::memory(memory_request)),
        ("sidecar-memory-limit", quantity::memory(memory_limit)),
        ("sidecar-seccomp-profile-type", "RuntimeDefault".to_owned()),
        (
            "env",
            format!("GOMEMLIMIT={}MiB", memory_target_mebibytes(memory_limit)),
        ),
        ("max-body-size", quantity::memory(&sidecar.max_body_size)),
        // Bounds request headers too: bearer tokens are long.
        ("read-buffer-size", "16Ki".to_owned()),
        (
            "graceful-shutdown-seconds",
            sidecar.graceful_shutdown_seconds.to_string(),
        ),
        (
            "block-shutdown-duration",
            format!("{}s", sidecar.block_shutdown_seconds),
        ),
        ("disable-builtin-k8s-secret-store", "true".to_owned()),
    ]);
    if let Some(limit) = cpu_limit {
        annotations.insert("sidecar-cpu-limit", quantity::cpu(limit));
    }
    if node.has_app_port() {
        annotations.insert("app-port", node.port.to_string());
        annotations.insert("app-protocol", node.protocol.as_str().into());
        annotations.insert("app-token-secret", names.app_token(&node.name));
        if let Some(health) = &sidecar.app_health {
            annotations.insert("enable-app-health-check", "true".into());
            annotations.insert("app-health-check-path", health.path.clone());
            annotations.insert("app-health-probe-interval", health.interval_seconds.to_string());
            annotations.insert(
                "app-health-probe-timeout",
                health.timeout_milliseconds.to_string(),
            );
            annotations.insert("app-health-threshold", health.threshold.to_string());
        }
    }
    if let Some(image) = &platform.daprd_image {
        annotations.insert("sidecar-image", image.to_string());
    }
    if let Some(policy) = &platform.sidecar_pull_policy {
        annotations.insert("sidecar-image-pull-policy", policy.clone());
    }
    annotations
        .into_iter()
        .map(|(key, value)| (format!("dapr.io/{key}"), value))
        .collect()
}

/// Where the sidecar's collector begins to work harder: nine tenths of what it may use.
fn memory_target_mebibytes(limit: &str) -> u64 {
    (quantity::bytes(limit) / 10 * 9 / (1024 * 1024)).max(1)
}

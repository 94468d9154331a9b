//! Images: registry, tag, digest, release, who may pull.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use todoplatform_render::{
    ChildKind,
    release::{self, Release},
};

use crate::common::{object, objects, platform, rendered, validated};
use crate::{image, pod, refused};

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

#[test]
fn everything_comes_from_the_registry_of_the_spec_the_sidecar_too() {
    let spec = json!({"images": {"registry": "mirror.acme/x", "pullPolicy": "Always"}});
    let resources = rendered(&platform(spec));
    let mut seen = BTreeSet::new();
    for kind in [ChildKind::Deployment, ChildKind::StatefulSet] {
        for workload in objects(&resources, kind) {
            let template = &workload["spec"]["template"];
            let container = &template["spec"]["containers"][0];
            seen.insert(container["image"].as_str().unwrap().to_owned());
            assert_eq!(container["imagePullPolicy"], "Always");
            let annotations = &template["metadata"]["annotations"];
            if !annotations["dapr.io/enabled"].is_null() {
                seen.insert(annotations["dapr.io/sidecar-image"].as_str().unwrap().to_owned());
                assert_eq!(annotations["dapr.io/sidecar-image-pull-policy"], "Always");
            }
        }
    }
    let expected = [
        "daprd:1.18.2",
        "postgres-exporter:0.18.1",
        "postgres:17.6",
        "redis:8.2.1",
        "redis_exporter:1.77.0",
        "todo-analytics:1.2.3",
        "todo-gateway:1.2.3",
        "todo-notification:1.2.3",
        "todo-scheduler:1.2.3",
        "todo-task:1.2.3",
    ]
    .map(|image| format!("mirror.acme/x/{image}"));
    assert_eq!(seen, expected.into());
}

#[test]
fn the_injector_decides_while_the_spec_says_nothing_of_the_sidecars_image() {
    let annotations = pod(&json!({}), "task")["metadata"]["annotations"].clone();
    assert_eq!(annotations["dapr.io/sidecar-image"], Value::Null);
    assert_eq!(annotations["dapr.io/sidecar-image-pull-policy"], Value::Null);
    let own = pod(&json!({"images": {"daprd": "acme/daprd:1"}}), "task");
    assert_eq!(
        own["metadata"]["annotations"]["dapr.io/sidecar-image"],
        "acme/daprd:1"
    );
}

#[test]
fn a_digest_takes_the_place_of_the_tag() {
    let spec = json!({"images": {"digests": {"task": DIGEST, "postgres": DIGEST, "daprd": DIGEST}}});
    assert_eq!(
        image(&spec, "task"),
        format!("registry.example/todo/todo-task@{DIGEST}")
    );
    assert_eq!(
        image(&spec, "gateway"),
        "registry.example/todo/todo-gateway:1.2.3"
    );
    let resources = rendered(&platform(spec.clone()));
    let postgres = object(&resources, ChildKind::StatefulSet, "todo-postgres");
    assert_eq!(
        postgres["spec"]["template"]["spec"]["containers"][0]["image"],
        format!("postgres@{DIGEST}")
    );
    assert_eq!(
        pod(&spec, "task")["metadata"]["annotations"]["dapr.io/sidecar-image"],
        format!("ghcr.io/dapr/daprd@{DIGEST}")
    );
    assert_eq!(
        refused(json!({"images": {"digests": {"mail": DIGEST}}}))[0].0,
        "spec.images.digests.mail"
    );
}

#[test]
fn pull_secrets_reach_every_pod() {
    let resources = rendered(&platform(
        json!({"images": {"pullSecrets": [{"name": "mirror"}]}}),
    ));
    let wanted = json!([{"name": "mirror"}]);
    for account in objects(&resources, ChildKind::ServiceAccount) {
        // The API server copies them into the pods of the account, for all of their containers.
        assert_eq!(account["imagePullSecrets"], wanted);
    }
    for set in objects(&resources, ChildKind::StatefulSet) {
        assert_eq!(set["spec"]["template"]["spec"]["imagePullSecrets"], wanted);
    }
}

#[test]
fn a_version_picks_a_release_that_is_known() {
    let own = release::OWN.version;
    let validated = validated(&platform(json!({"version": own})));
    assert_eq!(validated.version, own);
    assert_eq!(
        release::RELEASES[0],
        release::OWN,
        "the operator's own is the newest"
    );
    let refused = refused(json!({"version": "0.0.9"}));
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0, "spec.version");
    let older = Release {
        version: "0.0.9",
        daprd: "1.17.0",
        digests: &[("task", DIGEST)],
    };
    let releases = [release::OWN, older];
    assert_eq!(release::find(&releases, "0.0.9"), Some(&older));
    assert_eq!(release::find(&releases, "0.0.8"), None);
    assert_eq!(release::known(&releases), format!("{own}, 0.0.9"));
}

//! `render` prints what the controller applies.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use todo_scenarios::{Result, cluster, command, env, platform};

use super::fixture::World;

#[tokio::test]
async fn every_object_that_render_prints_is_in_the_cluster_leaf_by_leaf() -> Result<()> {
    let world = World::new("render").await?;
    world.ready().await?;
    let file = std::env::temp_dir().join(format!("{}.yaml", world.ns));
    let mut object = platform::todo(&json!({"profile": "development"}));
    object["metadata"]["namespace"] = json!(world.ns);
    std::fs::write(&file, object.to_string())?;
    let operator = env::required("TODO_TEST_OPERATOR")?;
    let path = file.display().to_string();
    let args = [
        "render",
        "-f",
        &path,
        "--namespace",
        &world.ns,
        "--image-registry",
        "localhost",
        "--image-tag",
        "test",
    ];
    let text = command::ok(&operator, &args, None).await?;
    std::fs::remove_file(&file)?;

    let mut kinds = BTreeMap::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        let rendered = Value::deserialize(document)?;
        let Some((kind, name)) = rendered["kind"]
            .as_str()
            .zip(rendered["metadata"]["name"].as_str())
        else {
            continue;
        };
        *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        let live = world.get(kind, name).await?;
        if kind != "Secret" {
            assert_eq!(
                missing(&rendered, &live, ""),
                Vec::<String>::new(),
                "{kind}/{name}"
            );
        }
    }
    for kind in [
        "ServiceAccount",
        "ConfigMap",
        "Secret",
        "Deployment",
        "StatefulSet",
        "Component",
        "Subscription",
    ] {
        assert!(kinds.contains_key(kind), "render prints no {kind}: {kinds:?}");
        let live = cluster::objects(&world.client, &world.ns, kind)
            .list(
                &kube::api::ListParams::default()
                    .labels("app.kubernetes.io/managed-by=todoplatform-operator"),
            )
            .await?;
        assert_eq!(kinds[kind], live.items.len(), "{kind}: rendered and live");
    }
    Ok(())
}

/// The leaves of `wanted` that `live` does not have. Hashes of Secrets' values, and of templates that carry them, are only
/// known in the cluster.
fn missing(wanted: &Value, live: &Value, path: &str) -> Vec<String> {
    match (wanted, live) {
        _ if path.ends_with("/todoplatform.dev/config-hash")
            || path.ends_with("/todoplatform.dev/template-hash") =>
        {
            Vec::new()
        }
        (Value::Object(w), Value::Object(l)) => w
            .iter()
            .flat_map(|(k, v)| missing(v, l.get(k).unwrap_or(&Value::Null), &format!("{path}/{k}")))
            .collect(),
        (Value::Array(w), Value::Array(l)) if w.len() == l.len() => w
            .iter()
            .zip(l)
            .enumerate()
            .flat_map(|(i, (w, l))| missing(w, l, &format!("{path}/{i}")))
            .collect(),
        _ if wanted == live => Vec::new(),
        _ => vec![format!("{path}: {wanted} is {live}")],
    }
}

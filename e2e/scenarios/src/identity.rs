//! The operator with exactly the rights that its chart grants, and no other.

use std::path::PathBuf;

use k8s_openapi::api::{authentication::v1::TokenRequest, core::v1::ServiceAccount};
use kube::{Api, Client, api::PostParams};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Result, command, env, install, operator::artifacts};

/// What `helm template` makes of the operator's chart, object by object.
pub async fn chart(release: &str, namespace: &str, values: &[String]) -> Result<Vec<Value>> {
    let helm = env::required("TODO_TEST_HELM")?;
    let path = install::project("charts/todoplatform-operator")
        .display()
        .to_string();
    let mut args = vec!["template", release, &path, "--namespace", namespace];
    for value in values {
        args.extend(["--set", value]);
    }
    let text = command::ok(&helm, &args, None).await?;
    let documents = serde_yaml::Deserializer::from_str(&text);
    let objects: Result<Vec<Value>, _> = documents.map(Value::deserialize).collect();
    Ok(objects?.into_iter().filter(|object| !object.is_null()).collect())
}

/// Applies the chart's identity: its account, roles and bindings. Gives a kubeconfig of that account.
pub async fn of_chart(client: &Client, objects: &[Value], namespace: &str) -> Result<PathBuf> {
    let is_identity = |object: &&Value| {
        let kind = object["kind"].as_str().unwrap_or_default();
        kind == "ServiceAccount" || kind.ends_with("Role") || kind.ends_with("RoleBinding")
    };
    let identity: Vec<&Value> = objects.iter().filter(is_identity).collect();
    let kubectl = env::required("TODO_TEST_KUBECTL")?;
    let list = json!({"apiVersion": "v1", "kind": "List", "items": identity}).to_string();
    command::ok(
        &kubectl,
        &["apply", "--server-side", "--force-conflicts", "-f", "-"],
        Some(&list),
    )
    .await?;
    let account = identity
        .iter()
        .find(|object| object["kind"] == "ServiceAccount")
        .and_then(|object| object["metadata"]["name"].as_str())
        .ok_or("the chart makes no ServiceAccount")?;
    let token = Api::<ServiceAccount>::namespaced(client.clone(), namespace)
        .create_token_request(account, &PostParams::default(), &TokenRequest::default())
        .await?
        .status
        .ok_or("no token was made")?
        .token;
    let mut config: Value = serde_yaml::from_str(&std::fs::read_to_string(env::required("KUBECONFIG")?)?)?;
    config["users"][0]["user"] = json!({"token": token});
    let path = artifacts()?.join(format!("{namespace}-{account}.kubeconfig"));
    std::fs::write(&path, serde_json::to_string(&config)?)?;
    Ok(path)
}

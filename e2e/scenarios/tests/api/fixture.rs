//! A namespace with its own operator process, and the hands that stand in for controllers and kubelet.

use std::time::Duration;

use kube::{
    Client, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use todo_scenarios::{
    Result, cluster,
    operator::{Operator, Start},
    platform, wait,
};

/// One scenario's world.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) ns: String,
    pub(crate) operator: Operator,
}

impl World {
    /// A namespace of its own, with an operator that watches only it.
    pub(crate) async fn new(prefix: &str) -> Result<Self> {
        Self::with(prefix, &[]).await
    }

    /// The same, with further arguments for the operator.
    pub(crate) async fn with(prefix: &str, arguments: &[&str]) -> Result<Self> {
        let (client, ns) = place(prefix).await?;
        let mut start = Start::in_namespace(&format!("operator-{ns}"), &ns);
        start
            .args
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        let operator = Operator::run(&start).await?;
        Ok(Self { client, ns, operator })
    }

    /// Applies a platform named `todo` with this spec.
    pub(crate) async fn apply(&self, spec: &Value) -> Result<Value> {
        cluster::apply(&self.client, &self.ns, &platform::todo(spec)).await
    }

    pub(crate) async fn get(&self, kind: &str, name: &str) -> Result<Value> {
        cluster::get(&self.client, &self.ns, kind, name).await
    }

    pub(crate) async fn names(&self, kind: &str) -> Result<Vec<String>> {
        cluster::names(&self.client, &self.ns, kind).await
    }

    pub(crate) async fn merge(&self, kind: &str, name: &str, change: &Value) -> Result<()> {
        cluster::merge(&self.client, &self.ns, kind, name, change).await
    }

    /// Waits until an object exists.
    pub(crate) async fn exists(&self, kind: &str, name: &str) -> Result<Value> {
        let what = format!("{kind}/{name}");
        wait::until(Duration::from_secs(30), &what, || self.get(kind, name)).await
    }

    /// The development platform, carried to Ready.
    pub(crate) async fn ready(&self) -> Result<Value> {
        self.apply(&json!({"profile": "development"})).await?;
        self.serve_until_ready().await
    }

    /// Plays the workload controllers until the platform is Ready.
    pub(crate) async fn serve_until_ready(&self) -> Result<Value> {
        wait::until(Duration::from_mins(1), "todo Ready", || async {
            self.workloads_serve().await?;
            let platform = self.get("TodoPlatform", "todo").await?;
            if platform::is_ready(&platform) {
                Ok(platform)
            } else {
                Err(format!("{:#}", platform["status"]).into())
            }
        })
        .await
    }

    /// Gives every StatefulSet and Deployment the status of one that serves, where it has another.
    pub(crate) async fn workloads_serve(&self) -> Result<()> {
        for kind in ["StatefulSet", "Deployment"] {
            for object in cluster::objects(&self.client, &self.ns, kind)
                .list(&ListParams::default())
                .await?
            {
                let replicas = object.data["spec"]["replicas"].as_i64().unwrap_or(1);
                let wanted = json!({
                    "observedGeneration": object.metadata.generation, "replicas": replicas, "updatedReplicas": replicas,
                    "readyReplicas": replicas, "availableReplicas": replicas,
                });
                let is = |key: &String| object.data["status"][key] == wanted[key];
                if !wanted.as_object().is_some_and(|w| w.keys().all(is)) {
                    let name = object.name_any();
                    cluster::merge_status(&self.client, &self.ns, kind, &name, &wanted).await?;
                }
            }
        }
        Ok(())
    }
}

/// A namespace of its own on an API server that knows Dapr, without an operator.
pub(crate) async fn place(prefix: &str) -> Result<(Client, String)> {
    let client = cluster::client().await?;
    daprs_injector(&client).await?;
    let ns = cluster::namespace(&client, prefix).await?;
    Ok((client, ns))
}

/// The trace that an installed Dapr leaves for the operator to find: its injector's webhook, here without rules.
async fn daprs_injector(client: &Client) -> Result<()> {
    use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
    let webhooks: kube::Api<MutatingWebhookConfiguration> = kube::Api::all(client.clone());
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "dapr-sidecar-injector"}, "webhooks": [],
    });
    webhooks
        .patch(
            "dapr-sidecar-injector",
            &PatchParams::apply("scenario").force(),
            &Patch::Apply(&object),
        )
        .await?;
    Ok(())
}

impl World {
    /// Makes or replaces a Secret of the user.
    pub(crate) async fn secret(&self, name: &str, values: &Value) -> Result<Value> {
        let object =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values});
        cluster::apply(&self.client, &self.ns, &object).await
    }
}

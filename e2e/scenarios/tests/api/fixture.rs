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

/// Kinds of children that a development platform has on this API server.
pub(crate) const CHILD_KINDS: [&str; 14] = [
    "ServiceAccount",
    "ConfigMap",
    "Secret",
    "Configuration",
    "Resiliency",
    "Component",
    "Subscription",
    "Service",
    "PersistentVolumeClaim",
    "StatefulSet",
    "Deployment",
    "PodMonitor",
    "ServiceMonitor",
    "PrometheusRule",
];

/// A world whose operator is away.
pub(crate) struct Abandoned {
    pub(crate) client: Client,
    pub(crate) ns: String,
}

impl Abandoned {
    /// Another operator comes.
    pub(crate) async fn with_operator(self) -> Result<World> {
        let operator = Operator::start(&self.ns).await?;
        Ok(World {
            client: self.client,
            ns: self.ns,
            operator,
        })
    }

    /// Every child of the platform `todo`, as it is.
    pub(crate) async fn children(&self) -> Result<Vec<Value>> {
        let mut children = Vec::new();
        let ours = ListParams::default().labels("app.kubernetes.io/managed-by=todoplatform-operator");
        for kind in CHILD_KINDS {
            for object in cluster::objects(&self.client, &self.ns, kind).list(&ours).await? {
                let mut object = serde_json::to_value(object)?;
                object["kind"] = json!(kind);
                children.push(object);
            }
        }
        Ok(children)
    }

    /// Does what garbage collection does, which a bare API server lacks: deletes all that has an owner with this UID. So does
    /// the controller that lets go of volume claims which no pod uses.
    pub(crate) async fn collect_garbage(&self, uid: &Value) -> Result<()> {
        for child in self.children().await? {
            let owners = child["metadata"]["ownerReferences"].as_array();
            let is_owned = owners.into_iter().flatten().any(|owner| owner["uid"] == *uid);
            if let (true, Some(kind), Some(name)) = (
                is_owned,
                child["kind"].as_str(),
                child["metadata"]["name"].as_str(),
            ) {
                cluster::delete(&self.client, &self.ns, kind, name).await?;
                if kind == "PersistentVolumeClaim" {
                    let free = json!({"metadata": {"finalizers": null}});
                    cluster::merge(&self.client, &self.ns, kind, name, &free).await?;
                }
            }
        }
        Ok(())
    }
}

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

    /// The same with an operator that tells more.
    pub(crate) async fn talkative(prefix: &str) -> Result<Self> {
        let (client, ns) = place(prefix).await?;
        let start = Start::in_namespace(&format!("operator-{ns}"), &ns).arg("--log-level", "debug");
        let operator = Operator::run(&start).await?;
        Ok(Self { client, ns, operator })
    }

    /// The operator goes away; what it left stays.
    pub(crate) async fn without_operator(self) -> Result<Abandoned> {
        self.operator.kill().await?;
        Ok(Abandoned {
            client: self.client,
            ns: self.ns,
        })
    }

    /// Annotates the platform; null takes an annotation away.
    pub(crate) async fn annotate(&self, key: &str, value: &Value) -> Result<()> {
        self.merge(
            "TodoPlatform",
            "todo",
            &json!({"metadata": {"annotations": {key: value}}}),
        )
        .await
    }

    /// Changes the platform's spec; null takes a field away.
    pub(crate) async fn respec(&self, change: &Value) -> Result<()> {
        self.merge("TodoPlatform", "todo", &json!({"spec": change})).await
    }

    /// Waits until the platform looks as wanted.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        platform::until(&self.client, &self.ns, Duration::from_secs(30), what, holds).await
    }

    /// Waits until a condition has this status and reason, and its message holds these words.
    pub(crate) async fn says(&self, name: &str, status: &str, reason: &str, words: &[&str]) -> Result<Value> {
        let what = format!("{name}={status}/{reason} with {words:?}");
        self.until(&what, |found| {
            platform::condition(found, name).is_some_and(|(s, r, m)| {
                s == status && r == reason && words.iter().all(|word| m.contains(word))
            })
        })
        .await
    }

    /// Waits until a dependency is not ready, with this reason.
    pub(crate) async fn waits_for(&self, name: &str, reason: &str) -> Result<Value> {
        let what = format!("{name} not ready: {reason}");
        self.until(&what, |found| {
            let dependency = platform::dependency(found, name);
            dependency["ready"] == false && dependency["reason"] == reason
        })
        .await
    }

    /// Waits until an object looks as wanted.
    pub(crate) async fn shows(
        &self,
        (kind, name): (&str, &str),
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait::until(
            Duration::from_secs(20),
            &format!("{kind}/{name} {what}"),
            || async {
                let found = self.get(kind, name).await?;
                if holds(&found) {
                    Ok(found)
                } else {
                    Err(format!("{found:#}").into())
                }
            },
        )
        .await
    }

    /// Makes sure that nobody writes an object for some seconds.
    pub(crate) async fn rests(&self, kind: &str, name: &str) -> Result<()> {
        let before = self.get(kind, name).await?["metadata"]["resourceVersion"].clone();
        wait::throughout(
            Duration::from_secs(3),
            &format!("{kind}/{name} rests"),
            || async {
                let now = self.get(kind, name).await?;
                if now["metadata"]["resourceVersion"] == before {
                    Ok(())
                } else {
                    Err(format!("{now:#}").into())
                }
            },
        )
        .await
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

    /// The names of the services' Deployments. Exporters have some too, and wait for nothing.
    pub(crate) async fn services(&self) -> Result<Vec<String>> {
        let mut names = self.names("Deployment").await?;
        names.retain(|name| !name.ends_with("-exporter"));
        Ok(names)
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

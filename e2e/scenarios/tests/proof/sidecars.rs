//! Dapr's objects as the operator makes them, written to files for sidecars without a cluster.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use todo_recorder::TOPICS;
use todo_scenarios::Result;
use todoplatform_api::TodoPlatform;
use todoplatform_render::{
    Child, ChildKind, DependencyTarget, Facts, OperatorDefaults, Topic, build, references, validate,
};

/// Stands for the broker until each app's own way to it is known.
const BROKER: &str = "broker.example:9092";
pub(crate) const NAMESPACE: &str = "team";

/// What the operator makes of a platform with the recorder in it.
#[derive(Debug)]
pub(crate) struct Rendered {
    children: Vec<Child>,
    pub(crate) topics: Vec<Topic>,
}

impl Rendered {
    pub(crate) fn new() -> Result<Self> {
        let consumes: Vec<Value> = TOPICS
            .iter()
            .map(|topic| json!({"topic": topic.name()}))
            .collect();
        let platform: TodoPlatform = serde_json::from_value(json!({
            "apiVersion": "todoplatform.dev/v1alpha1", "kind": "TodoPlatform",
            "metadata": {"name": "todo", "namespace": NAMESPACE, "uid": "5e1f1e7c-0000-4000-8000-000000000001"},
            "spec": {
                "profile": "development",
                "broker": {"kafka": {"brokers": [BROKER]}, "topics": {"partitions": 4}},
                // Without Dapr's control plane nobody has an identity that could be allowed.
                "dapr": {"accessControl": {"enabled": false}},
                "extraServices": [{"name": "recorder", "image": "recorder:1", "port": 8080, "consumes": consumes}],
            },
        }))?;
        let facts = Facts::assumed(&platform);
        let valid = validate(&platform, &facts, &OperatorDefaults::default())?;
        let found = references(&platform).dependencies.into_iter();
        let topics = found.filter_map(|dependency| match dependency.target {
            DependencyTarget::Kafka(access) => Some(access.topics),
            _ => None,
        });
        Ok(Self {
            children: build(&valid, &facts).children,
            topics: topics.flatten().collect(),
        })
    }

    /// What stands before the name of each topic.
    pub(crate) fn topic_prefix(&self) -> Result<&str> {
        let created = self
            .topics
            .iter()
            .find_map(|topic| topic.name.strip_suffix("task.created"));
        created.ok_or_else(|| "no topic task.created was rendered".into())
    }

    /// Writes what the sidecar of `component` loads to a folder below `folder`, and gives the paths of its objects and
    /// of its Configuration.
    pub(crate) fn write(&self, folder: &Path, component: &str, broker: &str) -> Result<(PathBuf, PathBuf)> {
        let folder = folder.join(component);
        let objects = folder.join("objects");
        std::fs::create_dir_all(&objects)?;
        let configuration = folder.join("configuration.yaml");
        let own = self
            .children
            .iter()
            .filter(|child| child.component.as_deref() == Some(component));
        for child in own {
            let text = child.object.to_string().replace(BROKER, broker);
            match child.kind {
                ChildKind::Component | ChildKind::Subscription | ChildKind::Resiliency => {
                    let name = format!("{}-{}.yaml", child.kind.as_str().to_lowercase(), child.name);
                    std::fs::write(objects.join(name), text)?;
                }
                ChildKind::Configuration => {
                    let mut object = child.object.clone();
                    let names = folder.with_file_name("names.db");
                    object["spec"]["nameResolution"] = json!({
                        "component": "sqlite", "version": "v1", "configuration": {"connectionString": names},
                    });
                    std::fs::write(&configuration, object.to_string())?;
                }
                _ => {}
            }
        }
        Ok((objects, configuration))
    }
}

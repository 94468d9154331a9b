//! `kubectl todo tree`: everything that a platform is made of, by component, with who calls whom and which events flow.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use k8s_openapi::api::core::v1::Pod;
use kube::{api::ListParams, core::ApiResource};
use serde::Serialize;
use serde_json::{Value, json};
use todoplatform_api::TodoPlatformSpec;
use todoplatform_render::{
    ChildKind, MANAGER,
    graph::{Node as App, graph},
};

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    cluster::{Cluster, name_of},
    look::{Look, Tone},
    request::{Target, condition, is_current},
    world,
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TreeArgs {
    #[command(flatten)]
    target: Target,
    /// How the tree is written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Node {
    kind: String,
    name: String,
    /// How it stands: `1/1`, `Running 2/2`, `missing`; empty for what is simply there.
    state: String,
    /// Whether it is as it should be.
    ready: bool,
}

/// A component with its objects and its edges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Branch {
    /// Name of the component; empty for what belongs to the whole platform.
    component: String,
    nodes: Vec<Node>,
    /// Whom it calls, what it publishes and consumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edges: Vec<Edge>,
}

/// What flows between components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Edge {
    /// `calls`, `publishes` or `consumes`.
    verb: &'static str,
    /// Components or topics.
    targets: Vec<String>,
}

/// What the API server has of the platform.
pub(crate) struct Found {
    platform: Value,
    /// The children that are there, by kind.
    children: Vec<(ChildKind, Value)>,
    pods: Vec<Value>,
}

/// Reads the children, and draws them.
pub(crate) async fn tree(cluster: &Cluster, args: &TreeArgs, terminal: Terminal) -> Result<Answer, Failure> {
    let platform = cluster.found(args.target.name.as_deref()).await?;
    let name = name_of(&platform);
    let selector = ListParams::default().labels(&format!(
        "app.kubernetes.io/part-of={name},app.kubernetes.io/managed-by={MANAGER}"
    ));
    let served = world::served(cluster).await?;
    let mut children = Vec::new();
    // Secrets are known by the inventory: nobody has to read them for a drawing.
    let kinds = ChildKind::ALL
        .into_iter()
        .filter(|kind| *kind != ChildKind::Secret && (!kind.optional() || served.contains(kind)));
    for kind in kinds {
        let found = cluster.list(&kind.api_resource(), &selector).await?;
        children.extend(owned(found, &platform).map(|object| (kind, object)));
    }
    let pods = ListParams::default().labels(&format!("app.kubernetes.io/part-of={name}"));
    let found = Found {
        pods: cluster.list(&ApiResource::erase::<Pod>(&()), &pods).await?,
        platform,
        children,
    };
    let branches = branches(&found);
    let is_complete = branches
        .iter()
        .flat_map(|branch| &branch.nodes)
        .all(|node| node.ready);
    let data = json!({"name": name, "namespace": cluster.namespace(), "branches": branches});
    let text = args
        .output
        .data(&data)
        .unwrap_or_else(|| text(&found.platform, &branches, terminal.look));
    Ok(Answer::new(text, is_complete))
}

/// The objects that this very platform owns: another of the same name may have left some.
fn owned(objects: Vec<Value>, platform: &Value) -> impl Iterator<Item = Value> + '_ {
    let uid = &platform["metadata"]["uid"];
    objects.into_iter().filter(move |object| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        owners.into_iter().flatten().any(|owner| owner["uid"] == *uid)
    })
}

/// By component: the applications in the order of the graph, then the stores, then what belongs to all.
pub(crate) fn branches(found: &Found) -> Vec<Branch> {
    // A spec that this version does not understand has the services of every platform.
    let spec: TodoPlatformSpec = serde_json::from_value(found.platform["spec"].clone()).unwrap_or_default();
    let apps = graph(&spec);
    let mut by_component = BTreeMap::<String, Branch>::new();
    let mut seen = BTreeSet::new();
    let component_of = |object: &Value| {
        object["metadata"]["labels"]["app.kubernetes.io/component"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let mut add = |component: String, node: Node| {
        let branch = by_component.entry(component.clone()).or_insert_with(|| Branch {
            edges: apps
                .iter()
                .find(|app| app.name == component)
                .map(edges)
                .unwrap_or_default(),
            component,
            ..Branch::default()
        });
        branch.nodes.push(node);
    };
    for (kind, object) in &found.children {
        let (state, ready) = workload_state(*kind, object);
        seen.insert((kind.as_str().to_owned(), name_of(object)));
        add(
            component_of(object),
            Node {
                kind: kind.as_str().into(),
                name: name_of(object),
                state,
                ready,
            },
        );
    }
    for pod in &found.pods {
        let (state, ready) = pod_state(pod);
        add(
            component_of(pod),
            Node {
                kind: "Pod".into(),
                name: name_of(pod),
                state,
                ready,
            },
        );
    }
    let platform = name_of(&found.platform);
    let inventory = found.platform["status"]["inventory"].as_array();
    for entry in inventory.into_iter().flatten() {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let (kind, name) = (text("kind"), text("name"));
        if seen.contains(&(kind.clone(), name.clone())) {
            continue;
        }
        let is_secret = kind == ChildKind::Secret.as_str();
        let node = Node {
            state: if is_secret {
                String::new()
            } else {
                "missing".into()
            },
            ready: is_secret,
            name: name.clone(),
            kind,
        };
        add(component_by_name(&platform, &name, &found.children), node);
    }
    let mut branches: Vec<Branch> = by_component.into_values().collect();
    let rank = |component: &str| {
        let known = apps.iter().position(|app| app.name == component);
        match component {
            "" => usize::MAX,
            _ => known.unwrap_or(apps.len()),
        }
    };
    branches.sort_by_key(|branch| rank(&branch.component));
    for branch in &mut branches {
        branch
            .nodes
            .sort_by_key(|node| (order(&node.kind), node.name.clone()));
    }
    branches
}

/// Workloads and their pods first, the rest in the order of apply.
fn order(kind: &str) -> usize {
    match kind {
        "Deployment" | "StatefulSet" => 0,
        "Pod" => 1,
        kind => {
            2 + ChildKind::ALL
                .iter()
                .position(|known| known.as_str() == kind)
                .unwrap_or(usize::MAX - 2)
        }
    }
}

/// The component that an object's name begins with, of those that have objects; none for the platform's own.
fn component_by_name(platform: &str, name: &str, children: &[(ChildKind, Value)]) -> String {
    let rest = name
        .strip_prefix(platform)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or_default();
    let components = children
        .iter()
        .filter_map(|(_, object)| object["metadata"]["labels"]["app.kubernetes.io/component"].as_str());
    components
        .filter(|component| {
            rest.strip_prefix(*component)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
        .max_by_key(|component| component.len())
        .unwrap_or_default()
        .to_owned()
}

fn workload_state(kind: ChildKind, object: &Value) -> (String, bool) {
    if !matches!(kind, ChildKind::Deployment | ChildKind::StatefulSet) {
        return (String::new(), true);
    }
    let desired = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let ready = object["status"]["readyReplicas"].as_i64().unwrap_or(0);
    (format!("{ready}/{desired}"), ready >= desired)
}

fn pod_state(pod: &Value) -> (String, bool) {
    let containers = pod["status"]["containerStatuses"].as_array();
    let all = containers.map_or(0, Vec::len);
    let ready = containers
        .into_iter()
        .flatten()
        .filter(|container| container["ready"] == true)
        .count();
    let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
    (format!("{phase} {ready}/{all}"), all > 0 && ready == all)
}

/// What the service graph says of an application.
fn edges(app: &App) -> Vec<Edge> {
    let consumed = app
        .consumes
        .iter()
        .map(|consumed| consumed.topic.clone())
        .collect();
    [
        ("calls", app.calls.clone()),
        ("publishes", app.publishes.clone()),
        ("consumes", consumed),
    ]
    .into_iter()
    .filter(|(_, targets)| !targets.is_empty())
    .map(|(verb, targets)| Edge { verb, targets })
    .collect()
}

fn text(platform: &Value, branches: &[Branch], look: Look) -> String {
    let metadata = &platform["metadata"];
    let part = |field: &str| metadata[field].as_str().unwrap_or_default();
    let is_ready =
        is_current(platform) && condition(platform, "Ready").is_some_and(|(status, _, _)| status == "True");
    let state = if is_ready {
        look.paint(Tone::Good, "Ready")
    } else {
        look.paint(Tone::Bad, "not Ready")
    };
    let mut text = format!("TodoPlatform {}/{}: {state}\n", part("namespace"), part("name"));
    for (index, branch) in branches.iter().enumerate() {
        let is_last = index + 1 == branches.len();
        let component = if branch.component.is_empty() {
            "(all components)"
        } else {
            &branch.component
        };
        let (knot, stem) = knot(is_last);
        _ = writeln!(text, "{knot}{}", look.paint(Tone::Heading, component));
        let edges = branch
            .edges
            .iter()
            .map(|edge| format!("{} {}", edge.verb, edge.targets.join(", ")));
        let nodes = branch.nodes.iter().map(|node| line(node, look));
        let lines: Vec<String> = edges.chain(nodes).collect();
        for (index, line) in lines.iter().enumerate() {
            let (twig, _) = self::knot(index + 1 == lines.len());
            _ = writeln!(text, "{stem}{twig}{line}");
        }
    }
    text
}

fn knot(is_last: bool) -> (&'static str, &'static str) {
    if is_last {
        ("└─ ", "   ")
    } else {
        ("├─ ", "│  ")
    }
}

fn line(node: &Node, look: Look) -> String {
    let tone = if node.ready { Tone::Good } else { Tone::Bad };
    let state = look.paint(tone, &node.state);
    format!("{} {} {state}", node.kind, node.name)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests;

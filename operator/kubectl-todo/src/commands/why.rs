//! `kubectl todo why`: the chain that holds Ready back, from the condition down to the pod or the dependency, ending in what to
//! do next.

use std::fmt::Write;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{api::ListParams, core::ApiResource};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    cluster::{Cluster, ClusterError, name_of},
    look::{Look, Tone},
    request::{Target, condition, is_current},
    table::one_line,
};

mod pod;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WhyArgs {
    #[command(flatten)]
    target: Target,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// One link of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    /// What it is about: `condition Ready`, `component task`, `pod todo-task-5d…`, `container app`, `event`.
    about: String,
    /// What is wrong there.
    message: String,
}

impl Link {
    fn new(about: impl Into<String>, message: impl AsRef<str>) -> Self {
        Self {
            about: about.into(),
            message: one_line(message.as_ref()),
        }
    }
}

/// A chain from the condition to the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chain {
    links: Vec<Link>,
    /// What to do, as a command where there is one.
    next_action: String,
}

/// What a platform is judged by.
pub(crate) struct Evidence {
    platform: Value,
    pods: Vec<Value>,
    events: Vec<Value>,
}

/// Reads the platform, its pods and their events, and tells the chains.
pub(crate) async fn why(cluster: &Cluster, args: &WhyArgs, terminal: Terminal) -> Result<Answer, Failure> {
    let platform = cluster.found(args.target.name.as_deref()).await?;
    let evidence = if is_ready(&platform) {
        Evidence {
            platform,
            pods: Vec::new(),
            events: Vec::new(),
        }
    } else {
        let selector =
            ListParams::default().labels(&format!("app.kubernetes.io/part-of={}", name_of(&platform)));
        let warnings = ListParams::default().fields("type=Warning");
        Evidence {
            pods: seen(cluster, &ApiResource::erase::<Pod>(&()), &selector, terminal).await?,
            events: seen(cluster, &ApiResource::erase::<Event>(&()), &warnings, terminal).await?,
            platform,
        }
    };
    let chains = chains(&evidence);
    let name = name_of(&evidence.platform);
    let data =
        json!({"name": name, "namespace": cluster.namespace(), "ready": chains.is_empty(), "chains": chains});
    let text = args
        .output
        .data(&data)
        .unwrap_or_else(|| text(&name, &chains, terminal.look));
    Ok(Answer::new(text, chains.is_empty()))
}

/// Objects that help to explain, and are not needed: who may not read them is told so.
async fn seen(
    cluster: &Cluster,
    kind: &ApiResource,
    params: &ListParams,
    terminal: Terminal,
) -> Result<Vec<Value>, Failure> {
    match cluster.list(kind, params).await {
        Err(ClusterError::Read { object, source })
            if crate::cluster::is_answer(&source, kube::core::Status::is_forbidden) =>
        {
            (terminal.note)(&format!("remark: {object} may not be read, and are left out"));
            Ok(Vec::new())
        }
        answer => Ok(answer?),
    }
}

fn is_ready(platform: &Value) -> bool {
    is_current(platform) && condition(platform, "Ready").is_some_and(|(status, _, _)| status == "True")
}

/// Every chain that holds Ready back; none when the platform is Ready.
pub(crate) fn chains(evidence: &Evidence) -> Vec<Chain> {
    let platform = &evidence.platform;
    if is_ready(platform) {
        return Vec::new();
    }
    if !is_current(platform) {
        return vec![unseen(platform)];
    }
    let (_, reason, message) = condition(platform, "Ready").unwrap_or(("Unknown", "NotReconciled", ""));
    let head = Link::new("condition Ready", format!("{reason}: {message}"));
    let blocking = platform["status"]["blocking"].as_array();
    let chains: Vec<Chain> = blocking
        .into_iter()
        .flatten()
        .map(|blocker| chain(evidence, &head, blocker))
        .collect();
    if chains.is_empty() {
        // Nothing is named: what is under way says so itself.
        let under_way = ["Stalled", "Reconciling", "Paused"].iter().filter_map(|kind| {
            let (status, reason, message) = condition(platform, kind)?;
            (status == "True").then(|| Link::new(format!("condition {kind}"), format!("{reason}: {message}")))
        });
        return vec![Chain {
            links: std::iter::once(head).chain(under_way).collect(),
            next_action: format!("kubectl todo status {} --watch", name_of(platform)),
        }];
    }
    chains
}

/// The operator has not looked: it is the operator that is to be looked at.
fn unseen(platform: &Value) -> Chain {
    let generation = &platform["metadata"]["generation"];
    let observed = platform["status"]["observedGeneration"].as_i64().unwrap_or(-1);
    let seen = if observed < 0 {
        "the operator has never looked at this platform".to_owned()
    } else {
        format!("the operator has seen generation {observed}, and the spec is at {generation}")
    };
    Chain {
        links: vec![Link::new("condition Ready", seen)],
        next_action: "kubectl get pods -A -l app.kubernetes.io/name=todoplatform-operator".into(),
    }
}

fn chain(evidence: &Evidence, head: &Link, blocker: &Value) -> Chain {
    let text = |field: &str| blocker[field].as_str().unwrap_or_default();
    let name = text("component");
    let platform = &evidence.platform;
    let status = &platform["status"];
    let named = |list: &str| {
        status[list]
            .as_array()
            .into_iter()
            .flatten()
            .find(|entry| entry["name"] == name)
    };
    let mut links = vec![head.clone()];
    let said = format!("{}: {}", text("reason"), text("message"));
    let mut command = String::new();
    if let Some(component) = named("components") {
        let (ready, desired) = (&component["ready"], &component["desired"]);
        links.push(Link::new(
            format!("component {name}"),
            format!("{ready} of {desired} ready; {said}"),
        ));
        let found = pod::links(evidence, name);
        command = found.command;
        links.extend(found.links);
    } else if let Some(dependency) = named("dependencies") {
        let kind = dependency["kind"].as_str().unwrap_or_default();
        links.push(Link::new(format!("dependency {name} ({kind})"), said));
    } else if name.starts_with("spec") || name.starts_with("metadata") {
        links.push(Link::new(format!("field {name}"), said));
    } else {
        links.push(Link::new(name, said));
    }
    let next_action = match (text("nextAction"), command.as_str()) {
        ("", "") => format!("kubectl describe todoplatform {}", name_of(platform)),
        ("", command) => command.to_owned(),
        (next, _) => next.to_owned(),
    };
    Chain { links, next_action }
}

fn text(name: &str, chains: &[Chain], look: Look) -> String {
    if chains.is_empty() {
        return format!(
            "TodoPlatform {name} is {}: nothing holds it back\n",
            look.paint(Tone::Good, "Ready")
        );
    }
    let told: Vec<String> = chains.iter().map(|chain| chain_text(name, chain, look)).collect();
    told.join("\n")
}

fn chain_text(name: &str, chain: &Chain, look: Look) -> String {
    let mut text = format!("TodoPlatform {name} is {}\n", look.paint(Tone::Bad, "not Ready"));
    for (depth, Link { about, message }) in chain.links.iter().enumerate() {
        let indent = "   ".repeat(depth);
        let _infallible = writeln!(text, "{indent}└─ {}: {message}", look.paint(Tone::Heading, about));
    }
    for line in chain.next_action.lines() {
        let _infallible = writeln!(text, "next: {}", one_line(line));
    }
    text
}

#[cfg(test)]
mod tests;

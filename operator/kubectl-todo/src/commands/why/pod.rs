//! The part of a chain below a component: its worst pod, that pod's worst container, the last warning about it.

use serde_json::Value;

use super::{Evidence, Link};
use crate::cluster::name_of;

/// Links, and the command that shows more.
#[derive(Default)]
pub(super) struct Found {
    pub(super) links: Vec<Link>,
    pub(super) command: String,
}

/// What the pods of a component say.
pub(super) fn links(evidence: &Evidence, component: &str) -> Found {
    let of_component = |pod: &&Value| pod["metadata"]["labels"]["app.kubernetes.io/component"] == component;
    let pods: Vec<&Value> = evidence
        .pods
        .iter()
        .filter(of_component)
        .filter(|pod| !is_ready(pod))
        .collect();
    let Some(pod) = pods.iter().copied().max_by_key(|pod| trouble(pod)) else {
        return workload(evidence, component);
    };
    let name = name_of(pod);
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut found = Found {
        links: vec![Link::new(format!("pod {name}"), phase(pod))],
        command: format!("kubectl -n {namespace} describe pod {name}"),
    };
    if let Some(container) = worst_container(pod) {
        let container_name = container["name"].as_str().unwrap_or_default();
        found
            .links
            .push(Link::new(format!("container {container_name}"), state(container)));
        if container["restartCount"].as_i64().unwrap_or(0) > 0 {
            found.command = format!("kubectl -n {namespace} logs {name} -c {container_name} --previous");
        } else if container["state"]["running"].is_object() {
            found.command = format!("kubectl -n {namespace} logs {name} -c {container_name}");
        }
    }
    found.links.extend(event(evidence, |regarding| regarding == name));
    found
}

/// Without a pod, the warnings about what should make one.
fn workload(evidence: &Evidence, component: &str) -> Found {
    let name = format!("{}-{component}", name_of(&evidence.platform));
    let namespace = evidence.platform["metadata"]["namespace"]
        .as_str()
        .unwrap_or_default();
    let replica_set = format!("{name}-");
    Found {
        links: event(evidence, |regarding| {
            regarding == name || regarding.starts_with(&replica_set)
        })
        .into_iter()
        .collect(),
        command: format!(
            "kubectl -n {namespace} get events --field-selector type=Warning --sort-by .lastTimestamp"
        ),
    }
}

fn is_ready(pod: &Value) -> bool {
    conditions(pod).any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn conditions(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["status"]["conditions"].as_array().into_iter().flatten()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .flat_map(|list| pod["status"][list].as_array().into_iter().flatten())
}

/// How bad a container stands; the worst explains the pod.
fn badness(container: &Value) -> u8 {
    let waiting = container["state"]["waiting"]["reason"].as_str();
    match waiting {
        Some("ContainerCreating" | "PodInitializing") => 1,
        Some(_) => 4,
        None if container["state"]["terminated"]["exitCode"].as_i64().unwrap_or(0) != 0 => 3,
        None if container["ready"] == false => 2,
        None => 0,
    }
}

fn trouble(pod: &Value) -> (u8, String) {
    let worst = containers(pod).map(badness).max().unwrap_or(0);
    // The newest of equals: the others are on their way out.
    let created = pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default();
    (worst, created.to_owned())
}

fn worst_container(pod: &Value) -> Option<&Value> {
    containers(pod)
        .filter(|container| badness(container) > 0)
        .max_by_key(|container| badness(container))
}

fn phase(pod: &Value) -> String {
    let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
    let unscheduled = conditions(pod)
        .find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False")
        .and_then(|condition| condition["message"].as_str());
    match unscheduled {
        Some(message) => format!("{phase}, on no node: {message}"),
        None if phase == "Running" => "Running, not ready".into(),
        None => phase.into(),
    }
}

fn state(container: &Value) -> String {
    let state = &container["state"];
    let restarts = match container["restartCount"].as_i64() {
        Some(count) if count > 0 => format!(", restarted {count} times"),
        _ => String::new(),
    };
    let part = |state: &Value, field: &str| state[field].as_str().map(str::to_owned);
    let told = if state["waiting"].is_object() {
        let waiting = &state["waiting"];
        [part(waiting, "reason"), part(waiting, "message")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": ")
    } else if state["terminated"].is_object() {
        format!("ended with {}", state["terminated"]["exitCode"])
    } else {
        "running, its readiness probe fails".into()
    };
    // Why it ended before says more than that it waits now.
    let last = &container["lastState"]["terminated"];
    let before = if last.is_object() {
        let message = part(last, "message").map_or_else(String::new, |message| format!(": {message}"));
        format!("; before it ended with {}{message}", last["exitCode"])
    } else {
        String::new()
    };
    format!("{told}{restarts}{before}")
}

/// The last warning about an object of that name.
fn event(evidence: &Evidence, is_meant: impl Fn(&str) -> bool) -> Option<Link> {
    let time = |event: &Value| {
        ["lastTimestamp", "eventTime", "firstTimestamp"]
            .iter()
            .find_map(|field| event[field].as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let last = evidence
        .events
        .iter()
        .filter(|event| event["involvedObject"]["name"].as_str().is_some_and(&is_meant))
        .max_by_key(|event| time(event))?;
    let text = |field: &str| last[field].as_str().unwrap_or_default();
    Some(Link::new(
        "event",
        format!("{}: {}", text("reason"), text("message")),
    ))
}

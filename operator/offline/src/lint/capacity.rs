//! Rules about numbers of pods, CPU and memory.

use todoplatform_api::Profile;
use todoplatform_render::validated::{App, ContainerResources};

use super::{Fault, Rule, Subject, amount, rule};

pub(super) const RULES: &[Rule] = &[
    rule!("TP017", Warn, "One pod in production", single_pod),
    rule!(
        "TP018",
        Warn,
        "A service without pods that others need",
        stopped_service
    ),
    rule!(
        "TP019",
        Error,
        "A reservation above its limit",
        request_above_limit
    ),
    rule!("TP020", Info, "A CPU limit", cpu_limit),
    rule!(
        "TP021",
        Warn,
        "Bodies that a sidecar has no memory for",
        large_bodies
    ),
];

/// How many of the largest bodies a sidecar has to hold at once, at least.
const BODIES_AT_ONCE: u128 = 8;

fn services<'a>(subject: &'a Subject<'_>) -> impl Iterator<Item = (&'a str, &'a App)> {
    subject
        .settings
        .apps
        .iter()
        .map(|app| (app.node.field_path.as_str(), app))
}

fn single_pod(subject: &Subject<'_>) -> Vec<Fault> {
    if subject.settings.profile != Profile::Production {
        return Vec::new();
    }
    services(subject)
        .filter(|(_, settings)| settings.replicas == 1)
        .map(|(path, settings)| {
            let name = &settings.node.name;
            Fault::new(
                format!("{path}.replicas"),
                format!("{name} has one pod: it is away whenever that pod moves to another node"),
                format!("Set {path}.replicas to 2 or more, or leave it out"),
            )
        })
        .collect()
}

fn stopped_service(subject: &Subject<'_>) -> Vec<Fault> {
    services(subject)
        .filter(|(_, settings)| settings.replicas == 0)
        .filter_map(|(path, settings)| {
            let callers = &settings.node.callers;
            let topics: Vec<_> = settings
                .node
                .consumes
                .iter()
                .map(|topic| topic.topic.as_str())
                .collect();
            let needs = match (callers.as_slice(), topics.as_slice()) {
                ([], []) => return None,
                ([], _) => format!("events for it wait in the broker: {}", topics.join(", ")),
                (callers, _) => format!("calls of {} fail", callers.join(", ")),
            };
            Some(Fault::new(
                format!("{path}.replicas"),
                format!("{} has no pod, and {needs}", settings.node.name),
                format!("Set {path}.replicas to 1 or more"),
            ))
        })
        .collect()
}

/// The resources of every container of the services, with the section that decides them.
fn containers<'a>(subject: &'a Subject<'_>) -> Vec<(String, &'a ContainerResources)> {
    services(subject)
        .flat_map(|(path, settings)| {
            [
                (format!("{path}.resources"), &settings.resources),
                (format!("{path}.dapr.resources"), &settings.sidecar.resources),
            ]
        })
        .collect()
}

fn request_above_limit(subject: &Subject<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, resources) in containers(subject) {
        let cpu = resources.cpu_limit.as_deref().map(|limit| {
            (
                amount::millicores(&resources.cpu_request),
                amount::millicores(limit),
            )
        });
        if let Some((Some(request), Some(limit))) = cpu
            && request > limit
        {
            faults.push(Fault::new(
                format!("{path}.limits.cpu"),
                format!(
                    "{request}m CPU are reserved and {limit}m allowed: the API server refuses such a pod"
                ),
                format!("Lower {path}.requests.cpu or raise the limit"),
            ));
        }
        let memory = (
            amount::bytes(&resources.memory_request),
            amount::bytes(&resources.memory_limit),
        );
        if let (Some(request), Some(limit)) = memory
            && request > limit
        {
            faults.push(Fault::new(
                format!("{path}.limits.memory"),
                format!(
                    "{} of memory are reserved and {} allowed: the API server refuses such a pod",
                    resources.memory_request, resources.memory_limit
                ),
                format!("Lower {path}.requests.memory or raise the limit"),
            ));
        }
    }
    faults
}

fn cpu_limit(subject: &Subject<'_>) -> Vec<Fault> {
    containers(subject)
        .into_iter()
        .filter_map(|(path, resources)| {
            let limit = resources.cpu_limit.as_ref()?;
            Some(Fault::new(
                format!("{path}.limits.cpu"),
                format!("a limit of {limit} CPU throttles also while the node has CPU to spare"),
                "Leave the limit out: the reservation already divides a busy node",
            ))
        })
        .collect()
}

fn large_bodies(subject: &Subject<'_>) -> Vec<Fault> {
    services(subject)
        .filter_map(|(path, settings)| {
            let sidecar = &settings.sidecar;
            let body = amount::bytes(&sidecar.max_body_size)?;
            let memory = amount::bytes(&sidecar.resources.memory_limit)?;
            (body.saturating_mul(BODIES_AT_ONCE) > memory).then(|| {
                Fault::new(
                    format!("{path}.dapr.maxBodySize"),
                    format!(
                        "fewer than {BODIES_AT_ONCE} bodies of {} fit into the sidecar's {}: a few requests end it",
                        sidecar.max_body_size, sidecar.resources.memory_limit
                    ),
                    format!("Lower it, or raise {path}.dapr.resources.limits.memory"),
                )
            })
        })
        .collect()
}

//! `kubectl todo restart`: new pods, one component after another.

use serde_json::Value;

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Waiting},
};

/// Asks for new pods; with `.<component>` behind it, for that component's only.
const REQUESTED_AT: &str = "todoplatform.dev/restart-requested-at";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RestartArgs {
    /// The component: gateway, task, scheduler, notification, analytics, postgres, redis. Default: all services.
    component: Option<String>,
    /// The TodoPlatform. Default: the only one of the namespace.
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

/// Asks for new pods and waits until the operator has told all of them.
pub(crate) async fn restart(
    cluster: &Cluster,
    args: &RestartArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    let seen = cluster.found(args.platform.as_deref()).await?;
    if let Some(component) = &args.component {
        known(&seen, component)?;
    }
    let key = args.component.as_ref().map_or_else(
        || REQUESTED_AT.to_owned(),
        |component| format!("{REQUESTED_AT}.{component}"),
    );
    let at = (terminal.now)().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let request = Request {
        change: request::annotate(&key, at.clone()),
        asked: "asked for new pods",
        missing: "the restart was not begun everywhere",
        judge: &|platform| judge(platform, &at),
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

/// A component that the platform does not have would be asked in vain.
fn known(platform: &Value, component: &str) -> Result<(), Failure> {
    let names: Vec<_> = platform["status"]["components"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|component| component["name"].as_str())
        .collect();
    // Before the operator has looked there are no names to compare with.
    if names.is_empty() || names.contains(&component) {
        return Ok(());
    }
    Err(Failure::Refused {
        what: format!("the platform has no component {component}"),
        next_action: format!("name one of {}", names.join(", ")),
    })
}

fn judge(platform: &Value, at: &str) -> Progress {
    match platform["status"]["lastHandledRestartAt"].as_str() {
        // The newest request is told; times in this form sort as they are written.
        Some(handled) if handled >= at => {
            Progress::Done("the pods are being replaced, one component after another".into())
        }
        _ => {
            let components = platform["status"]["components"].as_array();
            let behind: Vec<_> = components
                .into_iter()
                .flatten()
                .filter(|component| component["updated"].as_i64() < component["desired"].as_i64())
                .filter_map(|component| component["name"].as_str())
                .collect();
            Progress::Waiting(match behind.as_slice() {
                [] => "the operator has not answered the request yet".into(),
                names => format!("{} being replaced", names.join(", ")),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn this_request_or_a_later_one_acknowledges() {
        let at = "2030-01-01T00:00:00Z";
        for (handled, is_done) in [
            ("2030-01-01T00:00:00Z", true),
            ("2030-01-01T00:00:01Z", true),
            ("2029-12-31T23:59:59Z", false),
        ] {
            let judged = judge(&json!({"status": {"lastHandledRestartAt": handled}}), at);
            assert_eq!(matches!(judged, Progress::Done(_)), is_done, "{handled}");
        }
        let rolling = json!({"status": {"components": [
            {"name": "task", "desired": 2, "updated": 1}, {"name": "gateway", "desired": 2, "updated": 2},
        ]}});
        assert_eq!(
            judge(&rolling, at),
            Progress::Waiting("task being replaced".into())
        );
    }

    #[test]
    fn a_component_that_is_not_there_is_refused_with_those_that_are() {
        let platform = json!({"status": {"components": [{"name": "task"}, {"name": "redis"}]}});
        assert!(known(&platform, "task").is_ok());
        assert_eq!(
            known(&platform, "tasks").unwrap_err().next_action(),
            "name one of task, redis"
        );
        assert!(known(&json!({}), "anything").is_ok());
    }
}

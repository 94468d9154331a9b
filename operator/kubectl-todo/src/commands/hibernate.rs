//! `kubectl todo hibernate`: the platform's pods away, its data kept.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Target, Waiting},
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HibernateArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    waiting: Waiting,
}

/// Asks for no pods and waits until there are none.
pub(crate) async fn hibernate(
    cluster: &Cluster,
    args: &HibernateArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    let seen = cluster.found(args.target.name.as_deref()).await?;
    let request = Request {
        change: json!({"spec": {"hibernated": true}}),
        asked: "asked to hibernate",
        missing: "not hibernated",
        judge: &judge,
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

fn judge(platform: &Value) -> Progress {
    if !request::is_current(platform) {
        return Progress::Waiting("the operator has not looked at the present spec yet".into());
    }
    let components = platform["status"]["components"].as_array();
    let running: Vec<_> = components
        .into_iter()
        .flatten()
        .filter(|component| component["desired"] != 0 || component["ready"] != 0)
        .filter_map(|component| component["name"].as_str())
        .collect();
    match running.as_slice() {
        [] => Progress::Done("hibernated: no pods, all data kept; kubectl todo wake brings it back".into()),
        names => Progress::Waiting(format!("{} still there", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pods_of_the_present_spec_acknowledge() {
        let platform = |observed: i64, ready: i64| {
            json!({
                "metadata": {"generation": 2},
                "status": {"observedGeneration": observed, "components": [{"name": "task", "desired": 0, "ready": ready}]},
            })
        };
        assert!(matches!(judge(&platform(2, 0)), Progress::Done(_)));
        assert_eq!(
            judge(&platform(2, 1)),
            Progress::Waiting("task still there".into())
        );
        assert!(matches!(judge(&platform(1, 0)), Progress::Waiting(_)));
    }
}

//! `kubectl todo resume`: the end of a pause.

use serde_json::{Value, json};

use super::pause::PAUSED_UNTIL;
use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Target, Waiting, condition},
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    waiting: Waiting,
}

/// Takes both ways of pausing back and waits until the operator works on.
pub(crate) async fn resume(
    cluster: &Cluster,
    args: &ResumeArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    let seen = cluster.found(args.target.name.as_deref()).await?;
    let mut change = request::annotate(PAUSED_UNTIL, Value::Null);
    change["spec"] = json!({"paused": null});
    let request = Request {
        change,
        asked: "asked to go on",
        missing: "still paused",
        judge: &judge,
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

fn judge(platform: &Value) -> Progress {
    match condition(platform, "Paused") {
        Some(("True", _, message)) => Progress::Waiting(format!("still paused: {message}")),
        _ if request::is_current(platform) => Progress::Done("not paused".into()),
        _ => Progress::Waiting("the operator has not looked at the present spec yet".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_condition_acknowledges() {
        let status = |paused: &str, observed: i64| {
            json!({
                "metadata": {"generation": 2},
                "status": {"observedGeneration": observed, "conditions": [{"type": "Paused", "status": paused}]},
            })
        };
        assert_eq!(judge(&status("False", 2)), Progress::Done("not paused".into()));
        for waiting in [status("True", 2), status("False", 1)] {
            assert!(matches!(judge(&waiting), Progress::Waiting(_)), "{waiting}");
        }
    }
}

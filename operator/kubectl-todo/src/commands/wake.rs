//! `kubectl todo wake`: the end of hibernation.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Target, Waiting, condition},
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WakeArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    waiting: Waiting,
}

/// Asks for the pods and waits until the platform is Ready.
pub(crate) async fn wake(cluster: &Cluster, args: &WakeArgs, terminal: Terminal) -> Result<Answer, Failure> {
    let seen = cluster.found(args.target.name.as_deref()).await?;
    let request = Request {
        change: json!({"spec": {"hibernated": null}}),
        asked: "asked to wake",
        missing: "not Ready",
        judge: &judge,
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

fn judge(platform: &Value) -> Progress {
    if !request::is_current(platform) {
        return Progress::Waiting("the operator has not looked at the present spec yet".into());
    }
    match condition(platform, "Ready") {
        Some(("True", _, message)) => Progress::Done(format!("awake: {message}")),
        Some((_, reason, message)) => Progress::Waiting(format!("{reason}: {message}")),
        None => Progress::Waiting("the operator has not said Ready yet".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_for_the_present_spec_acknowledges() {
        let platform = |observed: i64, status: &str| {
            json!({
                "metadata": {"generation": 2},
                "status": {"observedGeneration": observed, "conditions": [
                    {"type": "Ready", "status": status, "reason": "Progressing", "message": "3 of 5"},
                ]},
            })
        };
        assert_eq!(
            judge(&platform(2, "True")),
            Progress::Done("awake: 3 of 5".into())
        );
        assert_eq!(
            judge(&platform(2, "False")),
            Progress::Waiting("Progressing: 3 of 5".into())
        );
        assert!(matches!(judge(&platform(1, "True")), Progress::Waiting(_)));
    }
}

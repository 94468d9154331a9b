//! `kubectl todo pause`: the operator leaves the platform as it is.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Target, Waiting, condition},
};

/// Until when the operator leaves the platform as it is.
pub(crate) const PAUSED_UNTIL: &str = "todoplatform.dev/paused-until";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    target: Target,
    /// Go on by itself after this time: 30m, 2h. Default: until `kubectl todo resume`.
    #[arg(long = "for", value_name = "DURATION", value_parser = request::duration)]
    duration: Option<SignedDuration>,
    #[command(flatten)]
    waiting: Waiting,
}

/// Asks for the pause and waits until the operator holds still.
pub(crate) async fn pause(
    cluster: &Cluster,
    args: &PauseArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    let seen = cluster.found(args.target.name.as_deref()).await?;
    let change = match args.duration {
        None => json!({"spec": {"paused": true}}),
        Some(duration) => {
            let until = ((terminal.now)() + duration)
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string();
            request::annotate(PAUSED_UNTIL, until)
        }
    };
    let request = Request {
        change,
        asked: "asked to pause",
        missing: "not paused",
        judge: &judge,
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

fn judge(platform: &Value) -> Progress {
    match condition(platform, "Paused") {
        Some(("True", _, message)) => Progress::Done(format!("paused: {message}")),
        _ => Progress::Waiting("the operator has not said Paused yet".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_acknowledges() {
        let with = |status: &str| json!({"status": {"conditions": [{"type": "Paused", "status": status, "message": "until resumed"}]}});
        assert_eq!(
            judge(&with("True")),
            Progress::Done("paused: until resumed".into())
        );
        assert!(matches!(judge(&with("False")), Progress::Waiting(_)));
        assert!(matches!(judge(&json!({})), Progress::Waiting(_)));
    }
}

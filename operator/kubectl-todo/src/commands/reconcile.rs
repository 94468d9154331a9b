//! `kubectl todo reconcile`: a pass of the operator now.

use serde_json::Value;

use crate::{
    answer::{Answer, Failure, Terminal},
    cluster::Cluster,
    request::{self, Progress, Request, Target, Waiting},
};

/// Asks for a pass; its value is the request's time.
const REQUESTED_AT: &str = "todoplatform.dev/reconcile-requested-at";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    waiting: Waiting,
}

/// Asks for a pass and waits until the operator has made it.
pub(crate) async fn reconcile(
    cluster: &Cluster,
    args: &ReconcileArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    let seen = cluster.found(args.target.name.as_deref()).await?;
    // Two requests in one second are two.
    let at = (terminal.now)().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let request = Request {
        change: request::annotate(REQUESTED_AT, at.clone()),
        asked: "asked for a pass",
        missing: "no pass",
        judge: &|platform| judge(platform, &at),
    };
    let text = request::send(cluster, &seen, &request, &args.waiting, terminal).await?;
    Ok(Answer::done(text))
}

fn judge(platform: &Value, at: &str) -> Progress {
    match platform["status"]["lastHandledReconcileAt"].as_str() {
        Some(handled) if handled == at => Progress::Done("looked at again".into()),
        _ => Progress::Waiting("the operator has not answered the request yet".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_this_request_acknowledges() {
        let handled = |at: &str| json!({"status": {"lastHandledReconcileAt": at}});
        let at = "2030-01-01T00:00:00.000Z";
        assert!(matches!(judge(&handled(at), at), Progress::Done(_)));
        assert!(matches!(
            judge(&handled("2029-01-01T00:00:00.000Z"), at),
            Progress::Waiting(_)
        ));
        assert!(matches!(judge(&json!({}), at), Progress::Waiting(_)));
    }
}

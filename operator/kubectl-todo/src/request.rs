//! What the commands share that ask the operator for something: change the platform, then wait until the operator says
//! that it has seen it.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    answer::{Failure, Terminal},
    cluster::{Cluster, name_of},
};

/// How often the platform is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Longest time that can be asked for.
const LONGEST: SignedDuration = SignedDuration::from_hours(8760);

/// Which platform.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Target {
    /// The TodoPlatform. Default: the only one of the namespace.
    pub(crate) name: Option<String>,
}

/// For how long.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Waiting {
    /// Ask, and do not wait until the operator has acknowledged.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait for the operator: 90s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration)]
    pub(crate) timeout: SignedDuration,
}

/// How far the operator is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has acknowledged; in these words.
    Done(String),
    /// Not yet; in these words.
    Waiting(String),
}

/// What is asked for.
pub(crate) struct Request<'a> {
    /// The merge patch that asks.
    pub(crate) change: Value,
    /// Said when it was asked and nobody waits (`asked to pause`).
    pub(crate) asked: &'static str,
    /// Said when the time is up (`not paused`).
    pub(crate) missing: &'static str,
    /// Reads the answer from the platform.
    pub(crate) judge: &'a dyn Fn(&Value) -> Progress,
}

/// Asks, and waits. Gives the line that says what came of it.
pub(crate) async fn send(
    cluster: &Cluster,
    seen: &Value,
    request: &Request<'_>,
    waiting: &Waiting,
    terminal: Terminal,
) -> Result<String, Failure> {
    let name = name_of(seen);
    let mut platform = cluster.change(&name, &request.change).await?;
    if waiting.no_wait {
        return Ok(format!("TodoPlatform {name}: {}\n", request.asked));
    }
    let until = (terminal.now)() + waiting.timeout;
    let mut told = String::new();
    loop {
        let last = match (request.judge)(&platform) {
            Progress::Done(words) => return Ok(format!("TodoPlatform {name}: {words}\n")),
            Progress::Waiting(words) => words,
        };
        if last != told {
            (terminal.note)(&format!("waiting: {last}"));
            told.clone_from(&last);
        }
        if (terminal.now)() >= until {
            return Err(Failure::Unacknowledged {
                platform: name,
                what: request.missing,
                seconds: waiting.timeout.as_secs(),
                last,
            });
        }
        tokio::time::sleep(EVERY).await;
        platform = cluster.found(Some(&name)).await?;
    }
}

/// A change that sets an annotation, or with null takes it away.
pub(crate) fn annotate(key: &str, value: impl Into<Value>) -> Value {
    let mut annotations = json!({});
    annotations[key] = value.into();
    json!({"metadata": {"annotations": annotations}})
}

/// A condition of the platform: status, reason and message.
pub(crate) fn condition<'a>(platform: &'a Value, kind: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let conditions = platform.pointer("/status/conditions")?.as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == kind)?;
    let text = |field: &str| found[field].as_str().unwrap_or_default();
    Some((text("status"), text("reason"), text("message")))
}

/// Whether the status speaks of the present spec.
pub(crate) fn is_current(platform: &Value) -> bool {
    let generation = &platform["metadata"]["generation"];
    !generation.is_null() && platform["status"]["observedGeneration"] == *generation
}

/// `90s`, `15m`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_unparsed| "not a duration such as 90s, 15m or 2h".to_owned())?;
    match duration {
        duration if duration < SignedDuration::from_secs(1) => Err("a second or more".into()),
        duration if duration > LONGEST => Err("a year (8760h) at most".into()),
        duration => Ok(duration),
    }
}

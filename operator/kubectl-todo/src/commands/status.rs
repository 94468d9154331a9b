//! `kubectl todo status`: how a platform stands, and what to do where it does not.

use std::{fmt::Write, time::Duration};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, json};
use todoplatform_api::{Blocker, TodoPlatformStatus};

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    cluster::{Cluster, name_of},
    look::{Look, Tone},
    request::is_current,
    table::{self, Cell},
};

mod sidecar;

/// How often a platform is looked at that is watched.
const EVERY: Duration = Duration::from_secs(1);
/// Puts the cursor to the upper left corner and clears the screen.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// The TodoPlatform. Default: the only one of the namespace.
    name: Option<String>,
    /// One line for each platform of all namespaces.
    #[arg(short = 'A', long, conflicts_with_all = ["name", "watch"])]
    all_namespaces: bool,
    /// Go on, and show the status anew whenever it changes, until Ctrl-C.
    #[arg(short, long)]
    watch: bool,
    /// How the answer is written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Shows one platform, all of them, or one again and again.
pub(crate) async fn status(
    cluster: &Cluster,
    args: &StatusArgs,
    terminal: Terminal,
) -> Result<Answer, Failure> {
    if args.all_namespaces {
        let platforms = cluster.all(true).await?;
        let reports: Vec<_> = platforms.into_iter().map(Report::new).collect();
        let data: Vec<_> = reports.iter().map(Report::data).collect();
        let text = args
            .output
            .data(&json!(data))
            .unwrap_or_else(|| overview(&reports, args.output == Output::Wide, terminal.look));
        return Ok(Answer::new(text, reports.iter().all(Report::is_ready)));
    }
    let mut shown = String::new();
    loop {
        let report = Report::new(cluster.found(args.name.as_deref()).await?);
        let text = args
            .output
            .data(&report.data())
            .unwrap_or_else(|| report.text(terminal.look, (terminal.now)(), args.output == Output::Wide));
        if !args.watch {
            return Ok(Answer::new(text, report.is_ready()));
        }
        let version = report.version();
        if version != shown {
            let lead = match (terminal.is_interactive, shown.is_empty()) {
                (true, _) => CLEAR,
                (false, true) => "",
                (false, false) => "\n",
            };
            shown = version;
            if !(terminal.print)(&format!("{lead}{text}")) {
                return Ok(Answer::new(String::new(), report.is_ready()));
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How a platform stands. As data: name, namespace, whether it is ready, and the fields of `status`, also those that this
/// version does not know.
#[derive(Debug)]
pub(crate) struct Report {
    platform: Value,
    ready: bool,
    /// Whether the status speaks of the present spec.
    current: bool,
    status: TodoPlatformStatus,
}

impl Report {
    /// The report of a platform.
    pub(crate) fn new(platform: Value) -> Self {
        let status: TodoPlatformStatus =
            serde_json::from_value(platform["status"].clone()).unwrap_or_default();
        let current = is_current(&platform);
        let is_true = |condition: &Condition| condition.type_ == "Ready" && condition.status == "True";
        Self {
            // A status of a former spec says nothing about this one.
            ready: current && status.conditions.iter().any(is_true),
            current,
            status,
            platform,
        }
    }

    /// Whether every component of the present spec serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// For programs.
    pub(crate) fn data(&self) -> Value {
        let mut data = match &self.platform["status"] {
            Value::Object(status) => Value::Object(status.clone()),
            _ => json!({}),
        };
        data["name"] = name_of(&self.platform).into();
        data["namespace"] = self.platform["metadata"]["namespace"].clone();
        data["ready"] = self.ready.into();
        data["current"] = self.current.into();
        data
    }

    fn version(&self) -> String {
        self.platform["metadata"]["resourceVersion"].to_string()
    }

    /// For people. Ages are counted until `now`.
    pub(crate) fn text(&self, look: Look, now: Timestamp, is_wide: bool) -> String {
        let sections = [
            self.summary(look),
            self.conditions(look, now),
            self.components(look, is_wide),
            sidecar::table(&self.platform, look),
            self.dependencies(look),
            self.blocking(look),
        ];
        let told: Vec<_> = sections
            .into_iter()
            .filter(|section| !section.is_empty())
            .collect();
        told.join("\n")
    }

    fn summary(&self, look: Look) -> String {
        let state = match (self.ready, self.current) {
            (true, _) => look.paint(Tone::Good, "Ready"),
            (false, true) => look.paint(Tone::Bad, "not Ready"),
            (false, false) => look.paint(
                Tone::Waiting,
                "not Ready: the operator has not looked at the present spec yet",
            ),
        };
        let mut text = format!(
            "TodoPlatform {}/{}: {state}\n",
            self.platform["metadata"]["namespace"]
                .as_str()
                .unwrap_or_default(),
            name_of(&self.platform)
        );
        let facts = [
            ("endpoint", &self.status.endpoint),
            ("version", &self.status.version),
            ("components", &self.status.components_ready),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                let _infallible = writeln!(text, "  {name:<10}   {value}");
            }
        }
        text
    }

    fn conditions(&self, look: Look, now: Timestamp) -> String {
        let row = |condition: &Condition| {
            [
                Cell::plain(&condition.type_),
                Cell::toned(tone(condition), &condition.status),
                Cell::plain(&condition.reason),
                Cell::plain(age(condition.last_transition_time.0, now)),
                Cell::plain(&condition.message),
            ]
        };
        let rows = self.status.conditions.iter().map(row).collect();
        table::lines(["CONDITION", "STATUS", "REASON", "SINCE", "MESSAGE"], rows, look)
    }

    fn components(&self, look: Look, is_wide: bool) -> String {
        let rows = self.status.components.iter().map(|component| {
            let tone = if component.ready >= component.desired {
                Tone::Good
            } else {
                Tone::Bad
            };
            let revision = component.revision.as_deref().filter(|_| is_wide);
            [
                Cell::plain(&component.name),
                Cell::toned(tone, format!("{}/{}", component.ready, component.desired)),
                Cell::plain(format!("{}/{}", component.updated, component.desired)),
                Cell::plain(&component.reason),
                Cell::plain(component.image.as_deref().unwrap_or_default()),
                Cell::plain(revision.unwrap_or_default()),
                Cell::plain(&component.message),
            ]
        });
        let revision = if is_wide { "REVISION" } else { "" };
        table::lines(
            [
                "COMPONENT",
                "READY",
                "UPDATED",
                "REASON",
                "IMAGE",
                revision,
                "MESSAGE",
            ],
            rows.collect(),
            look,
        )
    }

    fn dependencies(&self, look: Look) -> String {
        let rows = self.status.dependencies.iter().map(|dependency| {
            let (tone, word) = if dependency.ready {
                (Tone::Good, "yes")
            } else {
                (Tone::Bad, "no")
            };
            [
                Cell::plain(&dependency.name),
                Cell::plain(&dependency.kind),
                Cell::toned(tone, word),
                Cell::plain(&dependency.reason),
                Cell::plain(&dependency.message),
            ]
        });
        table::lines(
            ["DEPENDENCY", "KIND", "READY", "REASON", "MESSAGE"],
            rows.collect(),
            look,
        )
    }

    fn blocking(&self, look: Look) -> String {
        if self.status.blocking.is_empty() {
            return String::new();
        }
        let mut text = format!("{}\n", look.paint(Tone::Heading, "BLOCKING"));
        for Blocker {
            component,
            reason,
            message,
            next_action,
        } in &self.status.blocking
        {
            let _infallible = writeln!(
                text,
                "{component}: {}: {}",
                look.paint(Tone::Bad, reason),
                table::one_line(message)
            );
            for line in next_action.lines() {
                let _infallible = writeln!(text, "  next: {}", table::one_line(line));
            }
        }
        text
    }
}

/// One line for each platform.
fn overview(reports: &[Report], is_wide: bool, look: Look) -> String {
    if reports.is_empty() {
        return "there is no TodoPlatform\n".into();
    }
    let rows = reports.iter().map(|report| {
        let ready = report
            .status
            .conditions
            .iter()
            .find(|condition| condition.type_ == "Ready");
        let (tone, word) = match (report.ready, report.current) {
            (true, _) => (Tone::Good, "yes"),
            (false, true) => (Tone::Bad, "no"),
            (false, false) => (Tone::Waiting, "unknown"),
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let wide = |value: String| if is_wide { value } else { String::new() };
        [
            Cell::plain(
                report.platform["metadata"]["namespace"]
                    .as_str()
                    .unwrap_or_default(),
            ),
            Cell::plain(name_of(&report.platform)),
            Cell::toned(tone, word),
            Cell::plain(ready.map(|ready| ready.reason.clone()).unwrap_or_default()),
            Cell::plain(text(&report.status.components_ready)),
            Cell::plain(text(&report.status.version)),
            Cell::plain(wide(text(&report.status.endpoint))),
            Cell::plain(wide(ready.map(|ready| ready.message.clone()).unwrap_or_default())),
        ]
    });
    let wide = |head: &'static str| if is_wide { head } else { "" };
    table::lines(
        [
            "NAMESPACE",
            "NAME",
            "READY",
            "STATUS",
            "COMPONENTS",
            "VERSION",
            wide("ENDPOINT"),
            wide("MESSAGE"),
        ],
        rows.collect(),
        look,
    )
}

/// `Reconciling` and `Stalled` are there while True only, and are no good news.
fn tone(condition: &Condition) -> Tone {
    match (condition.type_.as_str(), condition.status.as_str()) {
        ("Stalled", "True") | (_, "False") => Tone::Bad,
        ("Reconciling", "True") | (_, "Unknown") => Tone::Waiting,
        _ => Tone::Good,
    }
}

/// The time between, in its largest unit, as kubectl writes ages; a clock that is ahead counts as no time.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;

//! Rules about running a platform.

use todoplatform_api::LogLevel;

use super::{Fault, Rule, Subject, rule};

pub(super) const RULES: &[Rule] = &[
    rule!("TP024", Info, "A debug log in production", debug_log),
    rule!("TP025", Warn, "Production that nobody watches", unwatched),
    rule!("TP026", Info, "Pods that take minutes to stop", slow_stop),
];

/// Above this, node drains and rollouts are noticeably held up.
const SLOWEST_STOP_SECONDS: i32 = 180;

fn debug_log(subject: &Subject<'_>) -> Vec<Fault> {
    if !subject.is_production() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for settings in &subject.settings.apps {
        let path = &settings.node.field_path;
        for (level, field) in [
            (settings.log_level, "logLevel"),
            (settings.sidecar.log_level, "dapr.logLevel"),
        ] {
            if level == LogLevel::Debug {
                faults.push(Fault::new(
                    format!("{path}.{field}"),
                    "a debug log costs a line per request and more",
                    format!("Set {path}.{field} to info once the question is answered"),
                ));
            }
        }
    }
    faults
}

fn unwatched(subject: &Subject<'_>) -> Vec<Fault> {
    if !subject.is_production() || subject.settings.monitoring.is_some() {
        return Vec::new();
    }
    vec![Fault::new(
        "spec.observability.monitoring.enabled",
        "there are no metrics and no alerts: nobody hears of a platform that fails",
        "Remove the field, or ignore this rule where another system watches the pods",
    )]
}

fn slow_stop(subject: &Subject<'_>) -> Vec<Fault> {
    let services = subject.settings.apps.iter();
    services
        .filter_map(|settings| {
            let sidecar = &settings.sidecar;
            let seconds = sidecar.block_shutdown_seconds + sidecar.graceful_shutdown_seconds;
            (seconds > SLOWEST_STOP_SECONDS).then(|| {
                Fault::new(
                    format!("{}.dapr.blockShutdownSeconds", settings.node.field_path),
                    format!("a pod takes {seconds} seconds to stop, and a rollout that for every pod"),
                    "Shorten blockShutdownSeconds and gracefulShutdownSeconds to what the longest request needs",
                )
            })
        })
        .collect()
}

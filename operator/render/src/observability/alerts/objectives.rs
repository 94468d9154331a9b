//! Objectives: how much of the budget of errors is spent, and how fast.

use todoplatform_api::AlertSeverity::{Critical, Warning};
use todoplatform_kinds::monitoring::{Group, Rule};

use super::{Alert, Scope};
use crate::{
    observability::{decimal::decimal, metrics::WINDOWS, slo::Indicator},
    validated::{App, SloSettings},
};

const BURN_FAST: Alert = Alert {
    name: "TodoSloBurnFast",
    severity: Critical,
    family: "slo",
    for_: "2m",
    keep_firing_for: None,
    threshold: None,
    summary: "<namespace>/<platform> misses its objective <slo>, fast",
    description: "{{ $value | humanizePercentage }} is not good. What is allowed in 30 days is gone in a few at this pace. First see which application and route it is; then: kubectl todo why <platform> -n <namespace>",
    dashboard: "slos",
};
const BURN_SLOW: Alert = Alert {
    name: "TodoSloBurnSlow",
    severity: Warning,
    family: "slo",
    for_: "1h",
    keep_firing_for: None,
    threshold: None,
    summary: "<namespace>/<platform> misses its objective <slo>, slowly",
    description: "{{ $value | humanizePercentage }} is not good. What is allowed in 30 days does not last that long. See which application and route it is; then: kubectl todo why <platform> -n <namespace>",
    dashboard: "slos",
};
const NO_DATA: Alert = Alert {
    name: "TodoSloNoData",
    severity: Warning,
    family: "slo",
    for_: "30m",
    keep_firing_for: None,
    threshold: None,
    summary: "Nothing is known of the objective <slo> of <namespace>/<platform>",
    description: "No application that it is about is scraped, so a failure would not be seen either. Look at: kubectl -n <namespace> get podmonitors,servicemonitors,prometheusrules",
    dashboard: "slos",
};

pub(super) const ALERTS: &[Alert] = &[BURN_FAST, BURN_SLOW, NO_DATA];

/// How fast the budget of 30 days is spent.
struct Burn {
    alert: Alert,
    long: &'static str,
    short: &'static str,
    /// Tenths: how many times faster than allowed.
    factor: u64,
    for_: &'static str,
}

/// 2 % of the budget in an hour, 5 % in six, 10 % in a day, 10 % in three days.
const BURNS: [Burn; 4] = [
    Burn {
        alert: BURN_FAST,
        long: "1h",
        short: "5m",
        factor: 144,
        for_: "2m",
    },
    Burn {
        alert: BURN_FAST,
        long: "6h",
        short: "30m",
        factor: 60,
        for_: "15m",
    },
    Burn {
        alert: BURN_SLOW,
        long: "1d",
        short: "2h",
        factor: 30,
        for_: "1h",
    },
    Burn {
        alert: BURN_SLOW,
        long: "3d",
        short: "6h",
        factor: 10,
        for_: "3h",
    },
];

/// Windows from which on a rule reads so much that it is evaluated less often.
const LONG: [&str; 3] = ["6h", "1d", "3d"];

pub(super) fn groups(scope: &Scope<'_>) -> Vec<Group> {
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for (name, slo) in scope.slos() {
        let apps = apps(scope, &slo.indicator);
        if apps.is_empty() {
            continue;
        }
        let ids = apps.into_iter().map(|app| scope.app_id(app)).collect();
        let mut scope = scope
            .labelled("slo", name.as_str())
            .matching("apps", "app_id", ids);
        if let Some(app) = slo.indicator.app() {
            scope = scope.labelled("app_id", scope.platform.names.app_id(app));
        }
        for window in WINDOWS {
            let rule = scope.record(
                &format!("todo:sli_error:ratio_rate{window}"),
                &errors(slo, window),
            );
            if LONG.contains(&window) {
                long.push(rule);
            } else {
                short.push(rule);
            }
        }
        short.extend(recorded(&scope, slo));
        long.push(remaining(&scope));
        long.push(scope.record(
            "todo:slo_budget_remaining:ratio",
            &format!(
                r#"1 - todo:sli_error:ratio_rate30d{{<own>,slo="<slo>"}} / {}"#,
                slo.objective.budget()
            ),
        ));
        short.extend(alerts(&scope, slo));
    }
    let long = Group {
        interval: Some("2m".into()),
        ..scope.group("slo.long", long)
    };
    vec![scope.group("slo", short), long]
}

/// The running applications whose metrics say it.
fn apps<'a>(scope: &Scope<'a>, indicator: &Indicator) -> Vec<&'a App> {
    let apps = scope.apps().into_iter();
    apps.filter(|App { node, .. }| match indicator {
        Indicator::Availability(name) | Indicator::Latency(name) => node.name == *name,
        Indicator::EventDelivery => node.service.is_some() && !node.consumes.is_empty(),
        Indicator::Reminders => node.publishes.iter().any(|topic| topic == "task.reminder"),
    })
    .collect()
}

/// Name of the histogram, and what of it counts: of requests not the events, which have an objective of their own.
fn histogram(indicator: &Indicator) -> (&'static str, &'static str) {
    match indicator {
        Indicator::Availability(_) | Indicator::Latency(_) => (
            "todo_http_request_duration_seconds",
            r#"<own>,<apps>,route!~"/events/.*|/healthz""#,
        ),
        Indicator::EventDelivery => ("todo_event_age_seconds", "<own>,<apps>"),
        Indicator::Reminders => ("todo_reminder_lateness_seconds", "<own>,<apps>"),
    }
}

/// The share that is not good. Without traffic there is none.
fn errors(slo: &SloSettings, window: &str) -> String {
    let (name, matchers) = histogram(&slo.indicator);
    let total = format!("(sum(rate({name}_count{{{matchers}}}[{window}])) > 0)");
    match slo.threshold_milliseconds {
        // A series of failures is not there before the first.
        None => format!(
            r#"(sum(rate({name}_count{{{matchers},status=~"5.."}}[{window}])) or vector(0)) / {total}"#
        ),
        Some(threshold) => format!(
            "1 - sum(rate({name}_bucket{{{matchers},{}}}[{window}])) / {total}",
            bound(threshold)
        ),
    }
}

/// The bucket below a bound: a whole number of seconds is written with a fraction or without, by the version of Prometheus.
fn bound(milliseconds: i32) -> String {
    let seconds = decimal(u64::from(milliseconds.unsigned_abs()), 3);
    if seconds.contains('.') {
        format!("le=\"{seconds}\"")
    } else {
        format!(r#"le=~"{seconds}(\\.0)?""#)
    }
}

fn recorded(scope: &Scope<'_>, slo: &SloSettings) -> [Rule; 4] {
    let (name, matchers) = histogram(&slo.indicator);
    [
        // An application that answers and has nothing to do counts as 0.
        scope.record(
            "todo:sli_total:rate1h",
            &format!(
                r#"sum(rate({name}_count{{{matchers}}}[1h])) or 0 * count(up{{<own>,<apps>,endpoint="admin"}} == 1)"#
            ),
        ),
        scope.record(
            "todo:slo_objective:ratio",
            &format!("vector({})", slo.objective.ratio()),
        ),
        scope.record(
            "todo:slo_error_budget:ratio",
            &format!("vector({})", slo.objective.budget()),
        ),
        scope.record(
            "todo:slo_burn_rate:ratio",
            &format!(
                r#"todo:sli_error:ratio_rate1h{{<own>,slo="<slo>"}} / {}"#,
                slo.objective.budget()
            ),
        ),
    ]
}

/// Over 30 days, from what is recorded of each hour: an hour counts by what happened in it. Of a platform that has not seen the end of
/// an hour, the time that it has.
fn remaining(scope: &Scope<'_>) -> Rule {
    scope.record(
        "todo:sli_error:ratio_rate30d",
        r#"sum_over_time((todo:sli_error:ratio_rate1h{<own>,slo="<slo>"} * todo:sli_total:rate1h{<own>,slo="<slo>"})[30d:1h]) / (sum_over_time(todo:sli_total:rate1h{<own>,slo="<slo>"}[30d:1h]) > 0) or todo:sli_error:ratio_rate1h{<own>,slo="<slo>"}"#,
    )
}

fn alerts(scope: &Scope<'_>, slo: &SloSettings) -> Vec<Rule> {
    let burns = BURNS.iter().filter_map(|burn| {
        let scope = scope
            .labelled("window", burn.long)
            .with("short", burn.short)
            .with("bound", slo.objective.burning(burn.factor))
            .with("minimum", slo.minimum_per_hour.to_string());
        let alert = Alert {
            for_: burn.for_,
            ..burn.alert
        };
        scope.alert(
            &alert,
            r#"todo:sli_error:ratio_rate<short>{<own>,slo="<slo>"} > <bound> and todo:sli_error:ratio_rate<window>{<own>,slo="<slo>"} > <bound> and todo:sli_total:rate1h{<own>,slo="<slo>"} * 3600 > <minimum>"#,
        )
    });
    let no_data = scope.alert(&NO_DATA, r#"absent(todo:sli_total:rate1h{<own>,slo="<slo>"})"#);
    burns.chain(no_data).collect()
}

//! What the platform's own rules record about objectives, worked out from the story as the rules do it from the metrics.

use todoplatform_render::{ValidatedPlatform, observability::slo::Indicator, validated::SloSettings};

use super::{labels::Labels, story};

/// Minutes of each window.
const WINDOWS: [(&str, f64); 8] = [
    ("5m", 5.0),
    ("30m", 30.0),
    ("1h", 60.0),
    ("2h", 120.0),
    ("6h", 360.0),
    ("1d", 1_440.0),
    ("3d", 4_320.0),
    ("30d", 43_200.0),
];

/// The value of a recorded series; none when it is none of these.
pub(crate) fn level(name: &str, labels: &Labels, minute: f64, platform: &ValidatedPlatform) -> Option<f64> {
    let slo = platform.alerting.as_ref()?.slos.get(labels.get("slo")?)?;
    let objective: f64 = slo.objective.ratio().parse().ok()?;
    let budget = 1.0 - objective;
    let over = |window: f64| error_over(slo, budget, window, minute);
    match name {
        "todo:slo_objective:ratio" => Some(objective),
        "todo:slo_error_budget:ratio" => Some(budget),
        "todo:slo_burn_rate:ratio" => Some(over(60.0) / budget),
        "todo:slo_budget_remaining:ratio" => Some(1.0 - over(43_200.0) / budget),
        "todo:sli_total:rate1h" => Some(traffic(&slo.indicator) * mean(minute - 60.0, minute, story::load)),
        _ => {
            let window = name.strip_prefix("todo:sli_error:ratio_rate")?;
            WINDOWS
                .iter()
                .find(|(name, _)| *name == window)
                .map(|(_, minutes)| over(*minutes))
        }
    }
}

/// Share that was not good over a window: the story's, and before it began what was usual.
fn error_over(slo: &SloSettings, budget: f64, window: f64, minute: f64) -> f64 {
    let told = window.min(minute);
    let usual = budget * spent_before(&slo.indicator);
    let error = |minute: f64| budget * spent_usually(&slo.indicator) + extra(&slo.indicator, minute);
    (mean(minute - told, minute, error) * told + usual * (window - told)) / window
}

/// The mean of what is so at each half minute.
fn mean(from: f64, to: f64, at: impl Fn(f64) -> f64) -> f64 {
    let mut minute = to;
    let (mut sum, mut count) = (0.0, 0.0);
    while minute >= from {
        sum += at(minute.max(0.0));
        count += 1.0;
        minute -= 0.5;
    }
    sum / f64::max(count, 1.0)
}

/// What the rush and the outage do to an objective.
fn extra(indicator: &Indicator, minute: f64) -> f64 {
    let of = |app: &str| match app {
        "gateway" => 1.0,
        "task" => 0.8,
        "analytics" => 0.3,
        _ => 0.05,
    };
    match indicator {
        Indicator::Availability(app) => (story::failing(minute) - story::failing(0.0)) * of(app),
        Indicator::Latency(app) => 0.12 * (story::rush(minute) - 0.6).max(0.0) * of(app),
        Indicator::EventDelivery if story::is_behind(minute) => 0.9,
        Indicator::Reminders if story::is_behind(minute) => 0.08,
        Indicator::EventDelivery | Indicator::Reminders => 0.0,
    }
}

/// Of the budget, what an ordinary minute spends.
fn spent_usually(indicator: &Indicator) -> f64 {
    0.15 + 0.1 * story::noise(&indicator.name(), 1)
}

/// Of the budget, what the 30 days before have spent.
fn spent_before(indicator: &Indicator) -> f64 {
    match indicator {
        Indicator::EventDelivery => 0.68,
        Indicator::Availability(app) if app == "gateway" => 0.52,
        other => 0.26 + 0.2 * story::noise(&other.name(), 2),
    }
}

fn traffic(indicator: &Indicator) -> f64 {
    match indicator {
        Indicator::Availability(app) | Indicator::Latency(app) => match app.as_str() {
            "gateway" => 12.0,
            "task" => 9.0,
            _ => 1.2,
        },
        Indicator::EventDelivery => 9.0,
        Indicator::Reminders => 0.5,
    }
}

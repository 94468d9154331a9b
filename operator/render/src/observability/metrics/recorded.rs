//! What the platform's own rules record.

use super::{Metric, Source, Unit};

/// Windows of the recorded error ratios, shortest first.
pub const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

const SLO: &[&str] = &["slo", "app_id"];

const fn error_ratio(name: &'static str) -> Metric {
    Metric::gauge(
        name,
        Unit::Ratio,
        SLO,
        "Share of what an objective counts that was not good, in the window",
    )
}

pub(super) const SOURCE: Source = Source {
    title: "Recorded by the platform's own rules",
    target_labels: &["namespace", "platform"],
    metrics: &[
        error_ratio("todo:sli_error:ratio_rate5m"),
        error_ratio("todo:sli_error:ratio_rate30m"),
        error_ratio("todo:sli_error:ratio_rate1h"),
        error_ratio("todo:sli_error:ratio_rate2h"),
        error_ratio("todo:sli_error:ratio_rate6h"),
        error_ratio("todo:sli_error:ratio_rate1d"),
        error_ratio("todo:sli_error:ratio_rate3d"),
        error_ratio("todo:sli_error:ratio_rate30d"),
        Metric::gauge(
            "todo:sli_total:rate1h",
            Unit::PerSecond,
            SLO,
            "How much there is of what an objective counts",
        ),
        Metric::gauge(
            "todo:slo_objective:ratio",
            Unit::Ratio,
            SLO,
            "Share that must be good",
        ),
        Metric::gauge(
            "todo:slo_error_budget:ratio",
            Unit::Ratio,
            SLO,
            "Share that may be not good",
        ),
        Metric::gauge(
            "todo:slo_burn_rate:ratio",
            Unit::Ratio,
            SLO,
            "How many times faster than allowed the budget is spent, over the last hour",
        ),
        Metric::gauge(
            "todo:slo_budget_remaining:ratio",
            Unit::Ratio,
            SLO,
            "What is left of the budget of 30 days; below 0 it is overspent",
        ),
    ],
};

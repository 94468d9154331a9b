//! Objectives and what is left of their error budgets, from the series that the platform's own rules record.

use super::{CHOSEN, Colour, Draft, Panel, Shape, Unit, WIDTH, row};
use crate::observability::metrics::WINDOWS;

pub(super) fn dashboard() -> Draft {
    Draft {
        name: "slos",
        title: "SLOs",
        description: "What was promised, what was kept, and how fast the error budget is spent. From recorded series: they begin with the rules.",
        has_apps: false,
        rows: vec![
            row("Error budgets of 30 days", budgets()),
            row("How fast they are spent", burning()),
            row("All numbers", numbers()),
        ],
    }
}

fn budgets() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Budget left",
            "What is left of the errors that the objective allows in 30 days. Below 0 the objective is missed.",
            Unit::Ratio,
        )
        .shape(Shape::Gauge)
        .line(format!("todo:slo_budget_remaining:ratio{{{CHOSEN}}}"), "{{slo}}")
        .from(0.1, Colour::Orange)
        .from(0.3, Colour::Green),
        Panel::lines(
            "Budget left over time",
            "A steep fall is an incident, a slow one a habit.",
            Unit::Ratio,
        )
        .width(WIDTH * 2 / 3)
        .line(format!("todo:slo_budget_remaining:ratio{{{CHOSEN}}}"), "{{slo}}")
        .from(0.0, Colour::Orange)
        .from(0.1, Colour::Green),
    ]
}

fn burning() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Burn rate over an hour",
            "1 spends the budget in exactly 30 days. From 14.4 on somebody is called, from 6 on too when it lasts.",
            Unit::Count,
        )
        .width(WIDTH / 2)
        .line(format!("todo:slo_burn_rate:ratio{{{CHOSEN}}}"), "{{slo}}")
        .from(1.0, Colour::Orange)
        .from(14.4, Colour::Red),
        Panel::lines(
            "Traffic over an hour",
            "How much there is of what an objective counts. Below the objective's floor its alerts are silent.",
            Unit::PerSecond,
        )
        .width(WIDTH / 2)
        .line(format!("todo:sli_total:rate1h{{{CHOSEN}}}"), "{{slo}}"),
    ]
}

fn numbers() -> Vec<Panel> {
    let errors = WINDOWS.iter().fold(
        Panel::table(
            "Errors by window",
            "Share that was not good, over each window that alerts look at.",
            Unit::Ratio,
        )
        .decimals(3),
        |panel, window| {
            panel.line(
                format!("max by (slo) (todo:sli_error:ratio_rate{window}{{{CHOSEN}}})"),
                *window,
            )
        },
    );
    vec![
        errors,
        Panel::table(
            "Objectives",
            "What is promised, and the share of errors that this allows.",
            Unit::Ratio,
        )
        .decimals(3)
        .line(
            format!("max by (slo) (todo:slo_objective:ratio{{{CHOSEN}}})"),
            "objective",
        )
        .line(
            format!("max by (slo) (todo:slo_error_budget:ratio{{{CHOSEN}}})"),
            "budget",
        ),
    ]
}

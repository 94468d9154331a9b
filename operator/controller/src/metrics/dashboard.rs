//! The dashboard about the operator, made of a list of panels and the catalog: JSON in Grafana's classic form.

use serde_json::{Value, json};

/// One panel: a title, what it tells, its unit and its lines.
struct Panel {
    title: &'static str,
    description: &'static str,
    unit: &'static str,
    /// Query and name of each line.
    lines: &'static [(&'static str, &'static str)],
}

/// Every series of the operators that are chosen above the panels.
const PANELS: &[Panel] = &[
    Panel {
        title: "Leader",
        description: "1 on the replica that holds the Lease and writes; the sum is 1 when all is well.",
        unit: "none",
        lines: &[("todoplatform_leader{job=~\"$job\"}", "{{pod}}")],
    },
    Panel {
        title: "Platforms ready",
        description: "1 when a platform is Ready, as the leader sees it.",
        unit: "none",
        lines: &[(
            "max by (namespace, platform) (todoplatform_platform_ready{job=~\"$job\"})",
            "{{namespace}}/{{platform}}",
        )],
    },
    Panel {
        title: "Passes",
        description: "What passes over platforms came to. Standbys skip theirs.",
        unit: "ops",
        lines: &[(
            "sum by (outcome) (rate(todoplatform_reconcile_total{job=~\"$job\"}[$__rate_interval]))",
            "{{outcome}}",
        )],
    },
    Panel {
        title: "Failed passes",
        description: "Passes that failed, by reason, and platforms that wait for the next try.",
        unit: "none",
        lines: &[
            (
                "sum by (error) (increase(todoplatform_reconcile_errors_total{job=~\"$job\"}[$__rate_interval]))",
                "{{error}}",
            ),
            (
                "sum(todoplatform_objects_in_backoff{job=~\"$job\"})",
                "in backoff",
            ),
        ],
    },
    Panel {
        title: "Duration of passes",
        description: "Half of all passes, and 99 of a hundred, end within this time.",
        unit: "s",
        lines: &[
            (
                "histogram_quantile(0.5, sum by (le) (rate(todoplatform_reconcile_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
                "p50",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate(todoplatform_reconcile_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
                "p99",
            ),
        ],
    },
    Panel {
        title: "Steps of passes, p99",
        description: "Where the time of slow passes goes.",
        unit: "s",
        lines: &[(
            "histogram_quantile(0.99, sum by (step, le) (rate(todoplatform_reconcile_step_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
            "{{step}}",
        )],
    },
    Panel {
        title: "Writes",
        description: "Write requests of passes by kind. Platforms that are as declared need none.",
        unit: "reqps",
        lines: &[(
            "sum by (kind) (rate(todoplatform_api_writes_total{job=~\"$job\"}[$__rate_interval]))",
            "{{kind}}",
        )],
    },
    Panel {
        title: "Corrections",
        description: "Children put back after somebody changed them, and children pruned.",
        unit: "none",
        lines: &[
            (
                "sum by (kind) (increase(todoplatform_drift_corrections_total{job=~\"$job\"}[$__rate_interval]))",
                "put back: {{kind}}",
            ),
            (
                "sum by (kind) (increase(todoplatform_prune_deletions_total{job=~\"$job\"}[$__rate_interval]))",
                "pruned: {{kind}}",
            ),
        ],
    },
    Panel {
        title: "Answers of the API server",
        description: "Requests by HTTP status; 0 means no answer.",
        unit: "reqps",
        lines: &[(
            "sum by (status) (rate(todoplatform_api_requests_total{job=~\"$job\"}[$__rate_interval]))",
            "{{status}}",
        )],
    },
    Panel {
        title: "Watches and kinds",
        description: "Errors of watches by kind, and CRDs that the API server does not serve.",
        unit: "none",
        lines: &[
            (
                "sum by (kind) (increase(todoplatform_watch_errors_total{job=~\"$job\"}[$__rate_interval]))",
                "watch errors: {{kind}}",
            ),
            (
                "max by (crd) (todoplatform_crd_missing{job=~\"$job\"}) == 1",
                "missing: {{crd}}",
            ),
        ],
    },
];

/// Panels stand two in a row, so wide and so high.
const WIDTH: usize = 12;
const HEIGHT: usize = 8;

/// The dashboard as JSON.
pub fn json() -> String {
    let panels: Vec<Value> = PANELS
        .iter()
        .enumerate()
        .map(|(at, panel)| panel.json(at))
        .collect();
    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    let dashboard = json!({
        "uid": "todoplatform-operator",
        "title": "TodoPlatform operator",
        "description": "What the operator does, how well, and for which platforms.",
        "tags": ["todoplatform"],
        "schemaVersion": 39,
        "editable": false,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1},
            {
                "name": "job", "label": "Operator", "type": "query", "datasource": source, "refresh": 2,
                "query": "label_values(todoplatform_leader, job)", "includeAll": true, "multi": true,
                "current": {"text": "All", "value": "$__all"},
            },
        ]},
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

impl Panel {
    fn json(&self, at: usize) -> Value {
        let targets: Vec<Value> = self
            .lines
            .iter()
            .zip('A'..)
            .map(
                |((expr, legend), id)| json!({"refId": id.to_string(), "expr": expr, "legendFormat": legend}),
            )
            .collect();
        json!({
            "id": at + 1,
            "type": "timeseries",
            "title": self.title,
            "description": self.description,
            "datasource": {"type": "prometheus", "uid": "${datasource}"},
            "gridPos": {"x": at % 2 * WIDTH, "y": at / 2 * HEIGHT, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": self.unit, "min": 0}, "overrides": []},
            "targets": targets,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_says_what_it_shows_and_rates_take_the_interval_of_the_screen() {
        for panel in PANELS {
            assert!(!panel.title.is_empty() && !panel.description.is_empty() && !panel.unit.is_empty());
            for (expr, _legend) in panel.lines {
                assert!(expr.contains("job=~\"$job\""), "{expr}");
                let is_rated = expr.contains("rate(") || expr.contains("increase(");
                let is_counter = expr.contains("_total{") || expr.contains("_bucket{");
                assert_eq!(is_rated, is_counter, "{expr}");
                assert_eq!(is_rated, expr.contains("[$__rate_interval]"), "{expr}");
            }
        }
    }

    #[test]
    fn the_chart_has_this_dashboard() {
        let chart = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../charts/todoplatform-operator/files/dashboard.json"
        );
        assert_eq!(
            std::fs::read_to_string(chart).unwrap(),
            json(),
            "run: cargo xtask generate"
        );
    }
}

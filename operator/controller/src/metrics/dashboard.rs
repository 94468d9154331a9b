//! The dashboard about the operator: every series of the operators that are chosen above the panels.

use todoplatform_render::observability::dashboards::{Dashboard, First, Panel, Row, Unit, Variable, WIDTH};

/// The dashboard as JSON.
pub fn json() -> String {
    dashboard().json()
}

fn dashboard() -> Dashboard {
    Dashboard {
        uid: "todoplatform-operator".into(),
        title: "TodoPlatform operator".into(),
        description: "What the operator does, how well, and for which platforms.".into(),
        tags: vec!["todoplatform".into()],
        variables: vec![Variable {
            name: "job",
            label: "Operator",
            query: "label_values(todoplatform_leader, job)".into(),
            first: First::All,
        }],
        rows: vec![
            Row {
                title: "Platforms",
                panels: platforms(),
            },
            Row {
                title: "Passes",
                panels: passes(),
            },
            Row {
                title: "API server",
                panels: api_server(),
            },
        ],
    }
}

fn platforms() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Leader",
            "1 on the replica that holds the Lease and writes; the sum is 1 when all is well.",
            Unit::Count,
        )
        .line("todoplatform_leader{job=~\"$job\"}", "{{pod}}"),
        Panel::lines(
            "Platforms ready",
            "1 when a platform is Ready, as the leader sees it.",
            Unit::Count,
        )
        .line(
            "max by (namespace, platform) (todoplatform_platform_ready{job=~\"$job\"})",
            "{{namespace}}/{{platform}}",
        ),
        Panel::lines(
            "Corrections",
            "Children put back after somebody changed them, and children pruned.",
            Unit::Count,
        )
        .line(
            // Nothing was put back of what was only ever written.
            "sum by (kind) (increase(todoplatform_drift_corrections_total{job=~\"$job\"}[$__rate_interval])) \
             or 0 * sum by (kind) (increase(todoplatform_api_writes_total{job=~\"$job\"}[$__rate_interval]))",
            "put back: {{kind}}",
        )
        .line(
            "sum by (kind) (increase(todoplatform_prune_deletions_total{job=~\"$job\"}[$__rate_interval]))",
            "pruned: {{kind}}",
        ),
    ]
}

fn passes() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Passes",
            "What passes over platforms came to. Standbys skip theirs.",
            Unit::PerSecond,
        )
        .line(
            "sum by (outcome) (rate(todoplatform_reconcile_total{job=~\"$job\"}[$__rate_interval]))",
            "{{outcome}}",
        ),
        Panel::lines(
            "Failed passes",
            "Passes that failed, by reason, and platforms that wait for the next try.",
            Unit::Count,
        )
        .line(
            "sum by (error) (increase(todoplatform_reconcile_errors_total{job=~\"$job\"}[$__rate_interval]))",
            "{{error}}",
        )
        .line(
            "sum(todoplatform_objects_in_backoff{job=~\"$job\"})",
            "in backoff",
        ),
        Panel::lines(
            "Duration of passes",
            "Half of all passes, and 99 of a hundred, end within this time.",
            Unit::Seconds,
        )
        .line(
            "histogram_quantile(0.5, sum by (le) (rate(todoplatform_reconcile_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
            "p50",
        )
        .line(
            "histogram_quantile(0.99, sum by (le) (rate(todoplatform_reconcile_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
            "p99",
        ),
        Panel::lines(
            "Steps of passes, p99",
            "Where the time of slow passes goes.",
            Unit::Seconds,
        )
        .width(WIDTH)
        .line(
            "histogram_quantile(0.99, sum by (step, le) (rate(todoplatform_reconcile_step_duration_seconds_bucket{job=~\"$job\"}[$__rate_interval])))",
            "{{step}}",
        ),
    ]
}

fn api_server() -> Vec<Panel> {
    vec![
        Panel::lines(
            "Writes",
            "Write requests of passes by kind. Platforms that are as declared need none.",
            Unit::RequestsPerSecond,
        )
        .line(
            "sum by (kind) (rate(todoplatform_api_writes_total{job=~\"$job\"}[$__rate_interval]))",
            "{{kind}}",
        ),
        Panel::lines(
            "Answers of the API server",
            "Requests by HTTP status; 0 means no answer.",
            Unit::RequestsPerSecond,
        )
        .line(
            "sum by (status) (rate(todoplatform_api_requests_total{job=~\"$job\"}[$__rate_interval]))",
            "{{status}}",
        ),
        Panel::lines(
            "Watches and kinds",
            "Errors of watches by kind, and CRDs that the API server does not serve.",
            Unit::Count,
        )
        .line(
            "sum by (kind) (increase(todoplatform_watch_errors_total{job=~\"$job\"}[$__rate_interval]))",
            "watch errors: {{kind}}",
        )
        .line(
            "max by (crd) (todoplatform_crd_missing{job=~\"$job\"}) == 1",
            "missing: {{crd}}",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_says_what_it_shows_and_rates_take_the_interval_of_the_screen() {
        let rows = dashboard().rows;
        for panel in rows.iter().flat_map(|row| &row.panels) {
            assert!(!panel.title.is_empty() && panel.description.ends_with('.'));
            assert!(!panel.lines.is_empty(), "{}", panel.title);
            for line in &panel.lines {
                let expr = &line.expr;
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

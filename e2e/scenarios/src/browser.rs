//! Dashboards as a person sees them: drawn by the viewer of `e2e/viewer`, with a Prometheus' answers, in a browser without
//! a screen. The browser says what each panel got, and takes a picture.

mod summary;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::process::Command;

pub use summary::{Panel, Question, Summary};

use crate::{Result, env};

const PAGE: &str = include_str!("../../viewer/index.html");
const SCRIPT: &str = include_str!("../../viewer/viewer.js");
/// Width of the page.
const WIDTH: u64 = 1280;
/// Height of a line of the grid, and of what is above and below the grid, as the viewer has them.
const LINE: u64 = 38;
const AROUND: u64 = 72;
/// What the page's own clock may show at the end. It stands still while answers are awaited, so that it limits endless
/// drawing and not a slow Prometheus.
const BUDGET: Duration = Duration::from_secs(30);
const LIMIT: Duration = Duration::from_mins(3);

/// What of the data is looked at.
#[derive(Debug, Clone)]
pub struct View {
    /// First second, since 1970.
    pub from: i64,
    /// Last second; what panels show as the latest value is of here.
    pub to: i64,
    /// Time between two scrapes.
    pub scrape: Duration,
    /// What is chosen above the panels, by the variable's name; one that is not here keeps what the dashboard begins with.
    pub variables: BTreeMap<String, String>,
}

impl View {
    /// The time until now.
    pub fn latest(span: Duration, scrape: Duration) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "what is looked at was scraped by a clock of its own"
        )]
        let to = jiff::Timestamp::now().as_second();
        Self {
            from: to.saturating_sub_unsigned(span.as_secs()),
            to,
            scrape,
            variables: BTreeMap::new(),
        }
    }

    /// The view with a variable chosen.
    #[must_use]
    pub fn choose(mut self, variable: &str, value: &str) -> Self {
        self.variables.insert(variable.to_owned(), value.to_owned());
        self
    }
}

/// Draws a dashboard, given as JSON in Grafana's classic form, with the answers of the Prometheus at this address.
pub async fn look(dashboard: &str, prometheus: &str, view: &View) -> Result<Summary> {
    drawn(dashboard, prometheus, view, None).await
}

/// As [`look`]; what there was to see is written to a file, as PNG.
pub async fn picture(dashboard: &str, prometheus: &str, view: &View, file: &Path) -> Result<Summary> {
    drawn(dashboard, prometheus, view, Some(file)).await
}

async fn drawn(dashboard: &str, prometheus: &str, view: &View, file: Option<&Path>) -> Result<Summary> {
    let program = env::required("TODO_TEST_BROWSER")?;
    let dashboard: Value = serde_json::from_str(dashboard)?;
    let folder = tempfile::tempdir()?;
    let page = page(folder.path(), &dashboard, prometheus, view)?;
    let mut browser = Command::new(&program);
    browser
        .args([
            "--headless",
            // It is shown our own page alone, and root has no sandbox.
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--force-device-scale-factor=1",
            // Letters in grey: the same on every screen, and half the size.
            "--disable-lcd-text",
            "--dump-dom",
        ])
        .arg(format!("--window-size={WIDTH},{}", height(&dashboard)))
        .arg(format!("--virtual-time-budget={}", BUDGET.as_millis()))
        .arg(format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        ))
        .args(file.map(|file| format!("--screenshot={}", file.display())))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, browser.output())
        .await
        .map_err(|_| format!("{program}: not done within {}s", LIMIT.as_secs()))?
        .map_err(|e| format!("{program}: {e}"))?;
    let dom = String::from_utf8_lossy(&output.stdout);
    summary::of(&dom).map_err(|e| {
        let errors = String::from_utf8_lossy(&output.stderr);
        format!("{program}: {}: {e}: {errors}", output.status).into()
    })
}

/// Puts the viewer into a folder, with what it is to show.
fn page(folder: &Path, dashboard: &Value, prometheus: &str, view: &View) -> Result<PathBuf> {
    let shown = json!({
        "dashboard": dashboard,
        "prometheus": prometheus,
        "from": view.from,
        "to": view.to,
        "scrapeSeconds": view.scrape.as_secs(),
        "variables": view.variables,
    });
    std::fs::write(folder.join("view.js"), format!("const view = {shown:#};\n"))?;
    std::fs::write(folder.join("viewer.js"), SCRIPT)?;
    let page = folder.join("index.html");
    std::fs::write(&page, PAGE)?;
    Ok(page)
}

/// Height of the page of a dashboard.
fn height(dashboard: &Value) -> u64 {
    let panels = dashboard["panels"].as_array().map_or(&[][..], Vec::as_slice);
    let ends = panels.iter().filter_map(|panel| {
        let place = &panel["gridPos"];
        Some(place["y"].as_u64()? + place["h"].as_u64()?)
    });
    ends.max().unwrap_or_default() * LINE + AROUND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_high_as_its_lowest_panel() {
        let dashboard = json!({"panels": [
            {"gridPos": {"y": 1, "h": 8}}, {"gridPos": {"y": 9, "h": 4}}, {"gridPos": {"y": 9, "h": 1}},
        ]});
        assert_eq!(height(&dashboard), 13 * LINE + AROUND);
    }
}

//! The dashboards as a person sees them, with what was scraped of a platform that has run for some minutes.

use std::time::Duration;

use kube::Client;
use todo_scenarios::{
    Result,
    browser::{self, View},
    prometheus::Prometheus,
    wait,
};

use super::catalogue;

/// Panels that show something on bad days only, or in other clusters, and why.
const QUIET: [(&str, &str); 2] = [
    ("Circuits that are open", "a list of what is wrong"),
    ("Replica behind", "no replica"),
];

/// No panel is empty. What is recorded every two minutes may be younger than the last point that a panel asks for.
pub(super) async fn every_panel_shows_something(
    metrics: &Prometheus,
    client: &Client,
    ns: &str,
) -> Result<()> {
    let quiet = QUIET.map(|(title, _)| title);
    for dashboard in catalogue::dashboards(client, ns).await? {
        let title = format!("every panel of {}", dashboard["title"]);
        wait::until(Duration::from_mins(4), &title, || async {
            let view = View::latest(Duration::from_mins(5), Duration::from_secs(30));
            let summary = browser::look(&dashboard.to_string(), metrics.url(), &view).await?;
            summary.every_panel_shows_something(&quiet)
        })
        .await?;
    }
    Ok(())
}

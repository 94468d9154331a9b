//! Dashboards for Grafana, one file each. Everything that they ask is in [`super::metrics`].

mod dapr;
mod events;
mod json;
mod model;
mod overview;
mod service;
mod slos;
mod stores;

pub use model::{Colour, Dashboard, First, Line, Panel, Row, Shape, Unit, Variable, WIDTH};

use super::dashboard_uid;
use crate::{
    ValidatedPlatform,
    validated::{BrokerMetrics, CacheMetrics, DatabaseMetrics},
};

/// What every expression begins with: the platform that is chosen.
const CHOSEN: &str = "namespace=\"$namespace\",platform=\"$platform\"";
/// The platform and the applications that are chosen.
const CHOSEN_APPS: &str = "namespace=\"$namespace\",platform=\"$platform\",app_id=~\"$app_id\"";
/// Over a panel's own step, at least four scrapes.
const INTERVAL: &str = "$__rate_interval";

/// A dashboard and what it is called among those of its platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// A word for names of objects (`overview`).
    pub name: &'static str,
    /// The dashboard.
    pub dashboard: Dashboard,
}

/// The dashboards of a platform.
pub fn of_platform(platform: &ValidatedPlatform) -> Vec<Named> {
    let monitoring = platform.monitoring.as_ref();
    let database = monitoring.map_or(&DatabaseMetrics::None, |it| &it.database);
    let cache = monitoring.map_or(&CacheMetrics::None, |it| &it.cache);
    let broker = monitoring.map_or(&BrokerMetrics::None, |it| &it.broker);
    [
        overview::dashboard(),
        service::dashboard(),
        dapr::dashboard(),
        events::dashboard(broker, &events::Own::of(platform)),
        stores::dashboard(database, cache),
        slos::dashboard(),
    ]
    .into_iter()
    .map(|draft| draft.of(platform))
    .collect()
}

/// A dashboard that is of no platform yet.
struct Draft {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    has_apps: bool,
    rows: Vec<Row>,
}

impl Draft {
    /// Two platforms of one Grafana, and two of one folder, differ in `uid` and in title.
    fn of(self, platform: &ValidatedPlatform) -> Named {
        let (namespace, name) = (platform.names.namespace(), platform.names.platform());
        let of = format!("{namespace}/{name}");
        let one = |name, label, query: &str, first: &str| Variable {
            name,
            label,
            query: query.into(),
            first: First::One(Some(first.into())),
        };
        let mut variables = vec![
            one(
                "namespace",
                "Namespace",
                "label_values(up{platform!=\"\"}, namespace)",
                namespace,
            ),
            one(
                "platform",
                "Platform",
                "label_values(up{namespace=\"$namespace\",platform!=\"\"}, platform)",
                name,
            ),
        ];
        if self.has_apps {
            variables.push(Variable {
                name: "app_id",
                label: "Application",
                query: format!("label_values(up{{{CHOSEN}}}, app_id)"),
                first: First::All,
            });
        }
        Named {
            name: self.name,
            dashboard: Dashboard {
                uid: dashboard_uid(&platform.names, self.name),
                title: format!("{of}: {}", self.title),
                description: self.description.into(),
                tags: vec!["todoplatform".into(), of],
                variables,
                rows: self.rows,
            },
        }
    }
}

fn row(title: &'static str, panels: Vec<Panel>) -> Row {
    Row { title, panels }
}

/// How much a counter grows a second, by labels.
fn rate(by: &str, metric: &str, selector: &str) -> String {
    format!("sum by ({by}) (rate({metric}{{{selector}}}[{INTERVAL}]))")
}

/// How much a counter that a narrower selector counts grows a second. What never happened has no series: then it is 0 and not
/// unknown.
fn rate_of_some(by: &str, metric: &str, selector: &str, narrower: &str) -> String {
    let some = rate(by, metric, &format!("{selector},{narrower}"));
    format!("{some} or 0 * {}", rate(by, metric, selector))
}

/// The share of a counter that a narrower selector counts; nothing where nothing is counted.
fn share(by: &str, metric: &str, selector: &str, narrower: &str) -> String {
    let all = rate(by, metric, selector);
    let some = rate_of_some(by, metric, selector, narrower);
    format!("({some}) / ({all} > 0)")
}

/// A quantile of a histogram, by labels.
fn quantile(quantile: &str, by: &str, metric: &str, selector: &str) -> String {
    format!(
        "histogram_quantile({quantile}, {})",
        rate(&format!("{by}, le"), &format!("{metric}_bucket"), selector)
    )
}

//! The gateway's fixed route table: which path belongs to which service. Everything else is 404 here, so that no path
//! below `/v1.0`, daprd's own API, can ever reach the sidecar.

use std::time::Duration;

use http::Method;

/// The service that a request is forwarded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Tasks.
    Task,
    /// Pending reminders.
    Scheduler,
    /// Deliveries and preferences.
    Notification,
    /// Counts.
    Analytics,
}

impl Target {
    /// Its name in `peers` of the configuration, in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Scheduler => "scheduler",
            Self::Notification => "notification",
            Self::Analytics => "analytics",
        }
    }
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The service behind it.
    pub target: Target,
    /// The route's pattern: a bounded label for metrics.
    pub pattern: &'static str,
}

/// The first segments of every public path, with the service that they belong to.
const TABLE: &[(&[&str], Route)] = &[
    (&["v1", "tasks"], Route { target: Target::Task, pattern: "/v1/tasks" }),
    (&["v1", "reminders"], Route { target: Target::Scheduler, pattern: "/v1/reminders" }),
    (&["v1", "notifications"], Route { target: Target::Notification, pattern: "/v1/notifications" }),
    (&["v1", "analytics"], Route { target: Target::Analytics, pattern: "/v1/analytics" }),
];

/// The patterns of the table, for `describe`.
pub fn patterns() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(_, route)| route.pattern)
}

/// Why a path goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// daprd decodes and cleans paths before it authorises them, so a path that two readers can read in two ways is
    /// refused here (CVE-2026-41491).
    #[error("the path has an encoded slash, dot or backslash, a dot segment or an empty segment")]
    Ambiguous,
    /// No service owns it.
    #[error("no such path")]
    Unknown,
}

/// Finds the route of a raw, still encoded path.
pub fn find(path: &str) -> Result<Route, Refused> {
    let rest = path.strip_prefix('/').ok_or(Refused::Unknown)?;
    if is_ambiguous(rest) {
        return Err(Refused::Ambiguous);
    }
    let segments: Vec<&str> = rest.split('/').collect();
    let route = TABLE.iter().find(|(prefix, _)| segments.starts_with(prefix));
    route.map(|(_, route)| *route).ok_or(Refused::Unknown)
}

fn is_ambiguous(path: &str) -> bool {
    let encoded = path.to_ascii_lowercase();
    ["%2f", "%5c", "%2e", "\\"].iter().any(|bad| encoded.contains(bad))
        || path.split('/').any(|segment| segment.is_empty() || segment == "." || segment == "..")
}

/// How long a request may take in all: reads 5 s, writes 10 s.
pub fn deadline(method: &Method) -> Duration {
    if method.is_safe() { Duration::from_secs(5) } else { Duration::from_secs(10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_path_has_its_service() {
        for (path, target) in [
            ("/v1/tasks", Target::Task),
            ("/v1/tasks/0198c0de-0000-7000-8000-000000000000/complete", Target::Task),
            ("/v1/reminders", Target::Scheduler),
            ("/v1/notifications/preferences", Target::Notification),
            ("/v1/analytics/daily", Target::Analytics),
        ] {
            assert_eq!(find(path).map(|r| r.target), Ok(target), "{path}");
        }
    }

    #[test]
    fn everything_else_goes_nowhere() {
        for path in ["/", "/v1", "/v1.0/publish/x/y", "/v1.0/shutdown", "/v1/tasksandmore", "/healthz", "/V1/tasks", "v1/tasks"] {
            assert_eq!(find(path), Err(Refused::Unknown), "{path}");
        }
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_is_refused() {
        for path in [
            "/v1/tasks/../../v1.0/shutdown",
            "/v1/tasks/./x",
            "/v1/tasks//x",
            "/v1/tasks/",
            "/v1/tasks%2Fx",
            "/v1/tasks/%2e%2E/x",
            "/v1/tasks/a%5cb",
            "/v1/tasks/a\\b",
        ] {
            assert_eq!(find(path), Err(Refused::Ambiguous), "{path}");
        }
    }

    #[test]
    fn writes_may_take_longer_than_reads() {
        assert!(deadline(&Method::POST) > deadline(&Method::GET));
    }
}

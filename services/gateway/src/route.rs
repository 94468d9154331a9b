//! The gateway's fixed route table: which path belongs to which service. Everything else is 404 here, so that no path
//! below `/v1.0`, daprd's own API, can ever reach the sidecar.

use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

/// The service that a request is forwarded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
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
    /// Every target, in the order of `describe`.
    pub(crate) const ALL: [Self; 4] = [Self::Task, Self::Scheduler, Self::Notification, Self::Analytics];

    /// Its name in `peers` of the configuration, in metrics and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Scheduler => "scheduler",
            Self::Notification => "notification",
            Self::Analytics => "analytics",
        }
    }
}

/// A class of routes: what a rate limit may be set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Reads of tasks, reminders, notifications.
    Read,
    /// Whatever changes something.
    Write,
    /// Reads over many days.
    Analytics,
}

impl Class {
    /// The class of a request.
    pub fn of(method: &Method, path: &str) -> Self {
        if !method.is_safe() {
            Self::Write
        } else if path.starts_with("/v1/analytics/") {
            Self::Analytics
        } else {
            Self::Read
        }
    }

    /// The word in the configuration and in the headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Analytics => "analytics",
        }
    }
}

/// Every public path, as a pattern, with the service behind it.
pub(crate) const TABLE: &[(&str, Target)] = &[
    ("/v1/tasks", Target::Task),
    ("/v1/tasks/due", Target::Task),
    ("/v1/tasks/{id}", Target::Task),
    ("/v1/tasks/{id}/complete", Target::Task),
    ("/v1/tasks/{id}/history", Target::Task),
    ("/v1/tasks/{id}/move", Target::Task),
    ("/v1/sync", Target::Task),
    ("/v1/trash", Target::Task),
    ("/v1/trash/{id}", Target::Task),
    ("/v1/trash/{id}/restore", Target::Task),
    ("/v1/projects", Target::Task),
    ("/v1/projects/{id}", Target::Task),
    ("/v1/projects/{id}/members/{user}", Target::Task),
    ("/v1/reminders", Target::Scheduler),
    ("/v1/notifications", Target::Notification),
    ("/v1/notifications/preferences", Target::Notification),
    ("/v1/analytics/daily", Target::Analytics),
];

/// Whether two readers could read this raw path in two ways. daprd decodes and cleans a path before it authorises it
/// (CVE-2026-41491), so such a path is refused here.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["%2f", "%5c", "%2e", "\\"].iter().any(|bad| lower.contains(bad))
        || path
            .split('/')
            .skip(1)
            .any(|segment| segment.is_empty() || segment == "." || segment == "..")
}

/// How long a request may take in all: reads 5 s, writes 10 s.
pub(crate) fn deadline(method: &Method) -> Duration {
    if method.is_safe() {
        Duration::from_secs(5)
    } else {
        Duration::from_secs(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_leads_to_daprs_own_api() {
        assert!(TABLE.iter().all(|(pattern, _)| pattern.starts_with("/v1/")));
    }

    #[test]
    fn every_route_is_in_the_class_of_what_it_does() {
        for (pattern, target) in TABLE {
            let reads = Class::of(&Method::GET, pattern);
            assert_eq!(
                reads == Class::Analytics,
                *target == Target::Analytics,
                "{pattern}"
            );
            assert_eq!(Class::of(&Method::POST, pattern), Class::Write);
        }
        assert_eq!(Class::of(&Method::HEAD, "/v1/tasks"), Class::Read);
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
            assert!(is_ambiguous(path), "{path}");
        }
        for path in [
            "/v1/tasks",
            "/v1/tasks/0198c0de-0000-7000-8000-000000000000/complete",
            "/v1/tasks/a%20b",
        ] {
            assert!(!is_ambiguous(path), "{path}");
        }
    }

    #[test]
    fn writes_may_take_longer_than_reads() {
        assert!(deadline(&Method::POST) > deadline(&Method::GET));
    }
}

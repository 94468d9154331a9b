//! Whether what a platform depends on answers, found out by asking it.
//!
//! A probe says how the dependency stands in one word and one sentence. Neither ever holds a URL or a password:
//! texts of drivers are left out, because some of them quote what they were given.

pub mod cloud_native_pg;
pub mod clusters;
pub mod dapr;
pub mod kafka;
pub mod log;
pub mod postgres;
pub mod redis;
pub mod redis_servers;
pub mod stateful_set;

use std::fmt;
use std::time::Duration;

use todoplatform_render::DependencyFact;

/// Longest time that one probe may take.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// A value of a Secret on its way from the API server to a probe. It cannot be printed.
#[derive(Clone)]
pub struct Sensitive(Vec<u8>);

impl Sensitive {
    /// Takes the value in.
    pub fn new(value: Vec<u8>) -> Self {
        Self(value)
    }

    /// The value itself, for the one who sends it.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The value as text without white space around it; none when it is not text.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok().map(str::trim)
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

/// A host as the operator must call it to reach what the platform's pods mean by it: a bare Service name is looked up in
/// the platform's namespace, not in the operator's.
pub(crate) fn seen_from(namespace: &str, host: &str) -> String {
    let is_bare = !host.is_empty() && !host.contains(['.', ':', '/']) && host != "localhost";
    if is_bare {
        format!("{host}.{namespace}")
    } else {
        host.to_owned()
    }
}

/// The dependency answered.
fn answered(message: impl Into<String>) -> DependencyFact {
    DependencyFact {
        ready: true,
        reason: "Answered".into(),
        message: message.into(),
        version: None,
    }
}

/// The dependency did not answer as it must.
fn failed(reason: &str, message: impl Into<String>) -> DependencyFact {
    DependencyFact {
        ready: false,
        reason: reason.into(),
        message: message.into(),
        version: None,
    }
}

/// Nothing answered in time.
fn timed_out(what: &str) -> DependencyFact {
    failed(
        "Unreachable",
        format!("{what} did not answer within {} s", PROBE_TIMEOUT.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    use super::seen_from;

    #[test]
    fn a_bare_name_is_a_service_of_the_platforms_namespace() {
        for (host, seen) in [
            ("kafka", "kafka.todo"),
            ("kafka.messaging", "kafka.messaging"),
            ("db.example.com", "db.example.com"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "::1"),
            ("/var/run/postgresql", "/var/run/postgresql"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(seen_from("todo", host), seen, "{host}");
        }
    }
}

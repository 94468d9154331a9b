//! What each service is, as the services' own `describe` says it too: one file per service.

mod analytics;
mod gateway;
mod notification;
pub(crate) mod operations;
mod rollout;
mod scaling;
mod scheduler;
mod task;

pub use rollout::restart_rank;
pub use scaling::{Bounds, bounds};

use serde::{Serialize, Serializer};
use todoplatform_api::Profile;

/// Port of the API and of the events.
pub const HTTP_PORT: i32 = 8080;
/// Port of probes and metrics; never 9090, which is the sidecar's.
pub const ADMIN_PORT: i32 = 8081;

/// One of the five services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Verifies tokens, limits the rate, forwards.
    Gateway,
    /// Owns the tasks.
    Task,
    /// Reminds.
    Scheduler,
    /// Tells users.
    Notification,
    /// Counts.
    Analytics,
}

impl Service {
    /// Every service, in the order of the resource.
    pub const ALL: [Self; 5] = [
        Self::Gateway,
        Self::Task,
        Self::Scheduler,
        Self::Notification,
        Self::Analytics,
    ];

    /// The component's name: the part of a child's name after `<platform>-`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Task => "task",
            Self::Scheduler => "scheduler",
            Self::Notification => "notification",
            Self::Analytics => "analytics",
        }
    }

    /// What the service is.
    pub const fn definition(self) -> &'static Definition {
        match self {
            Self::Gateway => &gateway::DEFINITION,
            Self::Task => &task::DEFINITION,
            Self::Scheduler => &scheduler::DEFINITION,
            Self::Notification => &notification::DEFINITION,
            Self::Analytics => &analytics::DEFINITION,
        }
    }
}

impl AsRef<str> for Service {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Service {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a service keeps its state in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// A PostgreSQL schema of its own, by `DATABASE_URL`.
    PostgreSql,
    /// Redis, by `REDIS_URL`.
    Redis,
    /// A Dapr state store of its own, in PostgreSQL.
    DaprState,
}

impl Store {
    /// The word that `describe` uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgresql",
            Self::Redis => "redis",
            Self::DaprState => "daprState",
        }
    }
}

/// What a service is.
#[derive(Debug)]
pub struct Definition {
    /// Topics that it publishes, without prefix.
    pub publishes: &'static [&'static str],
    /// Topics that it consumes, without prefix; each arrives at `POST /events/<topic>`.
    pub consumes: &'static [&'static str],
    /// Services that it calls through its sidecar.
    pub calls: &'static [Service],
    /// Where it keeps its state.
    pub stores: &'static [Store],
    /// Routes of its API as patterns, for the paths in the sidecar's metrics; the event routes come on top.
    pub routes: &'static [&'static str],
    /// CPU request, memory request and memory limit of its container, by profile.
    pub resources: fn(Profile) -> Amounts,
}

impl Definition {
    /// Whether it keeps state there.
    pub fn stores_in(&self, store: Store) -> bool {
        self.stores.contains(&store)
    }
}

/// CPU request, memory request and memory limit of a container, as canonical quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// Reserved CPU.
    pub cpu: &'static str,
    /// Reserved memory.
    pub memory: &'static str,
    /// Most memory.
    pub memory_limit: &'static str,
}

/// What a small Rust service needs.
pub(crate) fn service_amounts(profile: Profile) -> Amounts {
    match profile {
        Profile::Development => Amounts {
            cpu: "10m",
            memory: "32Mi",
            memory_limit: "128Mi",
        },
        Profile::Production => Amounts {
            cpu: "100m",
            memory: "64Mi",
            memory_limit: "256Mi",
        },
    }
}

/// What a sidecar needs: published figures of daprd under load, less for development.
pub(crate) fn sidecar_amounts(profile: Profile) -> Amounts {
    match profile {
        Profile::Development => Amounts {
            cpu: "10m",
            memory: "48Mi",
            memory_limit: "256Mi",
        },
        Profile::Production => Amounts {
            cpu: "100m",
            memory: "128Mi",
            memory_limit: "512Mi",
        },
    }
}

/// What the embedded PostgreSQL needs.
pub(crate) const POSTGRES_AMOUNTS: Amounts = Amounts {
    cpu: "50m",
    memory: "128Mi",
    memory_limit: "512Mi",
};
/// What the embedded Redis needs.
pub(crate) const REDIS_AMOUNTS: Amounts = Amounts {
    cpu: "25m",
    memory: "32Mi",
    memory_limit: "128Mi",
};
/// What a program needs that says how a store is.
pub(crate) const EXPORTER_AMOUNTS: Amounts = Amounts {
    cpu: "10m",
    memory: "32Mi",
    memory_limit: "128Mi",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_consumed_topic_is_published_by_some_service() {
        for service in Service::ALL {
            for topic in service.definition().consumes {
                let published = Service::ALL
                    .iter()
                    .any(|other| other.definition().publishes.contains(topic));
                assert!(
                    published,
                    "{} consumes {topic}, which nobody publishes",
                    service.as_str()
                );
            }
        }
    }
}

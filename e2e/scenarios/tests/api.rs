//! Level 2: the operator, as a process, against a real API server without controllers or nodes.
//!
//! What those would do, the scenarios do: they patch the statuses of workloads.

mod api {
    pub(crate) mod adoption;
    pub(crate) mod apps;
    pub(crate) mod bad_input;
    pub(crate) mod broker;
    pub(crate) mod canary;
    pub(crate) mod classes;
    pub(crate) mod cloud_native_pg;
    pub(crate) mod converge;
    pub(crate) mod crash;
    pub(crate) mod database_setup;
    pub(crate) mod deletion;
    pub(crate) mod drift;
    pub(crate) mod drift_policy;
    pub(crate) mod external;
    pub(crate) mod fixture;
    pub(crate) mod gateway;
    pub(crate) mod kstatus;
    pub(crate) mod leader;
    pub(crate) mod network;
    pub(crate) mod observability;
    pub(crate) mod pause;
    pub(crate) mod permissions;
    pub(crate) mod plugin;
    pub(crate) mod redis;
    pub(crate) mod render;
    pub(crate) mod requests;
    pub(crate) mod rollout;
    pub(crate) mod sidecars;
}

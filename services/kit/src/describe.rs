//! What a service says of itself: `<service> describe`, which the operator's catalog is tested against.

use serde::Serialize;
use todo_domain::Topic;

/// What a service says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Its name: `task`.
    pub service: &'static str,
    /// What it is for, in a sentence.
    #[serde(skip)]
    pub about: &'static str,
    /// 8080.
    pub http_port: u16,
    /// 8081.
    pub admin_port: u16,
    /// What it publishes.
    pub publishes: Vec<Topic>,
    /// What it receives.
    pub consumes: Vec<Topic>,
    /// Which services it calls.
    pub calls: Vec<&'static str>,
    /// What it keeps things in.
    pub stores: Vec<Store>,
    /// The path patterns of its public routes, as the gateway knows them: `/v1/tasks/{id}`.
    pub routes: Vec<String>,
}

impl Description {
    /// A service of that name that does nothing yet; fill in the rest.
    pub fn new(service: &'static str) -> Self {
        Self {
            service,
            about: "",
            http_port: 8080,
            admin_port: 8081,
            publishes: Vec::new(),
            consumes: Vec::new(),
            calls: Vec::new(),
            stores: Vec::new(),
            routes: Vec::new(),
        }
    }
}

/// What a service keeps things in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Store {
    /// Needs what [`crate::postgres::Address::of`] reads.
    Postgresql,
    /// Needs what [`crate::redis::Address::of`] reads.
    Redis,
    /// The Dapr state store component.
    DaprState,
}

use super::{Definition, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &["task.created", "task.updated", "task.completed", "task.deleted"],
    consumes: &[],
    calls: &[],
    stores: &[Store::PostgreSql],
    routes: &[
        "/v1/tasks",
        "/v1/tasks/due",
        "/v1/tasks/{id}",
        "/v1/tasks/{id}/complete",
        "/v1/tasks/{id}/history",
        "/v1/tasks/{id}/move",
        "/v1/sync",
        "/v1/trash",
        "/v1/trash/{id}",
        "/v1/trash/{id}/restore",
        "/v1/projects",
        "/v1/projects/{id}",
        "/v1/projects/{id}/members/{user}",
    ],
    resources: service_amounts,
};

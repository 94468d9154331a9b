use super::{Definition, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &["task.created", "task.updated", "task.completed", "task.deleted"],
    consumes: &[],
    calls: &[],
    stores: &[Store::PostgreSql],
    routes: &["/v1/tasks", "/v1/tasks/{id}", "/v1/tasks/{id}/complete"],
    resources: service_amounts,
};

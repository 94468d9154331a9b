use super::{Definition, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &["notification.delivered", "notification.failed"],
    consumes: &["task.created", "task.completed", "task.reminder"],
    calls: &[],
    stores: &[Store::PostgreSql, Store::DaprState],
    routes: &["/v1/notifications", "/v1/notifications/preferences"],
    resources: service_amounts,
};

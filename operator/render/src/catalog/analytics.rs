use super::{Definition, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &[],
    consumes: &[
        "task.created",
        "task.updated",
        "task.completed",
        "task.deleted",
        "task.reminder",
        "notification.delivered",
        "notification.failed",
    ],
    calls: &[],
    stores: &[Store::PostgreSql],
    routes: &["/v1/analytics/daily"],
    resources: service_amounts,
};

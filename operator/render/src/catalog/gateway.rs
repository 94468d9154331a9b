use super::{Definition, Service, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &[],
    consumes: &[],
    calls: &[
        Service::Task,
        Service::Scheduler,
        Service::Notification,
        Service::Analytics,
    ],
    stores: &[Store::Redis],
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
        "/v1/reminders",
        "/v1/notifications",
        "/v1/notifications/preferences",
        "/v1/analytics/daily",
    ],
    resources: service_amounts,
};

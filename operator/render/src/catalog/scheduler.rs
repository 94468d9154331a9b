use super::{Definition, Store, service_amounts};

pub(super) const DEFINITION: Definition = Definition {
    publishes: &["task.reminder"],
    consumes: &["task.created", "task.updated", "task.completed", "task.deleted"],
    calls: &[],
    stores: &[Store::Redis],
    routes: &["/v1/reminders"],
    resources: service_amounts,
};

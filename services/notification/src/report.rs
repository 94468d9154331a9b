//! What other services are told of a delivery.

use serde::{Deserialize, Serialize};
use todo_domain::TaskId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::plan::Channel;
use crate::store::Delivery;

/// Data of `notification.delivered` and `notification.failed`. Names no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReport {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Whose it is.
    pub owner: String,
    /// The task it is about.
    pub task_id: TaskId,
    /// The type of the event that asked for it.
    pub event_type: String,
    /// How it was sent.
    pub channel: String,
    /// Why it was given up; absent when it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl DeliveryReport {
    /// Of a mail.
    pub fn of(delivery: &Delivery, reason: Option<&str>) -> Self {
        Self {
            delivery_id: delivery.id,
            owner: delivery.owner.clone(),
            task_id: delivery.occasion.task_id,
            event_type: delivery.occasion.topic.event_type(),
            channel: Channel::Email.name().to_owned(),
            reason: reason.map(str::to_owned),
        }
    }
}

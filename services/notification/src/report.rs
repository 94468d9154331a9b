//! What other services are told of a delivery.

use todo_domain::DeliveryReport;

use crate::plan::Channel;
use crate::store::Delivery;

/// The report of a mail; `reason` says why it was given up.
pub(crate) fn report(delivery: &Delivery, reason: Option<&str>) -> DeliveryReport {
    DeliveryReport {
        delivery_id: delivery.id,
        owner: delivery.owner.clone(),
        task_id: delivery.occasion.task_id,
        event_type: delivery.occasion.topic.event_type(),
        channel: Channel::Email.name().to_owned(),
        reason: reason.map(str::to_owned),
    }
}

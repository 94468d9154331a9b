//! Rules of who is told of alerts.

use super::CelRule;

/// A receiver is one way of telling.
pub const RECEIVER_ONE_OF: CelRule = CelRule {
    rule: "(has(self.slack) ? 1 : 0) + (has(self.pagerDuty) ? 1 : 0) + (has(self.email) ? 1 : 0) + (has(self.webhook) ? 1 : 0) == 1",
    message: "exactly one of slack, pagerDuty, email, webhook must be set",
    field_path: None,
    next_action: "Make a receiver of its own for each of slack, pagerDuty, email and webhook",
};

/// A login to the mail server is a pair.
pub const EMAIL_CREDENTIALS: CelRule = CelRule {
    rule: "has(self.username) == has(self.passwordSecretKeyRef)",
    message: "username and passwordSecretKeyRef must be set together",
    field_path: None,
    next_action: "Set both username and passwordSecretKeyRef of this receiver's email, or neither",
};

/// A maintenance that never ends hides every alert.
pub const MAINTENANCE_NARROWS: CelRule = CelRule {
    rule: "(has(self.times) && size(self.times) > 0) || (has(self.weekdays) && size(self.weekdays) > 0) || (has(self.daysOfMonth) && size(self.daysOfMonth) > 0) || (has(self.months) && size(self.months) > 0)",
    message: "at least one of times, weekdays, daysOfMonth, months must be set: without, nobody would ever be told",
    field_path: None,
    next_action: "Say when the maintenance is, or remove it from spec.observability.routing.maintenance",
};

/// Times are a range within a day.
pub const MAINTENANCE_TIMES: CelRule = CelRule {
    rule: "self.start < self.end",
    message: "start is not before end",
    field_path: None,
    next_action: "Write a time that goes over midnight as two: one to 24:00, one from 00:00",
};

/// Days are a range within a month.
pub const MAINTENANCE_DAYS: CelRule = CelRule {
    rule: "self.first <= self.last",
    message: "first is greater than last",
    field_path: None,
    next_action: "Set first to at most last",
};

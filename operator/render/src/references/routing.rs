//! The credentials of those who are told of alerts. Alertmanager reads them; a pass asks only whether they are there.

use todoplatform_api::AlertRouting;

use super::Collector;

impl Collector<'_> {
    pub(super) fn routing(&mut self, routing: &AlertRouting) {
        for (index, receiver) in routing.receivers.iter().enumerate() {
            let slack = receiver.slack.as_ref();
            let pager_duty = receiver.pager_duty.as_ref();
            let email = receiver.email.as_ref();
            let webhook = receiver.webhook.as_ref();
            for (reference, field) in [
                (
                    slack.map(|it| &it.api_url_secret_key_ref),
                    "slack.apiUrlSecretKeyRef",
                ),
                (
                    pager_duty.map(|it| &it.routing_key_secret_key_ref),
                    "pagerDuty.routingKeySecretKeyRef",
                ),
                (
                    email.and_then(|it| it.password_secret_key_ref.as_ref()),
                    "email.passwordSecretKeyRef",
                ),
                (
                    webhook.map(|it| &it.url_secret_key_ref),
                    "webhook.urlSecretKeyRef",
                ),
            ] {
                let path = format!("spec.observability.routing.receivers[{index}].{field}");
                self.user(reference, &path);
            }
        }
    }
}

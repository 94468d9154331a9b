//! KEDA's objects: one ScaledObject per service that scales by the events that wait for it, and the broker's credentials.

use std::collections::BTreeMap;

use todoplatform_api::{SaslMechanism, SecretKeyRef};
use todoplatform_kinds::keda::{
    Advanced, AuthenticationRef, HorizontalPodAutoscalerConfig, ScaleTargetRef, ScaledObject,
    ScaledObjectSpec, SecretTargetRef, Trigger, TriggerAuthentication, TriggerAuthenticationSpec,
};

use super::{
    autoscaler::behavior,
    object::{child, metadata},
};
use crate::{
    Child, ChildKind, ValidatedPlatform,
    validated::{App, AutoscalingSettings, BrokerLagSettings, BrokerSettings},
};

pub(super) fn build(
    platform: &ValidatedPlatform,
    app: &App,
    autoscaling: AutoscalingSettings,
    lag: BrokerLagSettings,
) -> Child {
    let component = app.node.name.as_str();
    let name = platform.names.app_id(component);
    let topics = app
        .node
        .consumes
        .iter()
        .map(|consumption| consumption.topic.as_str());
    let mut triggers = vec![utilization("cpu", autoscaling.cpu)];
    triggers.extend(autoscaling.memory.map(|percent| utilization("memory", percent)));
    triggers.extend(topics.map(|topic| waiting(platform, component, topic, lag)));
    let spec = ScaledObjectSpec {
        scale_target_ref: ScaleTargetRef {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: name.clone(),
        },
        min_replica_count: autoscaling.min,
        max_replica_count: autoscaling.max,
        advanced: Some(Advanced {
            horizontal_pod_autoscaler_config: HorizontalPodAutoscalerConfig {
                behavior: behavior(autoscaling),
            },
        }),
        triggers,
    };
    let mut object = ScaledObject::new(&name, spec);
    object.metadata = metadata(platform, &name, Some(component));
    child(ChildKind::ScaledObject, Some(component), &object)
}

fn utilization(resource: &str, percent: i32) -> Trigger {
    Trigger {
        trigger_type: resource.into(),
        name: resource.into(),
        metric_type: Some("Utilization".into()),
        metadata: BTreeMap::from([("value".into(), percent.to_string())]),
        authentication_ref: None,
    }
}

/// The events of one topic that the service has not worked off.
fn waiting(platform: &ValidatedPlatform, component: &str, topic: &str, lag: BrokerLagSettings) -> Trigger {
    let group = platform.names.consumer_group(component);
    let stream = format!("{}{topic}", platform.topic_prefix);
    let (trigger_type, metadata) = match &platform.broker {
        BrokerSettings::Redis { host, tls, .. } => (
            "redis-streams",
            vec![
                ("address", host.clone()),
                ("enableTLS", tls.to_string()),
                ("stream", stream),
                ("consumerGroup", group),
                ("lagCount", lag.threshold.to_string()),
                ("activationLagCount", lag.activation.to_string()),
            ],
        ),
        BrokerSettings::Kafka {
            brokers,
            sasl,
            tls,
            version,
        } => (
            "kafka",
            vec![
                ("bootstrapServers", brokers.join(",")),
                ("consumerGroup", group),
                ("topic", stream),
                ("lagThreshold", lag.threshold.to_string()),
                ("activationLagThreshold", lag.activation.to_string()),
                // As the service reads: a group that has read nothing yet begins with the first event.
                ("offsetResetPolicy", "earliest".into()),
                ("version", version.clone()),
                ("tls", if tls.is_some() { "enable" } else { "disable" }.into()),
                (
                    "sasl",
                    sasl.as_ref()
                        .map_or("none", |sasl| mechanism(sasl.mechanism))
                        .into(),
                ),
            ],
        ),
    };
    Trigger {
        trigger_type: trigger_type.into(),
        name: topic.replace('.', "-"),
        metric_type: None,
        metadata: metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
        authentication_ref: (!credentials(&platform.broker).is_empty()).then(|| AuthenticationRef {
            name: authentication_name(platform),
        }),
    }
}

/// KEDA's words.
fn mechanism(mechanism: SaslMechanism) -> &'static str {
    match mechanism {
        SaslMechanism::Plain => "plaintext",
        SaslMechanism::ScramSha256 => "scram_sha256",
        SaslMechanism::ScramSha512 => "scram_sha512",
    }
}

fn authentication_name(platform: &ValidatedPlatform) -> String {
    platform.names.child("broker")
}

/// The broker's credentials, by the same Secrets that the sidecars use; none when it asks for none.
pub(super) fn authentication(platform: &ValidatedPlatform) -> Option<Child> {
    let secret_target_ref: Vec<SecretTargetRef> = credentials(&platform.broker)
        .into_iter()
        .map(|(parameter, SecretKeyRef { name, key })| SecretTargetRef {
            parameter: parameter.into(),
            name: name.clone(),
            key: key.clone(),
        })
        .collect();
    if secret_target_ref.is_empty() {
        return None;
    }
    let name = authentication_name(platform);
    let mut object = TriggerAuthentication::new(&name, TriggerAuthenticationSpec { secret_target_ref });
    object.metadata = metadata(platform, &name, None);
    Some(child(ChildKind::TriggerAuthentication, None, &object))
}

fn credentials(broker: &BrokerSettings) -> Vec<(&'static str, &SecretKeyRef)> {
    let named: Vec<(&'static str, Option<&SecretKeyRef>)> = match broker {
        BrokerSettings::Redis { password, .. } => vec![("password", password.as_ref())],
        BrokerSettings::Kafka { sasl, tls, .. } => {
            let client = tls.as_ref().and_then(|tls| tls.client.as_ref());
            vec![
                ("username", sasl.as_ref().and_then(|sasl| sasl.username.secret())),
                ("password", sasl.as_ref().map(|sasl| &sasl.password)),
                ("ca", tls.as_ref().and_then(|tls| tls.ca.as_ref()?.secret())),
                ("cert", client.map(|(certificate, _)| certificate)),
                ("key", client.map(|(_, key)| key)),
            ]
        }
    };
    named
        .into_iter()
        .filter_map(|(parameter, reference)| Some((parameter, reference?)))
        .collect()
}

//! Clusters of Kafka and Redpanda that another operator runs: whether they are ready, and where.

use kube::api::DynamicObject;
use kube::core::ApiResource;
use kube::{Api, Client};
use todoplatform_kinds::strimzi::{KafkaListener, KafkaStatus};
use todoplatform_render::{DependencyFact, KafkaFact};

use super::failed;

/// A `Kafka` of Strimzi, or why nothing can be asked of it.
///
/// The location is given as soon as it is known, also of one that is not ready: what runs keeps it.
pub async fn strimzi(
    client: &Client,
    namespace: &str,
    name: &str,
    listener: &str,
) -> (Option<KafkaFact>, Option<DependencyFact>) {
    let what = format!("Kafka {name} in namespace {namespace}");
    let resource = resource("kafka.strimzi.io", "v1", "Kafka", "kafkas");
    match read(client, namespace, name, &resource, &what).await {
        Ok(object) => located(&what, listener, &object),
        Err(fact) => (None, Some(fact)),
    }
}

/// Why nothing can be asked of a `Redpanda`; none when it is ready.
pub async fn redpanda(client: &Client, namespace: &str, name: &str) -> Option<DependencyFact> {
    let what = format!("Redpanda {name} in namespace {namespace}");
    let resource = resource("cluster.redpanda.com", "v1alpha2", "Redpanda", "redpandas");
    match read(client, namespace, name, &resource, &what).await {
        Ok(object) => unready(&what, &status(&object)),
        Err(fact) => Some(fact),
    }
}

fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: group.into(),
        version: version.into(),
        api_version: format!("{group}/{version}"),
        kind: kind.into(),
        plural: plural.into(),
    }
}

async fn read(
    client: &Client,
    namespace: &str,
    name: &str,
    resource: &ApiResource,
    what: &str,
) -> Result<DynamicObject, DependencyFact> {
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), namespace, resource);
    match api.get(name).await {
        Ok(object) => Ok(object),
        // An API server that does not serve the kind says so in text rather than in a Status.
        Err(kube::Error::Api(answer)) if answer.code == 404 && answer.reason != "NotFound" => Err(failed(
            "KindNotServed",
            format!(
                "the API server does not serve {} {}",
                resource.api_version, resource.kind
            ),
        )),
        Err(kube::Error::Api(answer)) if answer.code == 404 => {
            Err(failed("NotFound", format!("{what} does not exist")))
        }
        Err(kube::Error::Api(answer)) if answer.code == 403 => {
            Err(failed("NotAllowed", format!("the operator may not read {what}")))
        }
        Err(_) => Err(failed(
            "Unreadable",
            format!("the API server did not let us read {what}"),
        )),
    }
}

fn status(object: &DynamicObject) -> KafkaStatus {
    let status = object.data.get("status").cloned().unwrap_or_default();
    serde_json::from_value(status).unwrap_or_default()
}

fn located(
    what: &str,
    listener: &str,
    object: &DynamicObject,
) -> (Option<KafkaFact>, Option<DependencyFact>) {
    let status = status(object);
    let found = status.listeners.iter().find(|known| known.name == listener);
    let location = found.and_then(location);
    let problem = unready(what, &status).or_else(|| {
        location.is_none().then(|| {
            let known: Vec<&str> = status.listeners.iter().map(|known| known.name.as_str()).collect();
            failed(
                "ListenerUnknown",
                format!(
                    "{what} has no listener `{listener}`; it has: {}",
                    known.join(", ")
                ),
            )
        })
    });
    (location, problem)
}

fn location(listener: &KafkaListener) -> Option<KafkaFact> {
    let brokers: Vec<String> = listener
        .bootstrap_servers
        .as_deref()?
        .split(',')
        .map(|server| server.trim().to_owned())
        .filter(|server| !server.is_empty())
        .collect();
    let certificates = (!listener.certificates.is_empty()).then(|| listener.certificates.join("\n"));
    (!brokers.is_empty()).then_some(KafkaFact {
        brokers,
        certificates,
    })
}

fn unready(what: &str, status: &KafkaStatus) -> Option<DependencyFact> {
    let ready = status
        .conditions
        .iter()
        .find(|condition| condition.condition_type == "Ready");
    match ready {
        Some(condition) if condition.status == "True" => None,
        Some(condition) if !condition.reason.is_empty() => Some(failed(
            "ClusterNotReady",
            format!("{what} is not ready: {}", condition.reason),
        )),
        _ => Some(failed("ClusterNotReady", format!("{what} is not ready"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kafka(ready: &str, listeners: &serde_json::Value) -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "kafka.strimzi.io/v1", "kind": "Kafka", "metadata": {"name": "events"},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Creating"}], "listeners": listeners},
        }))
        .unwrap()
    }

    #[test]
    fn a_kafka_is_where_its_listener_is_and_ready_when_it_says_so() {
        let tls = json!([
            {"name": "plain", "bootstrapServers": "events-kafka-bootstrap:9092"},
            {"name": "tls", "bootstrapServers": "a:9093, b:9093", "certificates": ["one", "two"]},
        ]);
        let (location, problem) = located("Kafka events", "tls", &kafka("True", &tls));
        assert_eq!(problem, None);
        let location = location.unwrap();
        assert_eq!(location.brokers, ["a:9093", "b:9093"]);
        assert_eq!(location.certificates.as_deref(), Some("one\ntwo"));

        let (location, problem) = located("Kafka events", "plain", &kafka("False", &tls));
        assert_eq!(location.unwrap().certificates, None);
        let problem = problem.unwrap();
        assert_eq!(problem.reason, "ClusterNotReady");
        assert_eq!(problem.message, "Kafka events is not ready: Creating");

        let (location, problem) = located("Kafka events", "external", &kafka("True", &tls));
        assert_eq!(location, None);
        assert_eq!(
            problem.unwrap().message,
            "Kafka events has no listener `external`; it has: plain, tls"
        );
    }
}

//! From what the spec says of a Kafka or Redpanda to what can be asked of it: Secrets read, clusters looked up.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use todoplatform_render::{
    BrokersAt, DependencyFact, KafkaAccess, KafkaFact, SecretReference, Topic, TopicMaker, Username,
};

use super::kafka::{Probed, probe, unanswered};
use super::{Sensitive, clusters};
use crate::kafka::{Sasl, Target, Tls};

/// What was asked of a Kafka or Redpanda.
#[derive(Clone, Debug)]
pub struct LogAnswer {
    /// Whether the broker answers.
    pub broker: DependencyFact,
    /// Whether its topics are there.
    pub topics: DependencyFact,
    /// Where it is, when a `Kafka` says so.
    pub location: Option<KafkaFact>,
    /// What the operator has to make.
    pub missing: Option<Missing>,
}

/// Topics to make, and where.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The topics.
    pub topics: Vec<Topic>,
    /// Where the brokers are.
    pub location: KafkaFact,
}

/// Asks. Without a value of a Secret nothing is asked: that is a violation of its own.
pub async fn ask(
    client: &Client,
    namespace: &str,
    access: &KafkaAccess,
    secrets: &BTreeMap<String, Secret>,
) -> Option<LogAnswer> {
    let (location, problem) = locate(client, access).await;
    let place = match (&location, problem) {
        (Some(place), None) => place.clone(),
        (_, Some(problem)) => return Some(answer(unanswered(problem), reported(access, location), None)),
        (None, None) => return None,
    };
    let target = target(access, &place, secrets)?;
    let mut probed = probe(access.kind, &target, &access.topics, access.maker, namespace).await;
    let topics = std::mem::take(&mut probed.missing);
    let missing = (access.maker == TopicMaker::Operator && !topics.is_empty()).then_some(Missing {
        topics,
        location: place,
    });
    Some(answer(probed, reported(access, location), missing))
}

fn answer(probed: Probed, location: Option<KafkaFact>, missing: Option<Missing>) -> LogAnswer {
    LogAnswer {
        broker: probed.broker,
        topics: probed.topics,
        location,
        missing,
    }
}

/// What the spec does not say by itself.
fn reported(access: &KafkaAccess, location: Option<KafkaFact>) -> Option<KafkaFact> {
    location.filter(|_| matches!(access.brokers, BrokersAt::Strimzi { .. }))
}

/// Where the brokers are, and why there is nothing to ask there.
async fn locate(client: &Client, access: &KafkaAccess) -> (Option<KafkaFact>, Option<DependencyFact>) {
    let at = |brokers: &[String]| {
        Some(KafkaFact {
            brokers: brokers.to_vec(),
            certificates: None,
        })
    };
    match &access.brokers {
        BrokersAt::Addresses(addresses) => (at(addresses), None),
        BrokersAt::Redpanda {
            namespace,
            name,
            address,
        } => {
            let problem = clusters::redpanda(client, namespace, name).await;
            (at(std::slice::from_ref(address)), problem)
        }
        BrokersAt::Strimzi {
            namespace,
            name,
            listener,
        } => clusters::strimzi(client, namespace, name, listener).await,
    }
}

/// The broker with what the Secrets hold; none when one of them lacks it.
pub fn target(access: &KafkaAccess, place: &KafkaFact, secrets: &BTreeMap<String, Secret>) -> Option<Target> {
    let value = |reference: &SecretReference| {
        let data = secrets.get(&reference.name)?.data.as_ref()?;
        Some(Sensitive::new(data.get(&reference.key)?.0.clone()))
    };
    let sasl = match &access.sasl {
        None => None,
        Some(sasl) => Some(Sasl {
            mechanism: sasl.mechanism,
            username: match &sasl.username {
                Username::Plain(name) => Sensitive::new(name.clone().into_bytes()),
                Username::Secret(reference) => value(reference)?,
            },
            password: value(&sasl.password)?,
        }),
    };
    let named = match &access.tls {
        None => None,
        Some(tls) => Some(Tls {
            ca: match &tls.ca {
                None => None,
                Some(ca) => Some(value(ca)?),
            },
            client: match &tls.client {
                None => None,
                Some((certificate, key)) => Some((value(certificate)?, value(key)?)),
            },
        }),
    };
    let tls = match &place.certificates {
        None => named,
        Some(pem) => Some(Tls {
            ca: Some(Sensitive::new(pem.clone().into_bytes())),
            ..named.unwrap_or_default()
        }),
    };
    Some(Target {
        brokers: place.brokers.clone(),
        sasl,
        tls,
    })
}

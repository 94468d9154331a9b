//! Step 5b: makes the topics that are missing on Kafka or Redpanda. None is altered, none deleted.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};
use todoplatform_render::{DependencyFact, KafkaAccess, SecretReference, Username};

use crate::chain::Chain;
use crate::kafka::{Connection, KafkaError};
use crate::probe::PROBE_TIMEOUT;
use crate::probe::log::{Missing, target};

/// The topics could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EnsureTopicsError {
    /// A Secret with the login could not be read.
    #[error("Secret {name}: the API server did not let us read it")]
    Secret {
        /// Its name.
        name: String,
        /// What the API server said.
        source: Box<kube::Error>,
    },
    /// A Secret lacks what the login needs.
    #[error("the login is incomplete")]
    Login,
    /// No usable answer.
    #[error("the broker could not be asked to make topics")]
    Kafka {
        /// Why.
        source: KafkaError,
    },
    /// The broker refused some.
    #[error("the broker refused to make {topics}: {why}")]
    Refused {
        /// Names of the topics.
        topics: String,
        /// Why it refused the first of them.
        why: String,
    },
}

impl EnsureTopicsError {
    /// How the topics stand after this.
    pub fn fact(&self) -> DependencyFact {
        DependencyFact {
            ready: false,
            reason: "TopicsNotMade".into(),
            message: Chain(self).to_string(),
            version: None,
        }
    }
}

/// Makes them.
pub async fn create(
    client: &Client,
    namespace: &str,
    access: &KafkaAccess,
    missing: &Missing,
) -> Result<(), EnsureTopicsError> {
    let secrets = Api::<Secret>::namespaced(client.clone(), namespace);
    let mut found = BTreeMap::<String, Secret>::new();
    let references: Vec<&SecretReference> = keys(access).collect();
    for reference in references {
        if !found.contains_key(&reference.name) {
            let name = reference.name.clone();
            let secret = secrets.get(&name).await;
            let secret = secret.map_err(|source| EnsureTopicsError::Secret {
                name: name.clone(),
                source: Box::new(source),
            })?;
            found.insert(name, secret);
        }
    }
    let target = target(access, &missing.location, &found).ok_or(EnsureTopicsError::Login)?;
    let failed = |source| EnsureTopicsError::Kafka { source };
    let mut connection = Connection::open(&target, namespace, PROBE_TIMEOUT)
        .await
        .map_err(failed)?;
    let refused = tokio::time::timeout(3 * PROBE_TIMEOUT, connection.create(&missing.topics))
        .await
        .unwrap_or(Err(KafkaError::TimedOut))
        .map_err(failed)?;
    let Some((_, why)) = refused.first() else {
        for topic in &missing.topics {
            tracing::info!(topic = topic.name, "created topic {}", topic.name);
        }
        return Ok(());
    };
    let names: Vec<&str> = refused.iter().map(|(topic, _)| topic.as_str()).collect();
    Err(EnsureTopicsError::Refused {
        topics: names.join(", "),
        why: why.to_string(),
    })
}

/// Every key of a Secret that the login needs.
fn keys(access: &KafkaAccess) -> impl Iterator<Item = &SecretReference> {
    let sasl = access.sasl.iter().flat_map(|sasl| {
        let username = match &sasl.username {
            Username::Secret(reference) => Some(reference),
            Username::Plain(_) => None,
        };
        username.into_iter().chain([&sasl.password])
    });
    let tls = access.tls.iter().flat_map(|tls| {
        let client = tls
            .client
            .iter()
            .flat_map(|(certificate, key)| [certificate, key]);
        tls.ca.iter().chain(client)
    });
    sasl.chain(tls)
}

//! Documents in the Dapr state store, guarded by entity tags.

use bytes::Bytes;
use dapr::dapr::proto::common::v1::state_options::{StateConcurrency, StateConsistency};
use dapr::dapr::proto::common::v1::{Etag as WireEtag, StateItem, StateOptions};
use dapr::dapr::proto::runtime::v1::{GetStateRequest, SaveStateRequest};
use tonic::{Code, Status};

use super::client::DEADLINE;
use super::{Answer, DaprClient};

/// The store's own name for the version of a document. Opaque, and not an HTTP entity tag (it has no quotes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(pub String);

/// A document and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The document as it was saved.
    pub document: Bytes,
    /// Its version.
    pub etag: Etag,
}

/// Why a document was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The document is another version than the one named, or is there although none was named.
    #[error("state {key}: has another version")]
    Conflict {
        /// Its key.
        key: String,
    },
    /// The sidecar or the store is away, or failed.
    #[error("state {key}: no usable answer from the state store")]
    Unavailable {
        /// Its key.
        key: String,
        /// What the sidecar said.
        source: Box<Status>,
    },
}

/// Something that keeps documents.
///
/// A document is never deleted, only emptied by whoever knows its shape: with some stores a stale entity tag on a deleted
/// key succeeds. Keys must not contain `||`.
pub trait StateStore: Send + Sync {
    /// The document under `key`, when there is one.
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Versioned>, StateError>;

    /// Writes the document if it still is the version `etag`, or, with `None`, if there is none.
    fn save<'a>(
        &'a self,
        key: &'a str,
        document: Bytes,
        etag: Option<&'a Etag>,
    ) -> Answer<'a, (), StateError>;
}

/// A state store component, through the sidecar.
#[derive(Debug, Clone)]
pub struct DaprState {
    client: DaprClient,
    component: String,
}

impl DaprState {
    /// The component of that name.
    pub fn new(client: DaprClient, component: impl Into<String>) -> Self {
        Self {
            client,
            component: component.into(),
        }
    }

    async fn fetch(&self, key: &str) -> Result<Option<Versioned>, StateError> {
        let request = GetStateRequest {
            store_name: self.component.clone(),
            key: key.to_owned(),
            consistency: StateConsistency::ConsistencyStrong.into(),
            ..GetStateRequest::default()
        };
        let answer = in_time(self.client.grpc().get_state(request))
            .await
            .map_err(|status| unavailable(key, status))?;
        // A missing key is an answer without an ETag.
        let found = answer.into_inner();
        Ok((!found.etag.is_empty()).then(|| Versioned {
            document: found.data.into(),
            etag: Etag(found.etag),
        }))
    }

    async fn write(&self, key: &str, document: Bytes, etag: Option<&Etag>) -> Result<(), StateError> {
        let item = StateItem {
            key: key.to_owned(),
            value: document.into(),
            etag: etag.map(|etag| WireEtag {
                value: etag.0.clone(),
            }),
            options: Some(StateOptions {
                concurrency: StateConcurrency::ConcurrencyFirstWrite.into(),
                consistency: StateConsistency::ConsistencyStrong.into(),
            }),
            ..StateItem::default()
        };
        let request = SaveStateRequest {
            store_name: self.component.clone(),
            states: vec![item],
        };
        let Err(status) = in_time(self.client.grpc().save_state(request)).await else {
            return Ok(());
        };
        match status.code() {
            Code::Aborted | Code::InvalidArgument => Err(StateError::Conflict { key: key.to_owned() }),
            // A first write on a key that exists is a plain failure to Dapr; a look tells what it was.
            _ if etag.is_none() && matches!(self.fetch(key).await, Ok(Some(_))) => {
                Err(StateError::Conflict { key: key.to_owned() })
            }
            _ => Err(unavailable(key, status)),
        }
    }
}

impl StateStore for DaprState {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Versioned>, StateError> {
        Box::pin(self.fetch(key))
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        document: Bytes,
        etag: Option<&'a Etag>,
    ) -> Answer<'a, (), StateError> {
        Box::pin(self.write(key, document, etag))
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let answer = tokio::time::timeout(DEADLINE, call).await;
    answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))
}

fn unavailable(key: &str, status: Status) -> StateError {
    StateError::Unavailable {
        key: key.to_owned(),
        source: Box::new(status),
    }
}

//! The sidecar from memory, for tests of what stands above it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use todo_domain::Topic;
use tonic::Status;

use super::{Answer, Etag, Message, PublishError, Publisher, StateError, StateStore, Versioned};

/// One event that a [`FakePublisher`] took.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Its topic.
    pub topic: Topic,
    /// Its partition key.
    pub partition_key: String,
    /// The envelope.
    pub envelope: serde_json::Value,
}

/// Takes every event, unless it was told to fail.
#[derive(Debug, Default)]
pub struct FakePublisher {
    published: Mutex<Vec<Published>>,
    failures: Mutex<VecDeque<Status>>,
}

impl FakePublisher {
    /// The next publishes fail with these statuses, one after the other.
    pub fn fail_with(&self, statuses: impl IntoIterator<Item = Status>) {
        lock(&self.failures).extend(statuses);
    }

    /// What was taken so far, in order.
    pub fn published(&self) -> Vec<Published> {
        lock(&self.published).clone()
    }
}

impl Publisher for FakePublisher {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        Box::pin(async move {
            let Message {
                topic,
                partition_key,
                envelope,
                trace: _,
            } = message;
            if let Some(status) = lock(&self.failures).pop_front() {
                return Err(PublishError::of(topic, status));
            }
            let envelope = serde_json::from_slice(&envelope)
                .map_err(|_| PublishError::of(topic, Status::invalid_argument("not JSON")))?;
            lock(&self.published).push(Published {
                topic,
                partition_key,
                envelope,
            });
            Ok(())
        })
    }
}

/// Keeps documents in memory, with a new entity tag for each write.
#[derive(Debug, Default)]
pub struct FakeState(Mutex<HashMap<String, (u64, Bytes)>>);

impl StateStore for FakeState {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Versioned>, StateError> {
        let found = lock(&self.0).get(key).map(|(version, document)| Versioned {
            document: document.clone(),
            etag: Etag(version.to_string()),
        });
        Box::pin(async move { Ok(found) })
    }

    fn save<'a>(
        &'a self,
        key: &'a str,
        document: Bytes,
        etag: Option<&'a Etag>,
    ) -> Answer<'a, (), StateError> {
        let mut documents = lock(&self.0);
        let present = documents.get(key).map(|(version, _)| *version);
        let fits = present.map(|version| version.to_string()).as_deref() == etag.map(|etag| etag.0.as_str());
        let outcome = if fits {
            documents.insert(key.to_owned(), (present.unwrap_or(0) + 1, document));
            Ok(())
        } else {
            Err(StateError::Conflict { key: key.to_owned() })
        };
        Box::pin(async move { outcome })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

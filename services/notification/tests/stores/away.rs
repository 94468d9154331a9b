use bytes::Bytes;
use todo_kit::dapr::{Answer, Etag, StateError, StateStore, Versioned};

/// A state store that does not answer.
pub(crate) struct Away;

impl StateStore for Away {
    fn get<'a>(&'a self, key: &'a str) -> Answer<'a, Option<Versioned>, StateError> {
        let source = Box::new(tonic::Status::unavailable("away"));
        Box::pin(async move {
            Err(StateError::Unavailable {
                key: key.to_owned(),
                source,
            })
        })
    }

    fn save<'a>(&'a self, key: &'a str, _: Bytes, _: Option<&'a Etag>) -> Answer<'a, (), StateError> {
        let source = Box::new(tonic::Status::unavailable("away"));
        Box::pin(async move {
            Err(StateError::Unavailable {
                key: key.to_owned(),
                source,
            })
        })
    }
}

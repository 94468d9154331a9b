//! The preferences in the Dapr state store, one document per user.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use todo_kit::dapr::{Etag, StateError, StateStore};

use crate::preferences::Preferences;

/// How often a write that demands no version is tried against others that come first.
const WRITE_ATTEMPTS: u32 = 5;

/// Preferences and their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What the user wants.
    pub preferences: Preferences,
    /// The version.
    pub etag: Etag,
}

/// What a write expects to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Anything, or nothing.
    Whatever,
    /// Something.
    Something,
    /// One of these versions.
    OneOf(Vec<Etag>),
}

/// Preferences that were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// The store is away, or failed.
    #[error("preferences: no usable answer from the state store")]
    Store {
        /// What it said.
        source: StateError,
    },
    /// The document is not what we write.
    #[error("preferences: the stored document cannot be read")]
    Unreadable {
        /// Why not.
        source: serde_json::Error,
    },
    /// They are another version than expected.
    #[error("preferences: have another version")]
    Mismatch,
    /// Others wrote at the same time, again and again.
    #[error("preferences: others keep writing")]
    Contended,
}

/// The preferences of `owner`, if any were ever written.
pub async fn load(store: &dyn StateStore, owner: &str) -> Result<Option<Stored>, PreferencesError> {
    let found = store
        .get(&key(owner))
        .await
        .map_err(|source| PreferencesError::Store { source })?;
    found
        .map(|versioned| {
            let preferences = serde_json::from_slice(&versioned.document)
                .map_err(|source| PreferencesError::Unreadable { source })?;
            Ok(Stored {
                preferences,
                etag: versioned.etag,
            })
        })
        .transpose()
}

/// Writes the preferences of `owner` if what is there is what was expected.
pub async fn save(
    store: &dyn StateStore,
    owner: &str,
    preferences: &Preferences,
    expected: &Expected,
) -> Result<(), PreferencesError> {
    let document =
        serde_json::to_vec(preferences).map_err(|source| PreferencesError::Unreadable { source })?;
    let key = key(owner);
    for _ in 0..WRITE_ATTEMPTS {
        let present = store
            .get(&key)
            .await
            .map_err(|source| PreferencesError::Store { source })?;
        let etag = present.map(|versioned| versioned.etag);
        let fits = match expected {
            Expected::Whatever => true,
            Expected::Something => etag.is_some(),
            Expected::OneOf(versions) => etag.as_ref().is_some_and(|etag| versions.contains(etag)),
        };
        if !fits {
            return Err(PreferencesError::Mismatch);
        }
        // The store checks the version again, so a writer that came between is noticed.
        match store.save(&key, document.clone().into(), etag.as_ref()).await {
            Err(StateError::Conflict { .. }) => {}
            outcome => return outcome.map_err(|source| PreferencesError::Store { source }),
        }
    }
    Err(PreferencesError::Contended)
}

/// A user's name may hold anything, a key may not.
fn key(owner: &str) -> String {
    format!("preferences-{}", URL_SAFE_NO_PAD.encode(owner))
}

#[cfg(test)]
mod tests {
    use todo_kit::dapr::FakeState;

    use super::*;

    fn disabled() -> Preferences {
        Preferences {
            enabled: false,
            ..Preferences::default()
        }
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_each_user_has_his_own() {
        let store = FakeState::default();
        assert_eq!(load(&store, "alice").await.unwrap(), None);
        save(&store, "alice", &disabled(), &Expected::Whatever)
            .await
            .unwrap();
        save(&store, "alice", &Preferences::default(), &Expected::Whatever)
            .await
            .unwrap();
        assert_eq!(
            load(&store, "alice").await.unwrap().unwrap().preferences,
            Preferences::default()
        );
        assert_eq!(load(&store, "alice||x").await.unwrap(), None);
        assert!(!key("alice||x").contains("||"));
    }

    #[tokio::test]
    async fn a_write_that_expects_another_version_changes_nothing() {
        let store = FakeState::default();
        let save = async |expected| save(&store, "alice", &disabled(), &expected).await;
        assert!(matches!(
            save(Expected::Something).await,
            Err(PreferencesError::Mismatch)
        ));
        save(Expected::Whatever).await.unwrap();
        let etag = load(&store, "alice").await.unwrap().unwrap().etag;
        save(Expected::OneOf(vec![Etag("other".to_owned()), etag.clone()]))
            .await
            .unwrap();
        assert!(matches!(
            save(Expected::OneOf(vec![etag])).await,
            Err(PreferencesError::Mismatch)
        ));
        save(Expected::Something).await.unwrap();
    }
}

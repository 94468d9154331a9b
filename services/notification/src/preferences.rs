//! What a user wants to be told, and where.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lettre::Address;
use serde::{Deserialize, Serialize};
use todo_domain::Violation;
use utoipa::ToSchema;

/// Longest mail address (RFC 5321).
const EMAIL_MAX: usize = 254;
/// Users whose last known preferences are kept in memory.
const REMEMBERED_MAX: usize = 10_000;

/// The preferences of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Where mail goes, instead of the address in the user's token; absent or null: there.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether anything is sent at all.
    pub enabled: bool,
}

/// Somebody who never said anything is told, at the address in the token.
impl Default for Preferences {
    fn default() -> Self {
        Self {
            email: None,
            enabled: true,
        }
    }
}

/// Where a message goes, or why it goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// To this address.
    At(&'a str),
    /// Nowhere: the user does not want it.
    Disabled,
    /// Nowhere: no address is known.
    Unknown,
}

impl Preferences {
    /// Every rule that is broken.
    pub fn check(&self) -> Vec<Violation> {
        let is_address = |email: &String| email.len() <= EMAIL_MAX && email.parse::<Address>().is_ok();
        match &self.email {
            Some(email) if !is_address(email) => {
                vec![Violation::new(
                    "/email",
                    "not_an_address",
                    "must be a mail address, or null",
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Where a message to this user goes, when the event names `owner_email`.
    pub fn recipient<'a>(&'a self, owner_email: Option<&'a str>) -> Recipient<'a> {
        if !self.enabled {
            return Recipient::Disabled;
        }
        self.email
            .as_deref()
            .or(owner_email)
            .map_or(Recipient::Unknown, Recipient::At)
    }
}

/// The last known preferences of some users, for when their store does not answer.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<String, Preferences>>);

impl Remembered {
    /// Remembers what `owner` wants; somebody else may be forgotten for it.
    pub fn put(&self, owner: &str, preferences: &Preferences) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX
            && !known.contains_key(owner)
            && let Some(somebody) = known.keys().next().cloned()
        {
            known.remove(&somebody);
        }
        known.insert(owner.to_owned(), preferences.clone());
    }

    /// What `owner` wanted when last asked.
    pub fn get(&self, owner: &str) -> Option<Preferences> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(owner)
            .cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences(email: Option<&str>, enabled: bool) -> Preferences {
        Preferences {
            email: email.map(str::to_owned),
            enabled,
        }
    }

    #[test]
    fn the_preferences_override_the_address_in_the_event() {
        let token = Some("token@example.com");
        for (preferences, owner_email, expected) in [
            (preferences(None, true), token, Recipient::At("token@example.com")),
            (
                preferences(Some("own@example.com"), true),
                token,
                Recipient::At("own@example.com"),
            ),
            (
                preferences(Some("own@example.com"), true),
                None,
                Recipient::At("own@example.com"),
            ),
            (preferences(None, true), None, Recipient::Unknown),
            (
                preferences(Some("own@example.com"), false),
                token,
                Recipient::Disabled,
            ),
        ] {
            assert_eq!(preferences.recipient(owner_email), expected, "{preferences:?}");
        }
    }

    #[test]
    fn only_a_mail_address_or_nothing_is_accepted() {
        for (email, is_valid) in [
            (None, true),
            (Some("ann@example.com"), true),
            (Some(""), false),
            (Some("ann"), false),
            (Some("ann@example.com\r\nBcc: eve@example.com"), false),
        ] {
            assert_eq!(preferences(email, true).check().is_empty(), is_valid, "{email:?}");
        }
        let long = format!("{}@example.com", "a".repeat(300));
        assert!(!preferences(Some(&long), true).check().is_empty());
    }

    #[test]
    fn memory_is_bounded_and_keeps_the_newest() {
        let remembered = Remembered::default();
        for user in 0..=REMEMBERED_MAX {
            remembered.put(&user.to_string(), &Preferences::default());
        }
        assert_eq!(remembered.0.lock().unwrap().len(), REMEMBERED_MAX);
        assert!(remembered.get(&REMEMBERED_MAX.to_string()).is_some());
    }
}

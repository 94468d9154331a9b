//! One attempt to send one delivery.

use std::sync::Arc;
use std::time::Duration;

use todo_kit::Chain;
use todo_kit::dapr::StateStore;
use tokio::time::timeout;

use crate::backoff::MAX_ATTEMPTS;
use crate::mail::{MailError, compose};
use crate::metrics::Attempted;
use crate::preferences::{Preferences, Recipient, Remembered};
use crate::preferences_store::load;
use crate::smtp::{Mailer, SendError};
use crate::store::Delivery;

/// How long one attempt may take; shorter than the lease.
const DEADLINE: Duration = Duration::from_mins(1);

/// What it takes to send a delivery.
pub struct Attempt {
    /// Where the preferences are.
    pub preferences: Arc<dyn StateStore>,
    /// What they were, for when they cannot be read.
    pub remembered: Remembered,
    /// The mail server, if there is one.
    pub mailer: Option<Mailer>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Sent,
    /// It will never be taken.
    Refused {
        /// What the server said.
        error: String,
    },
    /// It was not taken this time.
    Unavailable {
        /// What happened.
        error: String,
    },
    /// It is not to be sent.
    Skipped {
        /// `disabled`, `no_address`, `bad_address` or `no_smtp`.
        reason: &'static str,
    },
    /// Nobody knows at the moment whether it is to be sent.
    Deferred,
}

impl Outcome {
    /// What it means for the delivery, as it is counted. Nothing was attempted of what is not to be sent, or not now.
    pub fn attempted(&self, attempt: u32) -> Option<Attempted> {
        match self {
            Self::Sent => Some(Attempted::Delivered),
            Self::Refused { .. } => Some(Attempted::Failed),
            Self::Unavailable { .. } if attempt >= MAX_ATTEMPTS => Some(Attempted::Failed),
            Self::Unavailable { .. } => Some(Attempted::Retried),
            Self::Skipped { .. } | Self::Deferred => None,
        }
    }

    /// The same as a log field.
    pub fn word(&self, attempt: u32) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused { .. } => "failed",
            Self::Unavailable { .. } if attempt >= MAX_ATTEMPTS => "failed",
            Self::Unavailable { .. } => "retried",
            Self::Skipped { .. } => "skipped",
            Self::Deferred => "deferred",
        }
    }
}

impl Attempt {
    /// Sends `delivery` if it is to be sent.
    pub async fn deliver(&self, delivery: &Delivery) -> Outcome {
        let Some(mailer) = &self.mailer else {
            return Outcome::Skipped { reason: "no_smtp" };
        };
        let Some(preferences) = self.current_preferences(&delivery.owner).await else {
            return Outcome::Deferred;
        };
        match preferences.recipient(delivery.owner_email.as_deref()) {
            Recipient::Disabled => Outcome::Skipped { reason: "disabled" },
            Recipient::Unknown => Outcome::Skipped { reason: "no_address" },
            Recipient::At(address) => send(mailer, delivery, address).await,
        }
    }

    /// The preferences as they are, else as they were when last seen; never a guess.
    async fn current_preferences(&self, owner: &str) -> Option<Preferences> {
        match load(self.preferences.as_ref(), owner).await {
            Ok(found) => {
                let preferences = found.map(|stored| stored.preferences).unwrap_or_default();
                self.remembered.put(owner, &preferences);
                Some(preferences)
            }
            Err(error) => {
                tracing::warn!(error.chain = %Chain(&error), "preferences are not known at the moment");
                self.remembered.get(owner)
            }
        }
    }
}

async fn send(mailer: &Mailer, delivery: &Delivery, address: &str) -> Outcome {
    let composed = compose(
        delivery.id,
        delivery.created_at,
        &delivery.occasion,
        mailer.from(),
        address,
    );
    let mail = match composed {
        Ok(mail) => mail,
        Err(MailError::Recipient { .. }) => {
            return Outcome::Skipped {
                reason: "bad_address",
            };
        }
        Err(error @ MailError::Message { .. }) => {
            return Outcome::Refused {
                error: Chain(&error).to_string(),
            };
        }
    };
    let Ok(answer) = timeout(DEADLINE, mailer.send(mail)).await else {
        return Outcome::Unavailable {
            error: "no answer in time".to_owned(),
        };
    };
    let Err(error) = answer else { return Outcome::Sent };
    log(delivery, &error);
    let text = Chain(&error).to_string();
    match error {
        SendError::Refused { .. } => Outcome::Refused { error: text },
        SendError::Unavailable { .. } => Outcome::Unavailable { error: text },
    }
}

/// Only the number of a reply, because its text may name the recipient.
fn log(delivery: &Delivery, error: &SendError) {
    if let Some(reply) = error.reply() {
        tracing::warn!(delivery.id = %delivery.id, smtp.reply = reply, "{error}");
    } else {
        tracing::warn!(delivery.id = %delivery.id, error.chain = %Chain(error), "{error}");
    }
}

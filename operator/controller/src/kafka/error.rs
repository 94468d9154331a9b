//! What can go wrong between the operator and a broker.

use std::io;

use kafka_protocol::error::ResponseError;

/// No usable answer from a broker. No text of it holds a name of a user or a password.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// No connection.
    #[error("no broker accepts connections")]
    Unreachable {
        /// What the system said.
        source: io::Error,
    },
    /// Connected, and then nothing in time.
    #[error("no broker answers in time")]
    TimedOut,
    /// The broker hung up.
    #[error("the broker closed the connection: it may ask for TLS, for a login, or for a client certificate")]
    Closed,
    /// A certificate or key of a Secret cannot be used.
    #[error("{what} in the Secret cannot be used")]
    Certificate {
        /// Which of them.
        what: &'static str,
    },
    /// No agreement on encryption.
    #[error("TLS failed")]
    Tls {
        /// What the other side or the check of its certificate said.
        source: rustls::Error,
    },
    /// The broker does not take this way to log in.
    #[error("the broker does not take the mechanism {mechanism}; it takes {}", .offered.join(", "))]
    Mechanism {
        /// The one that was asked for.
        mechanism: &'static str,
        /// Those that it takes.
        offered: Vec<String>,
    },
    /// The broker refused user or password.
    #[error("the broker refused the user or the password")]
    Login,
    /// The broker refused the request.
    #[error("the broker answered {code}")]
    Refused {
        /// What it said.
        code: ResponseError,
    },
    /// The answer cannot be read.
    #[error("the broker's answer cannot be read: {what}")]
    Unreadable {
        /// What of it.
        what: &'static str,
    },
}

impl KafkaError {
    /// One word; stable, for conditions.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } | Self::TimedOut => "Unreachable",
            Self::Closed => "ConnectionClosed",
            Self::Certificate { .. } => "InvalidCertificate",
            Self::Tls { .. } => "TlsFailed",
            Self::Mechanism { .. } => "MechanismRefused",
            Self::Login => "PasswordRefused",
            Self::Refused { .. } => "Refused",
            Self::Unreadable { .. } => "Unreadable",
        }
    }

    /// How much it says: of several brokers' errors the one that says most is told.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Unreachable { .. } => 0,
            Self::TimedOut => 1,
            Self::Closed => 2,
            _ => 3,
        }
    }
}

impl From<io::Error> for KafkaError {
    /// An error on a connection that was there.
    fn from(error: io::Error) -> Self {
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match tls {
            Some(source) => Self::Tls {
                source: source.clone(),
            },
            None => Self::Closed,
        }
    }
}

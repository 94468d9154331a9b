//! Sending mail by SMTP.

use std::time::Duration;

use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error as SmtpError};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::config::{SmtpConfig, SmtpSecurity};

/// How long one answer of the mail server may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection pool to the mail server, and the address that mail comes from.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A mail that was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server said that this mail will never do.
    #[error("the mail server refused the mail for good")]
    Refused {
        /// Its answer.
        source: SmtpError,
    },
    /// No answer, one that says to try again, or one about us and not about the mail.
    #[error("the mail server did not take the mail")]
    Unavailable {
        /// What happened.
        source: SmtpError,
    },
}

impl SendError {
    /// The number of the server's reply, if it replied. The reply's text may name the recipient.
    pub fn reply(&self) -> Option<u16> {
        let (Self::Refused { source } | Self::Unavailable { source }) = self;
        source.status().map(Into::into)
    }
}

impl Mailer {
    /// Prepares connections as `config` says; none is made yet.
    ///
    /// Fails when the host's name cannot be used for TLS.
    pub fn new(config: &SmtpConfig, credentials: Option<Credentials>) -> Result<Self, SmtpError> {
        let builder = builder(config)?.port(config.port).timeout(Some(ANSWER_TIMEOUT));
        let builder = match credentials {
            Some(credentials) => builder.credentials(credentials),
            None => builder,
        };
        Ok(Self {
            transport: builder.build(),
            from: config.from.clone(),
        })
    }

    /// Whether [`Mailer::new`] would accept `config`. Unlike that, it needs no runtime.
    pub fn check(config: &SmtpConfig) -> Result<(), SmtpError> {
        builder(config).map(drop)
    }

    /// The address that mail comes from.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Hands `mail` to the server.
    pub async fn send(&self, mail: Message) -> Result<(), SendError> {
        match self.transport.send(mail).await {
            Ok(_) => Ok(()),
            Err(source) if source.status().is_some_and(|code| is_final(code.into())) => {
                Err(SendError::Refused { source })
            }
            Err(source) => Err(SendError::Unavailable { source }),
        }
    }
}

fn builder(config: &SmtpConfig) -> Result<AsyncSmtpTransportBuilder, SmtpError> {
    let host = config.host.as_str();
    match config.security {
        SmtpSecurity::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)),
        SmtpSecurity::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
        SmtpSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
    }
}

/// Whether a reply says that this very mail will never be taken (RFC 5321 and RFC 5248).
///
/// The other 5xx replies speak of the conversation: a wrong password (535), a command that is not known (500 to 504), TLS or
/// authentication demanded (530, 538). A mended configuration cures these, so the mail must not be given up for them.
fn is_final(reply: u16) -> bool {
    matches!(reply, 521 | 550..=556)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replies_about_the_mail_itself_are_final() {
        for (reply, expected) in [
            (421, false),
            (450, false),
            (452, false),
            (500, false),
            (530, false),
            (535, false),
            (550, true),
            (552, true),
            (554, true),
        ] {
            assert_eq!(is_final(reply), expected, "{reply}");
        }
    }
}

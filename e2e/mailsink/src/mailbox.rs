//! The mail kept in memory, and the refusals a test has asked for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mail_parser::MessageParser;
use serde::Serialize;
use serde_json::Value;

/// One accepted mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Envelope recipients, as given to `RCPT TO`, in order.
    pub to: Vec<String>,
    /// Envelope sender, as given to `MAIL FROM`; empty for a bounce.
    pub from: String,
    /// The decoded `Subject`; empty when there is none.
    pub subject: String,
    /// The `Message-ID` without its angle brackets; empty when there is none.
    pub message_id: String,
    /// The first text body, decoded; empty when there is none.
    pub body: String,
    /// Every header, undecoded and trimmed; the name in lower case, the values in order of appearance.
    pub headers: BTreeMap<String, Vec<String>>,
}

impl Mail {
    /// Reads the raw bytes of a mail; `None` when they are not a mail at all.
    pub fn parse(from: String, to: Vec<String>, raw: &[u8]) -> Option<Self> {
        let message = MessageParser::default().parse(raw)?;
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in message.headers_raw() {
            headers
                .entry(name.to_ascii_lowercase())
                .or_default()
                .push(value.trim().to_owned());
        }
        Some(Self {
            to,
            from,
            subject: message.subject().unwrap_or_default().to_owned(),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            body: message.body_text(0).unwrap_or_default().into_owned(),
            headers,
        })
    }

    /// Whether `address` is among the recipients; the case of letters does not matter.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }
}

/// How much the sink remembers; what exceeds it pushes out the oldest mail.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Number of mails.
    pub mails: usize,
    /// Bytes of all mails together, as they came over the wire.
    pub total_bytes: usize,
    /// Bytes of one mail; a larger one is refused with 552.
    pub mail_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mails: 10_000,
            total_bytes: 64 << 20,
            mail_bytes: 1 << 20,
        }
    }
}

/// The shared memory of the sink; clones see the same mail.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    limits: Limits,
    content: Arc<Mutex<Content>>,
}

#[derive(Debug, Default)]
struct Content {
    mails: VecDeque<(Mail, usize)>,
    bytes: usize,
    refusals: VecDeque<u16>,
    calls: VecDeque<Value>,
}

/// Calls of webhooks that are remembered.
const CALLS: usize = 1_000;

impl Mailbox {
    /// An empty mailbox that keeps at most what `limits` say.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            content: Arc::default(),
        }
    }

    /// The limits this mailbox was made with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Keeps a mail of `bytes` bytes; the oldest ones go when a limit is passed.
    pub fn keep(&self, mail: Mail, bytes: usize) {
        let mut content = self.lock();
        content.mails.push_back((mail, bytes));
        content.bytes += bytes;
        while content.mails.len() > self.limits.mails || content.bytes > self.limits.total_bytes {
            let Some((_, dropped)) = content.mails.pop_front() else {
                break;
            };
            content.bytes -= dropped;
        }
    }

    /// Keeps the call of a webhook; the oldest one goes when there are too many.
    pub fn called(&self, call: Value) {
        let mut content = self.lock();
        content.calls.push_back(call);
        while content.calls.len() > CALLS {
            content.calls.pop_front();
        }
    }

    /// All calls of webhooks, oldest first.
    pub fn calls(&self) -> Vec<Value> {
        self.lock().calls.iter().cloned().collect()
    }

    /// The mail to `recipient`, or all of it, oldest first.
    pub fn mails(&self, recipient: Option<&str>) -> Vec<Mail> {
        let content = self.lock();
        let wanted = |mail: &&Mail| recipient.is_none_or(|address| mail.is_to(address));
        content
            .mails
            .iter()
            .map(|(mail, _)| mail)
            .filter(wanted)
            .cloned()
            .collect()
    }

    /// Forgets all mail and all refusals.
    pub fn clear(&self) {
        *self.lock() = Content::default();
    }

    /// Refuses the next `count` mails at `DATA` with the SMTP reply `code` (4xx: try again, 5xx: never).
    pub fn refuse_next(&self, code: u16, count: usize) {
        self.lock().refusals.extend(std::iter::repeat_n(code, count));
    }

    /// The reply with which the mail at hand is to be refused, if a test asked for it.
    pub(crate) fn next_refusal(&self) -> Option<u16> {
        self.lock().refusals.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        // Nothing panics while the lock is held, so a poisoned one still guards sound content.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str) -> Mail {
        let raw =
            format!("To: {to}\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n");
        Mail::parse("todo@example.com".to_owned(), vec![to.to_owned()], raw.as_bytes()).expect("a mail")
    }

    #[test]
    fn headers_and_body_are_decoded() {
        let mail = mail("a@example.com");
        assert_eq!(mail.subject, "Grüße");
        assert_eq!(mail.message_id, "1@x");
        assert_eq!(mail.body, "Hello\r\n");
        assert_eq!(mail.headers["to"], ["a@example.com"]);
    }

    #[test]
    fn the_recipient_filter_ignores_case() {
        let mailbox = Mailbox::default();
        mailbox.keep(mail("A@example.com"), 1);
        mailbox.keep(mail("b@example.com"), 1);
        assert_eq!(mailbox.mails(Some("a@EXAMPLE.com")).len(), 1);
        assert_eq!(mailbox.mails(None).len(), 2);
    }

    #[test]
    fn the_oldest_mail_goes_when_a_limit_is_passed() {
        let mailbox = Mailbox::new(Limits {
            mails: 2,
            total_bytes: 10,
            mail_bytes: 10,
        });
        for to in ["a@x", "b@x", "c@x"] {
            mailbox.keep(mail(to), 1);
        }
        assert_eq!(
            mailbox
                .mails(None)
                .iter()
                .map(|m| m.to[0].clone())
                .collect::<Vec<_>>(),
            ["b@x", "c@x"]
        );
        mailbox.keep(mail("d@x"), 10);
        assert_eq!(
            mailbox
                .mails(None)
                .iter()
                .map(|m| m.to[0].clone())
                .collect::<Vec<_>>(),
            ["d@x"]
        );
    }
}

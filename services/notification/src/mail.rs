//! The mail that tells of an occasion; pure.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{Address, address::AddressError};
use todo_domain::Topic;
use uuid::Uuid;

use crate::plan::Occasion;

/// Longest title shown in a subject, in characters.
const SUBJECT_TITLE_MAX: usize = 120;

/// A mail that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The recipient's address is not one.
    #[error("the recipient's address cannot be used")]
    Recipient {
        /// Why not.
        source: AddressError,
    },
    /// The message was refused as a whole.
    #[error("the mail cannot be put together")]
    Message {
        /// Why not.
        source: lettre::error::Error,
    },
}

/// The mail about `occasion`; sent twice, it is the same mail with the same `Message-ID`.
pub fn compose(
    delivery: Uuid,
    created_at: Timestamp,
    occasion: &Occasion,
    from: &Mailbox,
    to: &str,
) -> Result<Message, MailError> {
    let to: Address = to.parse().map_err(|source| MailError::Recipient { source })?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject(occasion))
        .message_id(Some(format!("<{delivery}@{}>", from.email.domain())))
        .date(SystemTime::from(created_at))
        .header(ContentType::TEXT_PLAIN)
        .body(body(occasion))
        .map_err(|source| MailError::Message { source })
}

/// `Task created: Buy milk`. One line, whatever the title holds.
pub fn subject(occasion: &Occasion) -> String {
    let happening = match occasion.topic {
        Topic::TaskCompleted => "Task completed",
        Topic::TaskReminder => "Reminder",
        _ => "Task created",
    };
    format!("{happening}: {}", shortened(&one_line(&occasion.title)))
}

/// The text, in plain words.
pub fn body(occasion: &Occasion) -> String {
    let title = one_line(&occasion.title);
    let at = occasion.at.map(in_words);
    let text = match (occasion.topic, at) {
        (Topic::TaskCompleted, Some(at)) => format!("Your task \"{title}\" was completed on {at}."),
        (Topic::TaskCompleted, None) => format!("Your task \"{title}\" was completed."),
        (Topic::TaskReminder, Some(at)) => {
            format!("This is your reminder of the task \"{title}\", set for {at}.")
        }
        (Topic::TaskReminder, None) => format!("This is your reminder of the task \"{title}\"."),
        (_, Some(at)) => format!("Your task \"{title}\" was created. It is due on {at}."),
        (_, None) => format!("Your task \"{title}\" was created."),
    };
    format!("Hello,\r\n\r\n{text}\r\n\r\nYou can turn these mails off in your notification preferences.\r\n")
}

/// Control characters could end the header and start another one, so they become spaces.
fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SUBJECT_TITLE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn in_words(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%-d %B %Y at %H:%M UTC")
        .to_string()
}

#[cfg(test)]
mod tests {
    use todo_domain::TaskId;

    use super::*;

    fn occasion(topic: Topic, title: &str, at: Option<&str>) -> Occasion {
        Occasion {
            topic,
            task_id: TaskId(Uuid::from_u128(1)),
            task_version: 1,
            title: title.to_owned(),
            at: at.map(|at| at.parse().unwrap()),
        }
    }

    fn raw(occasion: &Occasion, to: &str) -> String {
        let from = "Todo <todo@example.com>".parse().unwrap();
        let created_at = "2026-11-21T12:00:00Z".parse().unwrap();
        let mail = compose(Uuid::from_u128(7), created_at, occasion, &from, to).unwrap();
        String::from_utf8(mail.formatted()).unwrap()
    }

    #[test]
    fn subject_and_text_say_what_happened_in_plain_words() {
        let at = Some("2026-11-21T12:05:30Z");
        let table = [
            (
                Topic::TaskCreated,
                None,
                "Task created: Buy milk",
                "Your task \"Buy milk\" was created.",
            ),
            (
                Topic::TaskCreated,
                at,
                "Task created: Buy milk",
                "Your task \"Buy milk\" was created. It is due on 21 November 2026 at 12:05 UTC.",
            ),
            (
                Topic::TaskCompleted,
                at,
                "Task completed: Buy milk",
                "Your task \"Buy milk\" was completed on 21 November 2026 at 12:05 UTC.",
            ),
            (
                Topic::TaskReminder,
                at,
                "Reminder: Buy milk",
                "This is your reminder of the task \"Buy milk\", set for 21 November 2026 at 12:05 UTC.",
            ),
        ];
        for (topic, at, expected_subject, expected_text) in table {
            let occasion = occasion(topic, "Buy milk", at);
            assert_eq!(subject(&occasion), expected_subject);
            assert_eq!(body(&occasion).lines().nth(2), Some(expected_text));
        }
    }

    #[test]
    fn the_same_delivery_is_the_same_mail() {
        let occasion = occasion(Topic::TaskCreated, "Buy milk", None);
        let mail = raw(&occasion, "ann@example.com");
        assert_eq!(mail, raw(&occasion, "ann@example.com"));
        assert!(
            mail.contains("Message-ID: <00000000-0000-0000-0000-000000000007@example.com>\r\n"),
            "{mail}"
        );
        assert!(
            mail.contains("Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"),
            "{mail}"
        );
    }

    #[test]
    fn a_title_cannot_add_a_header() {
        for title in [
            "x\r\nBcc: eve@example.com",
            "x\nBcc: eve@example.com",
            "x\u{85}Bcc: eve@example.com\0",
        ] {
            let mail = raw(&occasion(Topic::TaskReminder, title, None), "ann@example.com");
            let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
            assert!(
                !headers
                    .lines()
                    .any(|line| line.to_ascii_lowercase().starts_with("bcc")),
                "{headers}"
            );
            assert!(
                headers.contains("Subject: Reminder: x Bcc: eve@example.com"),
                "{headers}"
            );
        }
    }

    #[test]
    fn a_recipient_cannot_add_a_header_or_another_recipient() {
        let from = "todo@example.com".parse().unwrap();
        let occasion = occasion(Topic::TaskCreated, "x", None);
        for to in [
            "",
            "ann",
            "a@x\r\nBcc: eve@example.com",
            "a@x.org,eve@example.com",
            "a@x.org>\r\nRCPT TO:<e@x.org",
        ] {
            assert!(
                compose(Uuid::nil(), Timestamp::UNIX_EPOCH, &occasion, &from, to).is_err(),
                "{to:?}"
            );
        }
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        let subject = subject(&occasion(Topic::TaskCreated, &"ü".repeat(500), None));
        assert_eq!(subject, format!("Task created: {}…", "ü".repeat(120)));
    }
}

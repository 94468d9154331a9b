//! The mail sink, read over HTTP.

use serde::Deserialize;

use crate::Result;

/// A mail as the sink got it.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    /// The subject header, decoded.
    pub subject: String,
    /// The `Message-ID` header.
    pub message_id: String,
}

/// All mail for one address so far.
pub async fn to(http: &reqwest::Client, sink: &str, address: &str) -> Result<Vec<Mail>> {
    let url = format!("{sink}/messages");
    let mails = http
        .get(url)
        .query(&[("to", address)])
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    Ok(mails)
}

/// How many of the mails have a subject that starts like this.
pub fn count(mails: &[Mail], subject: &str) -> usize {
    mails.iter().filter(|m| m.subject.starts_with(subject)).count()
}

//! Versions on the wire: `ETag: "v7"`, `If-Match: "v7"`.

use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::problem::{self, Problem};

/// The strong entity tag of a version.
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"v{version}\"")).expect("a quoted number should be a header value")
}

/// What `If-Match` demands. An extractor; a malformed header is a 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No header: whatever the version is.
    Absent,
    /// `*`: it exists.
    Any,
    /// One of these versions; empty when the tags are weak or not ours, which no version fits.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Whether a thing of this version may be written.
    pub fn allows(&self, version: i64) -> bool {
        match self {
            Self::Absent | Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut versions = Vec::new();
        let mut is_present = false;
        for value in headers.get_all(IF_MATCH) {
            is_present = true;
            let text = value.to_str().map_err(|_| malformed())?;
            for tag in text.split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                versions.extend(version_of(tag)?);
            }
        }
        Ok(if is_present {
            Self::Versions(versions)
        } else {
            Self::Absent
        })
    }
}

/// The version of a strong tag of ours, `None` for a tag that cannot fit.
fn version_of(tag: &str) -> Result<Option<i64>, Problem> {
    let strong = tag.strip_prefix("W/").unwrap_or(tag);
    let opaque = strong
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .ok_or_else(malformed)?;
    let is_weak = strong.len() != tag.len();
    Ok(opaque
        .strip_prefix('v')
        .and_then(|digits| digits.parse().ok())
        .filter(|_| !is_weak))
}

fn malformed() -> Problem {
    Problem::new(problem::BAD_REQUEST).detail(r#"If-Match must be * or a list of entity tags like "v7""#)
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<IfMatch, u16> {
        let headers = values
            .iter()
            .map(|value| (IF_MATCH, HeaderValue::from_str(value).unwrap()))
            .collect();
        IfMatch::of(&headers).map_err(|problem| problem.kind().status.as_u16())
    }

    #[test]
    fn each_form_of_the_header_is_read() {
        let versions = |versions: &[i64]| Ok(IfMatch::Versions(versions.to_vec()));
        let table: [(&[&str], Result<IfMatch, u16>); 8] = [
            (&[], Ok(IfMatch::Absent)),
            (&["*"], Ok(IfMatch::Any)),
            (&["\"v7\""], versions(&[7])),
            (&["\"v7\", \"v8\"", "\"v9\""], versions(&[7, 8, 9])),
            (&["W/\"v7\""], versions(&[])),
            (&["\"other\""], versions(&[])),
            (&["v7"], Err(400)),
            (&[""], Err(400)),
        ];
        for (values, expected) in table {
            assert_eq!(read(values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_tag_that_we_wrote_is_read_back() {
        let written = etag(42);
        assert_eq!(
            read(&[written.to_str().unwrap()]),
            Ok(IfMatch::Versions(vec![42]))
        );
    }
}

//! Writes that may be sent again: the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07).
//!
//! A service keeps the answer of a write under owner and key, in the transaction of the write itself. Who sends the
//! same request again gets that answer once more, with [`REPLAYED`]; the [`Fingerprint`] tells the same request from
//! another one under the same key.

use std::fmt;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method};
use sha2::{Digest, Sha256};

use super::extract::unreadable;
use crate::problem::{self, Problem};

/// The request header with the key.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The answer's header, `true` when it is that of an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in characters.
const LENGTH_MAX: usize = 255;

/// What a client calls one write: 1 to 255 visible ASCII characters, meant for one owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key in the headers, if there is one; 400 when it cannot be read, or there are several.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(KEY).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let key = value.to_str().ok().and_then(Self::read);
        match (key, values.next()) {
            (Some(key), None) => Ok(Some(key)),
            _ => Err(Problem::new(problem::IDEMPOTENCY_KEY_INVALID).detail(format!(
                r#"Idempotency-Key must be one string like "8e03978e", of 1 to {LENGTH_MAX} visible characters"#
            ))),
        }
    }

    /// A string of RFC 9651 (section 3.3.3), or the same without quotes, as many clients send it. No parameter is
    /// defined for this header, so one after the string is refused.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(quoted) => unescape(quoted.strip_suffix('"')?)?,
            None => text.to_owned(),
        };
        let is_fit = (1..=LENGTH_MAX).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
        is_fit.then_some(Self(key))
    }
}

/// What stands between the quotes: a backslash escapes a quote or a backslash, and nothing else.
fn unescape(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '"' => return None,
            '\\' => characters
                .next()
                .filter(|escaped| matches!(escaped, '"' | '\\'))?,
            plain => plain,
        });
    }
    Some(text)
}

/// SHA-256 of what a request asks for: method, path with query, and the body as it came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a request; `target` is the path with the query.
    pub fn of(method: &Method, target: &str, body: &[u8]) -> Self {
        // Neither a method nor a target holds a line break, so no two requests give the same bytes.
        let digest = Sha256::new()
            .chain_update(method.as_str())
            .chain_update("\n")
            .chain_update(target)
            .chain_update("\n")
            .chain_update(body);
        Self(digest.finalize().into())
    }

    /// The 32 bytes that are stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

/// A key with the request that it was sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What the client calls this write.
    pub key: Key,
    /// What this write is.
    pub fingerprint: Fingerprint,
}

/// A body of type `T` with the claim of its request, if it has a key. An extractor; 400 for a key that cannot be read,
/// and whatever `T` refuses.
#[derive(Debug, Clone)]
pub struct Keyed<T> {
    /// `None` without `Idempotency-Key`.
    pub claim: Option<Claim>,
    /// The body.
    pub body: T,
}

impl<T, S> FromRequest<S> for Keyed<T>
where
    T: FromRequest<S, Rejection = Problem>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Some(key) = Key::of(request.headers())? else {
            return Ok(Self {
                claim: None,
                body: T::from_request(request, state).await?,
            });
        };
        let (parts, body) = request.into_parts();
        // Limits of the body stand in the parts, and both readings need them.
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        let fingerprint = Fingerprint::of(&parts.method, target(&parts), &bytes);
        let request = Request::from_parts(parts, Body::from(bytes));
        Ok(Self {
            claim: Some(Claim { key, fingerprint }),
            body: T::from_request(request, state).await?,
        })
    }
}

fn target(parts: &Parts) -> &str {
    parts
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str)
}

/// The body of a route that reads none.
#[derive(Debug, Clone, Copy)]
pub struct NoBody;

impl<S: Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(_: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::http::Json;

    fn read(values: &[&str]) -> Result<Option<String>, &'static str> {
        let headers = values
            .iter()
            .map(|value| (KEY, HeaderValue::from_bytes(value.as_bytes()).unwrap()))
            .collect();
        let key = Key::of(&headers).map_err(|problem| problem.kind().code)?;
        Ok(key.map(|key| key.as_str().to_owned()))
    }

    #[test]
    fn each_form_of_the_header_is_read() {
        let key = |key: &str| Ok(Some(key.to_owned()));
        let (longest, overlong) = ("x".repeat(255), "x".repeat(256));
        let bad = Err("idempotency_key_invalid");
        let table: [(&[&str], _); 18] = [
            (&[], Ok(None)),
            (&["\"8e03978e\""], key("8e03978e")),
            (&["8e03978e"], key("8e03978e")),
            (&[" \"padded\"\t"], key("padded")),
            (&[r#""a\"b\\c""#], key(r#"a"b\c"#)),
            (&[&longest], key(&longest)),
            (&[&format!("\"{longest}\"")], key(&longest)),
            (&[&overlong], bad.clone()),
            (&[&format!("\"{overlong}\"")], bad.clone()),
            (&[""], bad.clone()),
            (&["\"\""], bad.clone()),
            (&["\"open"], bad.clone()),
            (&["\""], bad.clone()),
            (&[r#""a\b""#], bad.clone()),
            (&["\"with space\""], bad.clone()),
            (&["schlüssel"], bad.clone()),
            (&["\"a\";b=1"], bad.clone()),
            (&["\"a\"", "\"a\""], bad),
        ];
        for (values, expected) in table {
            assert_eq!(read(values), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn every_key_survives_quoting(key in "[!-~]{1,255}") {
            let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""));
            prop_assert_eq!(read(&[&quoted]), Ok(Some(key)));
        }
    }

    #[test]
    fn whatever_is_asked_for_differently_has_another_fingerprint() {
        let requests: [(Method, &str, &[u8]); 6] = [
            (Method::POST, "/v1/tasks", b"{}"),
            (Method::PATCH, "/v1/tasks", b"{}"),
            (Method::POST, "/v1/tasks?dry=1", b"{}"),
            (Method::POST, "/v1/tasks", b"{ }"),
            (Method::POST, "/v1/tasks", b""),
            (Method::POST, "/v1/tasks{}", b""),
        ];
        let prints = requests.map(|(method, target, body)| Fingerprint::of(&method, target, body));
        for (index, print) in prints.iter().enumerate() {
            assert!(
                prints.iter().skip(index + 1).all(|other| other != print),
                "{index}"
            );
        }
    }

    #[test]
    fn a_fingerprint_is_that_of_every_release() {
        let print = Fingerprint::of(&Method::POST, "/v1/tasks", b"{\"title\":\"x\"}");
        // printf 'POST\n/v1/tasks\n{"title":"x"}' | openssl dgst -sha256 -binary | base64
        let expected = "eRDCz0X0y4OzwtJqp4FYyGSTeW037CRIyXX1Swc/9Ak=";
        assert_eq!(STANDARD.encode(print.as_bytes()), expected);
    }

    fn request(key: Option<&str>, body: &str) -> Request {
        let mut request = Request::builder().method(Method::POST).uri("/v1/tasks?a=b");
        if let Some(key) = key {
            request = request.header(KEY, key);
        }
        request
            .header("content-type", "application/json")
            .body(body.to_owned().into())
            .unwrap()
    }

    #[tokio::test]
    async fn a_claim_comes_with_the_body_that_it_covers() {
        let keyed = Keyed::<Json<Vec<u8>>>::from_request(request(Some("k"), "[1, 2]"), &())
            .await
            .unwrap();
        assert_eq!(keyed.body.0, [1, 2]);
        let fingerprint = Fingerprint::of(&Method::POST, "/v1/tasks?a=b", b"[1, 2]");
        let key = Key("k".to_owned());
        assert_eq!(keyed.claim, Some(Claim { key, fingerprint }));

        let plain = Keyed::<Json<Vec<u8>>>::from_request(request(None, "[1]"), &())
            .await
            .unwrap();
        assert_eq!((plain.claim, plain.body.0), (None, vec![1]));

        let refused = Keyed::<Json<Vec<u8>>>::from_request(request(Some("k"), "["), &()).await;
        assert_eq!(refused.unwrap_err().kind(), problem::BAD_REQUEST);
        let refused = Keyed::<NoBody>::from_request(request(Some("\"k"), ""), &()).await;
        assert_eq!(refused.unwrap_err().kind(), problem::IDEMPOTENCY_KEY_INVALID);
    }
}

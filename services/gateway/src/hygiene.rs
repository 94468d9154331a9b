//! Headers that must not cross the gateway, in either direction.

use http::{
    HeaderMap, HeaderName,
    header::{CONNECTION, HOST},
};

/// Meant for one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Names that only somebody behind the gateway may use: a client that sends them claims to be somebody else.
const CLAIMS: &[&str] = &["dapr-", "x-user-", "x-forwarded-"];

/// Removes from a request what a client must not say to a service.
pub(crate) fn request(headers: &mut HeaderMap) {
    hop_by_hop(headers);
    headers.remove(HOST);
    headers.remove("forwarded");
    let claims: Vec<HeaderName> = headers
        .keys()
        .filter(|name| CLAIMS.iter().any(|c| name.as_str().starts_with(c)))
        .cloned()
        .collect();
    for name in claims {
        headers.remove(name);
    }
}

/// Removes from an answer what is between the gateway and its sidecar.
pub(crate) fn response(headers: &mut HeaderMap) {
    hop_by_hop(headers);
    let dapr: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("dapr-"))
        .cloned()
        .collect();
    for name in dapr {
        headers.remove(name);
    }
}

fn hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(*name);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_client_cannot_claim_an_identity_or_a_route() {
        let mut sent = headers(&[
            ("authorization", "Bearer x"),
            ("dapr-app-id", "todo-notification"),
            ("dapr-api-token", "x"),
            ("dapr-caller-app-id", "todo-gateway"),
            ("x-user-id", "root"),
            ("x-forwarded-for", "10.0.0.1"),
            ("forwarded", "for=10.0.0.1"),
            ("host", "todo.example"),
            ("if-match", "\"v1\""),
        ]);
        request(&mut sent);
        assert_eq!(names(&sent), ["authorization", "if-match"]);
    }

    #[test]
    fn what_is_meant_for_one_connection_stays_there() {
        let mut sent = headers(&[
            ("connection", "close, X-Secret-Hop"),
            ("x-secret-hop", "1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("accept", "*/*"),
        ]);
        request(&mut sent);
        assert_eq!(names(&sent), ["accept"]);

        let mut answered = headers(&[("keep-alive", "timeout=5"), ("dapr-x", "1"), ("etag", "\"v1\"")]);
        response(&mut answered);
        assert_eq!(names(&answered), ["etag"]);
    }
}

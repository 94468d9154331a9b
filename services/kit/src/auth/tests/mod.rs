//! Tokens, as issuers and attackers make them.
//!
//! `signed.json` holds a JWK set and tokens signed by the private halves of its keys, which nobody has any more.

mod callers;
mod issuer_keys;

use std::sync::Arc;

use crate::auth::{AuthError, KeySource, Keys, Verifier};
use crate::config::{Algorithm, AuthConfig};
use crate::testing::TestIssuer;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use todo_domain::FixedClock;

const NOW: i64 = 1_800_000_000;

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(Timestamp::from_second(NOW).unwrap()))
}

/// What the verifier says to a token of exactly this header and these claims, rightly signed.
async fn verdict(header: Value, claims: Value) -> Result<String, AuthError> {
    let issuer = TestIssuer::new(1);
    verify(&issuer, &issuer.sign(&header, &claims)).await
}

async fn verify(issuer: &TestIssuer, token: &str) -> Result<String, AuthError> {
    issuer
        .verifier(clock())
        .verify(token)
        .await
        .map(|claims| claims.sub)
}

fn header() -> Value {
    json!({"alg": "EdDSA", "kid": "key-1"})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[tokio::test]
async fn each_rule_about_the_header_holds() {
    let long = "x".repeat(9000);
    let table = [
        ("as issuers make it", header(), Ok(())),
        (
            "by its name of RFC 9864",
            with(header(), "alg", json!("Ed25519")),
            Ok(()),
        ),
        ("with a type", with(header(), "typ", json!("JWT")), Ok(())),
        (
            "without key id, but only one key fits",
            without(header(), "kid"),
            Ok(()),
        ),
        (
            "alg none",
            with(header(), "alg", json!("none")),
            Err(AuthError::Algorithm),
        ),
        (
            "alg in another case",
            with(header(), "alg", json!("eddsa")),
            Err(AuthError::Algorithm),
        ),
        ("no alg", without(header(), "alg"), Err(AuthError::Malformed)),
        (
            "alg that is not for the key",
            with(header(), "alg", json!("RS256")),
            Err(AuthError::Algorithm),
        ),
        (
            "alg that is not allowed",
            with(header(), "alg", json!("PS256")),
            Err(AuthError::Algorithm),
        ),
        (
            "unknown key",
            with(header(), "kid", json!("key-2")),
            Err(AuthError::UnknownKey),
        ),
        (
            "crit",
            with(header(), "crit", json!(["exp"])),
            Err(AuthError::ForbiddenHeader),
        ),
        (
            "jku",
            with(header(), "jku", json!("https://evil.example/jwks")),
            Err(AuthError::ForbiddenHeader),
        ),
        (
            "x5u",
            with(header(), "x5u", json!("https://evil.example/cert")),
            Err(AuthError::ForbiddenHeader),
        ),
        (
            "jwk",
            with(header(), "jwk", json!({"kty": "OKP"})),
            Err(AuthError::ForbiddenHeader),
        ),
        (
            "b64",
            with(header(), "b64", json!(false)),
            Err(AuthError::ForbiddenHeader),
        ),
        (
            "longer than 8 KiB",
            with(header(), "pad", json!(long)),
            Err(AuthError::TooLong),
        ),
    ];
    for (name, header, expected) in table {
        let answer = verdict(header, TestIssuer::claims("alice")).await;
        assert_eq!(answer, expected.map(|()| "alice".to_owned()), "{name}");
    }
}

#[tokio::test]
async fn each_rule_about_the_claims_holds() {
    let claims = || TestIssuer::claims("alice");
    let other = json!("https://other.example");
    let ours = json!(TestIssuer::ISSUER);
    let table = [
        (
            "another issuer",
            with(claims(), "iss", other.clone()),
            Err(AuthError::Issuer),
        ),
        ("no issuer", without(claims(), "iss"), Err(AuthError::Issuer)),
        (
            "another audience",
            with(claims(), "aud", other.clone()),
            Err(AuthError::Audience),
        ),
        ("no audience", without(claims(), "aud"), Err(AuthError::Audience)),
        (
            "several audiences, ours among them",
            with(claims(), "aud", json!([other, ours])),
            Ok(()),
        ),
        (
            "several audiences, all of others",
            with(claims(), "aud", json!([other])),
            Err(AuthError::Audience),
        ),
        (
            "a further audience of ours",
            with(claims(), "aud", json!(TestIssuer::SECOND_AUDIENCE)),
            Ok(()),
        ),
        ("no expiry", without(claims(), "exp"), Err(AuthError::Expired)),
        (
            "expiry as text",
            with(claims(), "exp", json!("4102444800")),
            Err(AuthError::Expired),
        ),
        (
            "expired within the skew",
            with(claims(), "exp", json!(NOW - 29)),
            Ok(()),
        ),
        (
            "expired beyond the skew",
            with(claims(), "exp", json!(NOW - 30)),
            Err(AuthError::Expired),
        ),
        (
            "valid soon, within the skew",
            with(claims(), "nbf", json!(NOW + 30)),
            Ok(()),
        ),
        (
            "valid soon, beyond the skew",
            with(claims(), "nbf", json!(NOW + 31)),
            Err(AuthError::NotYetValid),
        ),
        (
            "nbf that is no number",
            with(claims(), "nbf", json!("soon")),
            Err(AuthError::NotYetValid),
        ),
        ("no subject", without(claims(), "sub"), Err(AuthError::Subject)),
        (
            "empty subject",
            with(claims(), "sub", json!("")),
            Err(AuthError::Subject),
        ),
        (
            "subject too long",
            with(claims(), "sub", json!("x".repeat(256))),
            Err(AuthError::Subject),
        ),
        (
            "subject with a line break",
            with(claims(), "sub", json!("a\nb")),
            Err(AuthError::Subject),
        ),
    ];
    for (name, claims, expected) in table {
        assert_eq!(
            verdict(header(), claims).await,
            expected.map(|()| "alice".to_owned()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_address_counts_unless_the_issuer_doubts_it() {
    let issuer = TestIssuer::new(1);
    let claims = TestIssuer::claims("alice");
    for (claims, expected) in [
        (claims.clone(), Some("alice@example.com")),
        (
            with(claims.clone(), "email_verified", json!(true)),
            Some("alice@example.com"),
        ),
        (with(claims.clone(), "email_verified", json!(false)), None),
        (without(claims, "email"), None),
    ] {
        let verified = issuer
            .verifier(clock())
            .verify(&issuer.sign(&header(), &claims))
            .await
            .unwrap();
        assert_eq!(verified.email.as_deref(), expected);
    }
}

#[tokio::test]
async fn a_token_that_was_touched_is_refused() {
    let issuer = TestIssuer::new(1);
    let token = issuer.token("alice");
    let parts: Vec<_> = token.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(TestIssuer::claims("mallory").to_string());
    let impostor = TestIssuer::new(2).sign(&header(), &TestIssuer::claims("mallory"));
    for (name, token, expected) in [
        (
            "claims of another",
            format!("{}.{forged}.{}", parts[0], parts[2]),
            AuthError::Signature,
        ),
        (
            "signature by another key under that id",
            impostor,
            AuthError::Signature,
        ),
        (
            "signature taken off",
            format!("{}.{}.", parts[0], parts[1]),
            AuthError::Malformed,
        ),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            AuthError::Malformed,
        ),
        ("four parts", format!("{token}.x"), AuthError::Malformed),
        (
            "padded",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            AuthError::Malformed,
        ),
        ("empty", String::new(), AuthError::Malformed),
    ] {
        assert_eq!(verify(&issuer, &token).await, Err(expected), "{name}");
    }
}

#[tokio::test]
async fn a_member_that_comes_twice_is_refused() {
    let issuer = TestIssuer::new(1);
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"EdDSA","kid":"key-1"}"#);
    let token = issuer.token("alice");
    let (_, rest) = token.split_once('.').unwrap();
    assert_eq!(
        verify(&issuer, &format!("{header}.{rest}")).await,
        Err(AuthError::Malformed)
    );
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    // HS256 signed with the public key: the algorithm is refused before any key is looked at.
    let issuer = TestIssuer::new(1);
    let encode = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let head = json!({"alg": "HS256", "kid": "key-1"});
    let signed = format!("{}.{}", encode(head), encode(TestIssuer::claims("mallory")));
    let public = issuer.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    for secret in [URL_SAFE_NO_PAD.decode(&public).unwrap(), public.into_bytes()] {
        let key = jsonwebtoken::EncodingKey::from_secret(&secret);
        let mac =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
        assert_eq!(
            verify(&issuer, &format!("{signed}.{mac}")).await,
            Err(AuthError::Algorithm)
        );
    }
}

#[tokio::test]
async fn the_session_and_the_time_of_issue_are_read_where_they_are_usable() {
    let issuer = TestIssuer::new(1);
    let claims = TestIssuer::claims("alice");
    for (claims, session, issued_at) in [
        (claims.clone(), None, None),
        (
            with(with(claims.clone(), "sid", json!("s-1")), "iat", json!(NOW)),
            Some("s-1"),
            Some(1_800_000_000.0),
        ),
        (
            with(with(claims.clone(), "sid", json!(7)), "iat", json!("today")),
            None,
            None,
        ),
        (with(claims, "sid", json!("x".repeat(256))), None, None),
    ] {
        let token = issuer.sign(&header(), &claims);
        let verified = issuer.verifier(clock()).verify(&token).await.unwrap();
        assert_eq!(
            (verified.session.as_deref(), verified.issued_at),
            (session, issued_at)
        );
    }
}

#[tokio::test]
async fn every_algorithm_works_with_the_keys_it_is_for() {
    let signed: Value = serde_json::from_str(include_str!("signed.json")).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), signed["jwks"].to_string()).unwrap();
    let config = AuthConfig {
        algorithms: vec![Algorithm::ES256, Algorithm::RS256, Algorithm::PS256],
        ..TestIssuer::config(file.path())
    };
    let keys = Arc::new(Keys::new(KeySource::File(file.path().to_owned())));
    let verifier = Verifier::new(config, keys, clock());
    let table = [
        ("es256", Ok(())),
        ("rs256", Ok(())),
        ("ps256", Ok(())),
        ("rs256_by_rs256_key", Ok(())),
        ("ps256_by_rs256_key", Err(AuthError::Algorithm)),
        ("rs256_naming_ec_key", Err(AuthError::Algorithm)),
        // Keys that are too weak or not for signatures are as if they were not there.
        ("rs256_by_weak_key", Err(AuthError::UnknownKey)),
        ("rs256_by_encryption_key", Err(AuthError::UnknownKey)),
    ];
    for (name, expected) in table {
        let answer = verifier.verify(signed["tokens"][name].as_str().unwrap()).await;
        assert_eq!(answer.map(|_| ()), expected, "{name}");
    }
}

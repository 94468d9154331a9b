use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ed25519_dalek::pkcs8::{EncodePrivateKey, spki::der::pem::LineEnding};
use serde_json::{Value, json};

use super::*;
use crate::{
    cluster::tests::{PLATFORMS, fake, platform},
    failure,
};

const NOW: i64 = 1_900_000_000;
const SECRET: &str = "/api/v1/namespaces/shop/secrets/todo-signing-key";

fn key_set(seed: u8) -> String {
    let private = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let x = URL_SAFE_NO_PAD.encode(private.verifying_key().as_bytes());
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "the-kid", "x": x}]}).to_string()
}

fn pem(seed: u8) -> String {
    let private = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    private.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn secret(data: &[(&str, &str)]) -> Value {
    let data: serde_json::Map<_, _> = data
        .iter()
        .map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into()))
        .collect();
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "todo-signing-key"}, "data": data})
}

fn with_auth(auth: Value) -> Value {
    let mut platform = platform("todo");
    platform["spec"]["auth"] = auth;
    platform
}

fn args(email: Option<&str>) -> TokenArgs {
    TokenArgs {
        user: "alice".into(),
        email: email.map(str::to_owned),
        ttl: SignedDuration::from_mins(15),
        platform: Some("todo".into()),
    }
}

async fn signed(platform: Value, secret: Option<Value>, args: &TokenArgs) -> Result<String, TokenError> {
    let path = format!("{PLATFORMS}/todo");
    let mut answers = vec![(path.as_str(), platform)];
    answers.extend(secret.map(|secret| (SECRET, secret)));
    token(&fake(&answers), args, Timestamp::from_second(NOW).unwrap()).await
}

async fn refused(platform: Value, secret: Option<Value>) -> String {
    let error = signed(platform, secret, &args(None)).await.unwrap_err();
    failure::text(&error, &error.next_action())
}

fn decoded(token: &str, keys: &str) -> (Header, Value) {
    let keys: JwkSet = serde_json::from_str(keys).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let key = DecodingKey::from_jwk(key).unwrap();
    let claims = jsonwebtoken::decode(token, &key, &signature_only())
        .unwrap()
        .claims;
    (header, claims)
}

#[tokio::test]
async fn a_token_verifies_with_the_public_key_set_and_says_who_for_whom_and_until_when() {
    let pair = secret(&[("private.pem", &pem(1)), ("jwks.json", &key_set(1))]);
    let token = signed(platform("todo"), Some(pair), &args(Some("alice@example.com")))
        .await
        .unwrap();
    let (header, claims) = decoded(&token, &key_set(1));
    assert_eq!(
        (header.alg, header.kid.as_deref()),
        (Algorithm::EdDSA, Some("the-kid"))
    );
    assert_eq!(
        claims,
        json!({
            "iss": "https://todo.shop.todoplatform.local",
            "aud": "https://todo.shop.todoplatform.local",
            "sub": "alice",
            "email": "alice@example.com",
            "iat": NOW, "nbf": NOW, "exp": NOW + 900,
        })
    );
}

#[tokio::test]
async fn issuer_and_audience_are_the_specs_where_it_names_them_and_no_mail_address_is_made_up() {
    let pair = secret(&[("private.pem", &pem(1)), ("jwks.json", &key_set(1))]);
    let platform = with_auth(json!({"issuer": "https://me", "audience": "https://you"}));
    let token = signed(platform, Some(pair), &args(None)).await.unwrap();
    let (_, claims) = decoded(&token, &key_set(1));
    assert_eq!(
        claims,
        json!({"iss": "https://me", "aud": "https://you", "sub": "alice", "iat": NOW, "nbf": NOW, "exp": NOW + 900})
    );
}

#[tokio::test]
async fn a_platform_with_an_issuer_of_its_own_is_refused_with_the_issuers_name() {
    let platform = with_auth(json!({
        "issuer": "https://login.example", "audience": "todo", "jwksUrl": "https://login.example/jwks",
    }));
    assert_eq!(
        refused(platform, None).await,
        "error: TodoPlatform todo takes tokens of the issuer https://login.example only (spec.auth), \
         and this command has no key of it\nnext: get a token from https://login.example\n"
    );
}

#[tokio::test]
async fn a_platform_that_does_not_accept_the_algorithm_is_refused() {
    let told = refused(with_auth(json!({"algorithms": ["RS256"]})), None).await;
    assert!(
        told.starts_with("error: TodoPlatform todo does not accept EdDSA"),
        "{told}"
    );
    assert!(told.contains("next: add EdDSA to spec.auth.algorithms"), "{told}");
}

#[tokio::test]
async fn a_key_that_is_not_there_yet_says_so() {
    assert_eq!(
        refused(platform("todo"), None).await,
        "error: Secret todo-signing-key with the signing key of TodoPlatform todo does not exist yet\n\
         next: wait until the operator has made it, and see what it is doing: kubectl todo status todo\n"
    );
}

#[tokio::test]
async fn a_spoilt_secret_is_told_by_name_and_key_and_never_by_value() {
    let (pem_1, keys_1, keys_2) = (pem(1), key_set(1), key_set(2));
    let cases = [
        (
            "no private half",
            vec![("jwks.json", keys_1.as_str())],
            "has no key private.pem",
        ),
        (
            "no public half",
            vec![("private.pem", pem_1.as_str())],
            "has no key jwks.json",
        ),
        (
            "no PEM",
            vec![("private.pem", "hunter2"), ("jwks.json", &keys_1)],
            "private.pem is not what the operator wrote",
        ),
        (
            "no JSON",
            vec![("private.pem", &pem_1), ("jwks.json", "hunter2")],
            "jwks.json is not what the operator wrote",
        ),
        (
            "no keys",
            vec![("private.pem", &pem_1), ("jwks.json", r#"{"keys":[]}"#)],
            "it has no key with a kid",
        ),
        (
            "another's",
            vec![("private.pem", &pem_1), ("jwks.json", &keys_2)],
            "private.pem and jwks.json are not of one pair",
        ),
    ];
    for (name, data, expected) in cases {
        let told = refused(platform("todo"), Some(secret(&data))).await;
        assert!(told.contains(expected), "{name}: {told}");
        assert!(
            told.contains("kubectl delete secret todo-signing-key"),
            "{name}: {told}"
        );
        assert!(!told.contains("hunter2"), "{name}: {told}");
    }
}

#[test]
fn a_ttl_is_a_duration_between_a_second_and_a_day() {
    let cases = [
        ("90s", Some(90)),
        ("15m", Some(900)),
        ("1h30m", Some(5_400)),
        ("24h", Some(86_400)),
        ("25h", None),
        ("0s", None),
        ("-5m", None),
        ("15", None),
        ("soon", None),
        ("", None),
    ];
    for (text, seconds) in cases {
        assert_eq!(ttl(text).ok().map(|ttl| ttl.as_secs()), seconds, "{text:?}");
    }
}

#[test]
fn users_and_mail_addresses_are_what_the_services_take() {
    for (user, is_good) in [
        ("alice", true),
        ("auth0|12 34", true),
        ("", false),
        ("a\nb", false),
    ] {
        assert_eq!(subject(user).is_ok(), is_good, "{user:?}");
    }
    assert!(subject(&"x".repeat(255)).is_ok() && subject(&"x".repeat(256)).is_err());
    for (mail, is_good) in [
        ("a@b", true),
        ("a.b+c@d.example", true),
        ("alice", false),
        ("@b", false),
        ("a@", false),
        ("a b@c", false),
    ] {
        assert_eq!(address(mail).is_ok(), is_good, "{mail:?}");
    }
}

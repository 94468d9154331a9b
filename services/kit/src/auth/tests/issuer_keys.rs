//! Keys that come, change, and stay away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::auth::{AuthError, KeySource, Keys, Verifier};
use crate::config::AuthConfig;
use crate::health::Health;
use crate::testing::TestIssuer;
use axum::Router;
use axum::routing::get;
use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::clock;

/// An issuer's JWKS address on loopback.
struct Address {
    url: String,
    asked: Arc<AtomicUsize>,
    /// What it answers; `None` is a 503.
    answer: Arc<Mutex<Option<Value>>>,
}

impl Address {
    async fn new(answer: Option<Value>) -> Self {
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(answer)));
        let (count, told) = (Arc::clone(&asked), Arc::clone(&answer));
        let route = get(move || {
            count.fetch_add(1, Ordering::SeqCst);
            let told = told.lock().unwrap().clone();
            async move { told.map(axum::Json).ok_or(StatusCode::SERVICE_UNAVAILABLE) }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks", route)).await });
        Self { url, asked, answer }
    }

    fn verifier(&self) -> Verifier {
        let config = AuthConfig {
            jwks_url: Some(self.url.clone()),
            jwks_file: None,
            ..TestIssuer::config("".as_ref())
        };
        let source = KeySource::of(&config, None).unwrap();
        Verifier::new(config, Arc::new(Keys::new(source)), clock())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_thousand_tokens_with_unknown_keys_ask_the_issuer_once() {
    let issuer = TestIssuer::new(1);
    let address = Address::new(Some(issuer.jwks())).await;
    let verifier = address.verifier();
    let tokens: Vec<_> = (0..1000)
        .map(|n| {
            issuer.sign(
                &json!({"alg": "EdDSA", "kid": format!("random-{n}")}),
                &TestIssuer::claims("mallory"),
            )
        })
        .collect();
    let verdicts = join_all(tokens.iter().map(|token| verifier.verify(token))).await;
    assert!(
        verdicts
            .into_iter()
            .all(|verdict| verdict == Err(AuthError::UnknownKey))
    );
    assert_eq!(address.asked(), 1);
    verifier.verify(&issuer.token("alice")).await.unwrap();
    assert_eq!(address.asked(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_by_the_first_token_that_names_it() {
    let (old, new) = (TestIssuer::new(1), TestIssuer::new(2));
    let address = Address::new(Some(old.jwks())).await;
    let verifier = address.verifier();
    verifier.verify(&old.token("alice")).await.unwrap();
    let both = [old.jwks()["keys"][0].clone(), new.jwks()["keys"][0].clone()];
    *address.answer.lock().unwrap() = Some(json!({"keys": both}));
    pass(Duration::from_secs(11)).await;
    verifier.verify(&new.token("alice")).await.unwrap();
    verifier.verify(&old.token("alice")).await.unwrap();
    assert_eq!(address.asked(), 2);
}

#[tokio::test]
async fn a_key_id_that_is_not_there_is_not_asked_for_again_for_a_minute() {
    let issuer = TestIssuer::new(1);
    let address = Address::new(Some(issuer.jwks())).await;
    let verifier = address.verifier();
    let stranger = TestIssuer::new(9).token("mallory");
    for (wait, asked) in [(0, 1), (11, 1), (30, 1), (30, 2)] {
        pass(Duration::from_secs(wait)).await;
        assert_eq!(verifier.verify(&stranger).await, Err(AuthError::UnknownKey));
        assert_eq!(address.asked(), asked, "after {wait} s more");
    }
}

#[tokio::test]
async fn the_last_good_keys_serve_on_while_the_issuer_is_away() {
    let issuer = TestIssuer::new(1);
    let address = Address::new(Some(issuer.jwks())).await;
    let verifier = address.verifier();
    verifier.verify(&issuer.token("alice")).await.unwrap();
    for useless in [None, Some(json!({"keys": []})), Some(json!("no key set"))] {
        *address.answer.lock().unwrap() = useless;
        pass(Duration::from_secs(61)).await;
        assert_eq!(
            verifier.verify(&TestIssuer::new(9).token("mallory")).await,
            Err(AuthError::UnknownKey)
        );
        verifier.verify(&issuer.token("alice")).await.unwrap();
    }
    assert_eq!(address.asked(), 4);
}

#[tokio::test]
async fn without_any_key_nobody_is_refused_for_good_and_readiness_waits() {
    let issuer = TestIssuer::new(1);
    let address = Address::new(None).await;
    assert_eq!(
        address.verifier().verify(&issuer.token("alice")).await,
        Err(AuthError::NoKeys)
    );

    let (health, stop) = (Health::default(), CancellationToken::new());
    health.set_started();
    let config = AuthConfig {
        jwks_url: Some(address.url.clone()),
        jwks_file: None,
        ..TestIssuer::config("".as_ref())
    };
    let keys = Arc::new(Keys::new(KeySource::of(&config, None).unwrap()));
    let keeping = tokio::spawn({
        let (keys, health, stop) = (Arc::clone(&keys), health.clone(), stop.clone());
        async move { keys.keep(health, stop).await }
    });
    let ready = async |wanted: bool| {
        while health.not_ready().is_empty() != wanted {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ready(false))
        .await
        .unwrap();
    *address.answer.lock().unwrap() = Some(issuer.jwks());
    tokio::time::timeout(Duration::from_secs(10), ready(true))
        .await
        .unwrap();
    Verifier::new(config, keys, clock())
        .verify(&issuer.token("alice"))
        .await
        .unwrap();
    stop.cancel();
    keeping.await.unwrap();
}

#[tokio::test]
async fn a_mounted_file_is_read_again_when_it_changes() {
    let (old, new) = (TestIssuer::new(1), TestIssuer::new(2));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), old.jwks().to_string()).unwrap();
    let config = TestIssuer::config(file.path());
    let keys = Arc::new(Keys::new(KeySource::of(&config, None).unwrap()));
    let verifier = Verifier::new(config, keys, clock());
    verifier.verify(&old.token("alice")).await.unwrap();
    std::fs::write(file.path(), new.jwks().to_string()).unwrap();
    pass(Duration::from_secs(11)).await;
    verifier.verify(&new.token("alice")).await.unwrap();
    assert_eq!(
        verifier.verify(&old.token("alice")).await,
        Err(AuthError::UnknownKey)
    );
}

#[tokio::test]
async fn keys_that_change_under_load_refuse_nobody() {
    let (old, new) = (TestIssuer::new(1), TestIssuer::new(2));
    let address = Address::new(Some(old.jwks())).await;
    let verifier = Arc::new(address.verifier());
    let present = Arc::new(Mutex::new(old.clone()));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..8 {
        let (verifier, present) = (Arc::clone(&verifier), Arc::clone(&present));
        clients.spawn(async move {
            let mut refused = 0;
            for n in 0..25 {
                let token = present.lock().unwrap().token(&format!("user-{client}-{n}"));
                refused += usize::from(verifier.verify(&token).await.is_err());
                tokio::task::yield_now().await;
            }
            refused
        });
    }
    while address.asked() == 0 {
        tokio::task::yield_now().await;
    }
    // As an issuer does it: the new key is published before the first token names it, the old one stays.
    let both = [old.jwks()["keys"][0].clone(), new.jwks()["keys"][0].clone()];
    *address.answer.lock().unwrap() = Some(json!({"keys": both}));
    pass(Duration::from_secs(11)).await;
    *present.lock().unwrap() = new;
    let refused: usize = clients.join_all().await.into_iter().sum();
    assert_eq!((refused, address.asked()), (0, 2));
}

#[tokio::test]
async fn a_key_that_could_not_be_looked_for_is_not_taken_for_absent() {
    let (old, new) = (TestIssuer::new(1), TestIssuer::new(2));
    let address = Address::new(Some(old.jwks())).await;
    let verifier = address.verifier();
    verifier.verify(&old.token("alice")).await.unwrap();
    // A moment after the last reading, and while the issuer is away.
    for (wait, answer) in [(1, Some(old.jwks())), (11, None)] {
        *address.answer.lock().unwrap() = answer;
        pass(Duration::from_secs(wait)).await;
        let verdict = verifier.verify(&new.token("alice")).await;
        assert_eq!(verdict, Err(AuthError::UnknownKey));
    }
    let both = [old.jwks()["keys"][0].clone(), new.jwks()["keys"][0].clone()];
    *address.answer.lock().unwrap() = Some(json!({"keys": both}));
    pass(Duration::from_secs(11)).await;
    verifier.verify(&new.token("alice")).await.unwrap();
}

#[tokio::test]
async fn a_key_id_beyond_all_measure_is_not_looked_for() {
    let issuer = TestIssuer::new(1);
    let address = Address::new(Some(issuer.jwks())).await;
    let verifier = address.verifier();
    let head = json!({"alg": "EdDSA", "kid": "x".repeat(257)});
    let token = issuer.sign(&head, &TestIssuer::claims("mallory"));
    assert_eq!(verifier.verify(&token).await, Err(AuthError::UnknownKey));
    assert_eq!(address.asked(), 0);
}

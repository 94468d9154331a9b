//! An issuer of tokens whose private key everybody knows.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use todo_domain::Clock;

use crate::auth::{KeySource, Keys, Verifier};
use crate::config::{Algorithm, AuthConfig};

/// Signs what it is asked to, with Ed25519.
#[derive(Debug, Clone)]
pub struct TestIssuer {
    key: SigningKey,
    key_id: String,
}

impl TestIssuer {
    /// `iss` and `aud` of its tokens.
    pub const ISSUER: &'static str = "https://issuer.test";
    /// Accepted as audience beside the issuer.
    pub const SECOND_AUDIENCE: &'static str = "https://second.example";

    /// An issuer whose key follows from `seed` and is called `key-<seed>`.
    pub fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::from_bytes(&[seed; 32]),
            key_id: format!("key-{seed}"),
        }
    }

    /// Its key as a JWK set.
    pub fn jwks(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.key_id}]})
    }

    /// The configuration of a service that trusts it, with the keys in `file`.
    pub fn config(file: &Path) -> AuthConfig {
        AuthConfig {
            issuer: Self::ISSUER.to_owned(),
            audience: Self::ISSUER.to_owned(),
            audiences: vec![Self::SECOND_AUDIENCE.to_owned()],
            jwks_url: None,
            jwks_file: Some(file.to_owned()),
            algorithms: vec![Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256],
            clock_skew_seconds: 30,
        }
    }

    /// A verifier that knows its key without reading anything.
    pub fn verifier(&self, clock: Arc<dyn Clock>) -> Arc<Verifier> {
        let keys = Keys::new(KeySource::File("/nonexistent".into()));
        keys.set(&serde_json::to_vec(&self.jwks()).expect("a JSON value should serialise"))
            .expect("the issuer's own key set should be readable");
        Arc::new(Verifier::new(
            Self::config(Path::new("/nonexistent")),
            Arc::new(keys),
            clock,
        ))
    }

    /// A good token for `sub`, with the mail address `<sub>@example.com`, that never ends in our time.
    pub fn token(&self, sub: &str) -> String {
        self.sign(&json!({"alg": "EdDSA", "kid": self.key_id}), &Self::claims(sub))
    }

    /// The claims of [`TestIssuer::token`].
    pub fn claims(sub: &str) -> Value {
        json!({
            "iss": Self::ISSUER, "aud": Self::ISSUER, "sub": sub, "exp": 4_102_444_800_u32,
            "email": format!("{sub}@example.com"),
        })
    }

    /// A token of exactly this header and these claims, rightly signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }
}

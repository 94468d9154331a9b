//! The issuer's keys, read leniently: a key that we cannot use never spoils the others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use crate::config::Algorithm;

/// Smallest RSA modulus, in bytes: 2048 bits.
const RSA_MIN_BYTES: usize = 256;

/// One usable public key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    /// Which algorithms it may verify: those of its type, or the one that the JWK names.
    algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

impl Key {
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }
}

/// The members that matter, all as text; anything else in a JWK is ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// A document that is no JWK set.
#[derive(Debug, thiserror::Error)]
#[error("not a JWK set")]
pub struct NotAKeySet {
    source: serde_json::Error,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

/// The usable keys of a JWK set, in its order; unusable ones are left out.
pub(super) fn usable_keys(document: &[u8]) -> Result<Vec<Key>, NotAKeySet> {
    let set: JwkSet = serde_json::from_slice(document).map_err(|source| NotAKeySet { source })?;
    Ok(set
        .keys
        .into_iter()
        .filter_map(|value| usable_key(serde_json::from_value(value).ok()?))
        .collect())
}

fn usable_key(jwk: Jwk) -> Option<Key> {
    if jwk.r#use.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let (algorithms, decoding) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => (
            vec![Algorithm::EdDSA],
            DecodingKey::from_ed_components(jwk.x.as_deref()?).ok()?,
        ),
        ("EC", Some("P-256")) => {
            let key = DecodingKey::from_ec_components(jwk.x.as_deref()?, jwk.y.as_deref()?).ok()?;
            (vec![Algorithm::ES256], key)
        }
        ("RSA", None) => {
            let modulus = URL_SAFE_NO_PAD.decode(jwk.n.as_deref()?).ok()?;
            let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
            if significant < RSA_MIN_BYTES {
                return None;
            }
            let key = DecodingKey::from_rsa_components(jwk.n.as_deref()?, jwk.e.as_deref()?).ok()?;
            (vec![Algorithm::RS256, Algorithm::PS256], key)
        }
        _ => return None,
    };
    let algorithms = match jwk.alg.as_deref() {
        None => algorithms,
        Some(name) => algorithms
            .into_iter()
            .filter(|algorithm| algorithm.has_name(name))
            .collect(),
    };
    (!algorithms.is_empty()).then_some(Key {
        id: jwk.kid,
        algorithms,
        decoding,
    })
}

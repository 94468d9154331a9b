//! The random values of generated Secrets. Pure but for the random numbers, which the caller hands in.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};
use todoplatform_render::SecretValue;

/// Characters of a generated password: about 190 bits.
const PASSWORD_LENGTH: usize = 32;

/// A recipe that cannot be followed. The recipes are ours, so this is a defect of the operator.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The PEM form of a key could not be written.
    #[error("key {key}: the private key cannot be encoded")]
    Encode {
        /// The key of the Secret.
        key: String,
        /// What the encoder says.
        source: ed25519_dalek::pkcs8::Error,
    },
    /// A key set or a text refers to a value that the Secret does not have.
    #[error("key {key}: its recipe refers to a value that the Secret does not have")]
    Dangling {
        /// The key of the Secret.
        key: String,
    },
}

/// Makes all values of a Secret. No value is ever logged, compared or kept by the caller.
pub fn secret_values(
    recipe: &BTreeMap<String, SecretValue>,
    random: &mut impl CryptoRng,
) -> Result<BTreeMap<String, String>, RecipeError> {
    let mut values = BTreeMap::new();
    let mut signing_key = None;
    for (key, value) in recipe {
        match value {
            SecretValue::Password => {
                values.insert(key.clone(), Alphanumeric.sample_string(random, PASSWORD_LENGTH));
            }
            SecretValue::Token => {
                values.insert(key.clone(), hex::encode(bytes(random)));
            }
            SecretValue::Ed25519PrivatePem => {
                let private = SigningKey::from_bytes(&bytes(random));
                let pem = private
                    .to_pkcs8_pem(LineEnding::LF)
                    .map_err(|source| RecipeError::Encode {
                        key: key.clone(),
                        source,
                    })?;
                values.insert(key.clone(), pem.to_string());
                signing_key = Some(private);
            }
            SecretValue::Ed25519Jwks | SecretValue::Url { .. } => {}
        }
    }
    for (key, value) in recipe {
        let dangling = || RecipeError::Dangling { key: key.clone() };
        match value {
            SecretValue::Ed25519Jwks => {
                let key_set = public_key_set(signing_key.as_ref().ok_or_else(dangling)?);
                values.insert(key.clone(), key_set);
            }
            SecretValue::Url { template } => {
                let url = fill(template, &values).ok_or_else(dangling)?;
                values.insert(key.clone(), url);
            }
            SecretValue::Password | SecretValue::Token | SecretValue::Ed25519PrivatePem => {}
        }
    }
    Ok(values)
}

fn bytes(random: &mut impl CryptoRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    random.fill_bytes(&mut bytes);
    bytes
}

/// The JSON Web Key Set (RFC 7517, RFC 8037) of the public half; `kid` is the RFC 7638 thumbprint.
fn public_key_set(private: &SigningKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(private.verifying_key().as_bytes());
    // RFC 7638 fixes these bytes: the required members only, sorted, without spaces.
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
    serde_json::json!({
        "keys": [{"alg": "EdDSA", "crv": "Ed25519", "kid": kid, "kty": "OKP", "use": "sig", "x": x}]
    })
    .to_string()
}

/// Puts values in place of `{<key>}`; none when a key is unknown.
fn fill(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut text = String::with_capacity(template.len() + PASSWORD_LENGTH);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (key, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(values.get(key)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::JwkSet};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn recipe(values: &[(&str, SecretValue)]) -> BTreeMap<String, SecretValue> {
        values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    fn signing_key(seed: u64) -> BTreeMap<String, String> {
        let recipe = recipe(&[
            ("private.pem", SecretValue::Ed25519PrivatePem),
            ("jwks.json", SecretValue::Ed25519Jwks),
        ]);
        secret_values(&recipe, &mut StdRng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn a_token_signed_with_the_private_key_verifies_with_the_key_set() {
        let ours = signing_key(1);
        let keys: JwkSet = serde_json::from_str(&ours["jwks.json"]).unwrap();
        let key = &keys.keys[0];
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid.clone_from(&key.common.key_id);
        let claims = serde_json::json!({"sub": "alice", "exp": 4_102_444_800_u64, "aud": "todo"});
        let private = EncodingKey::from_ed_pem(ours["private.pem"].as_bytes()).unwrap();
        let token = jsonwebtoken::encode(&header, &claims, &private).unwrap();

        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&["todo"]);
        let verify = |keys: &str| {
            let keys: JwkSet = serde_json::from_str(keys).unwrap();
            let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
            jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation)
        };
        assert_eq!(verify(&ours["jwks.json"]).unwrap().claims["sub"], "alice");
        assert!(
            verify(&signing_key(2)["jwks.json"]).is_err(),
            "another platform's keys must not do"
        );
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_8037() {
        // The example of RFC 8037, appendices A.1 to A.3.
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let set = public_key_set(&SigningKey::from_bytes(&seed.try_into().unwrap()));
        let set: serde_json::Value = serde_json::from_str(&set).unwrap();
        assert_eq!(set["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            set["keys"][0]["kid"],
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn urls_take_the_generated_password_and_nothing_else_differs() {
        let recipe = recipe(&[
            ("task-password", SecretValue::Password),
            (
                "task-url",
                SecretValue::Url {
                    template: "postgres://task:{task-password}@todo-postgres:5432/task".into(),
                },
            ),
        ]);
        let values = secret_values(&recipe, &mut StdRng::seed_from_u64(1)).unwrap();
        let password = &values["task-password"];
        assert!(password.len() == 32 && password.chars().all(|c| c.is_ascii_alphanumeric()));
        assert_eq!(
            values["task-url"],
            format!("postgres://task:{password}@todo-postgres:5432/task")
        );
    }

    #[test]
    fn tokens_are_64_hexadecimal_digits_and_never_the_same() {
        let recipe = recipe(&[("token", SecretValue::Token)]);
        let mut random = StdRng::seed_from_u64(1);
        let first = secret_values(&recipe, &mut random).unwrap();
        assert!(first["token"].len() == 64 && first["token"].chars().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(first, secret_values(&recipe, &mut random).unwrap());
    }

    #[test]
    fn a_recipe_that_refers_to_nothing_is_an_error() {
        for value in [
            SecretValue::Ed25519Jwks,
            SecretValue::Url {
                template: "{nothing}".into(),
            },
        ] {
            let recipe = recipe(&[("key", value)]);
            let error = secret_values(&recipe, &mut StdRng::seed_from_u64(1)).unwrap_err();
            assert!(matches!(error, RecipeError::Dangling { key } if key == "key"));
        }
    }
}

//! The form in which PostgreSQL keeps a password (RFC 5803): it verifies the password and does not tell it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

/// PostgreSQL's own number of rounds.
const ROUNDS: u32 = 4096;

/// A verifier of the password with a random salt.
pub(super) fn verifier(password: &str, random: &mut impl CryptoRng) -> String {
    let mut salt = [0; 16];
    random.fill_bytes(&mut salt);
    with_salt(password, &salt)
}

fn with_salt(password: &str, salt: &[u8]) -> String {
    let salted = salted(password, salt);
    let stored = Sha256::digest(mac(&salted, b"Client Key"));
    let server = mac(&salted, b"Server Key");
    let text = |bytes: &[u8]| STANDARD.encode(bytes);
    format!(
        "SCRAM-SHA-256${ROUNDS}:{}${}:{}",
        text(salt),
        text(&stored),
        text(&server)
    )
}

/// PBKDF2 with one block, which is RFC 5802's `Hi`.
fn salted(password: &str, salt: &[u8]) -> [u8; 32] {
    let mut block = mac(password.as_bytes(), &[salt, &1_u32.to_be_bytes()].concat());
    let mut result = block;
    for _ in 1..ROUNDS {
        block = mac(password.as_bytes(), &block);
        for (byte, next) in result.iter_mut().zip(block) {
            *byte ^= next;
        }
    }
    result
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_rfc_7677() {
        // RFC 7677, section 3: user `user`, password `pencil`. The proof and the signature there follow from these.
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let verifier = with_salt("pencil", &salt);
        let (_, server_key) = verifier.rsplit_once(':').unwrap();
        let signature = mac(&STANDARD.decode(server_key).unwrap(), message.as_bytes());
        assert_eq!(
            STANDARD.encode(signature),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"));
    }
}

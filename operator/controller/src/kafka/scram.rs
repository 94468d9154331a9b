//! SCRAM (RFC 5802): shows that one knows a password without sending it, and checks that the other side knows it too.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256, Sha512};

/// Most rounds that a broker may ask for: each costs time of ours.
const MOST_ROUNDS: u32 = 1_000_000;

/// The hash of a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

/// One login, after its first message.
pub(super) struct Exchange {
    hash: Hash,
    nonce: String,
    /// The first message without its header.
    bare: String,
}

/// The last message, and what the broker has to answer to it.
pub(super) struct Proof {
    pub(super) message: String,
    pub(super) answer: String,
}

impl Exchange {
    /// Begins a login; `nonce` is never used twice.
    pub(super) fn new(hash: Hash, username: &str, nonce: String) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        let bare = format!("n={username},r={nonce}");
        Self { hash, nonce, bare }
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The answer to the broker's challenge; none when that is not one to this login.
    pub(super) fn prove(&self, challenge: &str, password: &[u8]) -> Option<Proof> {
        let field = |name: &str| {
            challenge
                .split(',')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let nonce =
            field("r").filter(|nonce| nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len())?;
        let salt = STANDARD.decode(field("s")?).ok()?;
        let rounds: u32 = field("i")?.parse().ok()?;
        if rounds == 0 || rounds > MOST_ROUNDS {
            return None;
        }
        let unproven = format!("c=biws,r={nonce}");
        let signed = format!("{},{challenge},{unproven}", self.bare);
        let (proof, answer) = match self.hash {
            Hash::Sha256 => {
                let mut salted = [0; 32];
                pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, rounds, &mut salted);
                keys::<Hmac<Sha256>, Sha256>(&salted, signed.as_bytes())?
            }
            Hash::Sha512 => {
                let mut salted = [0; 64];
                pbkdf2::pbkdf2_hmac::<Sha512>(password, &salt, rounds, &mut salted);
                keys::<Hmac<Sha512>, Sha512>(&salted, signed.as_bytes())?
            }
        };
        Some(Proof {
            message: format!("{unproven},p={}", STANDARD.encode(proof)),
            answer: format!("v={}", STANDARD.encode(answer)),
        })
    }
}

/// What the client sends and what the server answers.
fn keys<M: Mac + KeyInit, D: Digest>(salted: &[u8], signed: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let sign = |key: &[u8], text: &[u8]| {
        let mut mac = <M as Mac>::new_from_slice(key).ok()?;
        mac.update(text);
        Some(mac.finalize().into_bytes().to_vec())
    };
    let client = sign(salted, b"Client Key")?;
    let signature = sign(&D::digest(&client), signed)?;
    let proof = client
        .iter()
        .zip(&signature)
        .map(|(key, bit)| key ^ bit)
        .collect();
    Some((proof, sign(&sign(salted, b"Server Key")?, signed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn the_example_of_the_standard_comes_out() {
        let login = Exchange::new(Hash::Sha256, "user", "rOprNGfwEbeRWgbNEkqO".into());
        assert_eq!(login.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = login.prove(challenge, b"pencil").unwrap();
        assert_eq!(
            proof.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(proof.answer, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_challenge_to_another_login_or_without_end_is_not_answered() {
        let login = Exchange::new(Hash::Sha512, "a=b,c", "mine".into());
        assert_eq!(login.first(), "n,,n=a=3Db=2Cc,r=mine");
        for challenge in [
            "r=other,s=c2FsdA==,i=4096",
            "r=mine,s=c2FsdA==,i=4096",
            "r=mine+,s=c2FsdA==,i=0",
            "r=mine+,s=c2FsdA==,i=4000000000",
            "r=mine+,s=***,i=4096",
            "e=other-error",
        ] {
            assert!(login.prove(challenge, b"x").is_none(), "{challenge}");
        }
        assert!(login.prove("r=mine+,s=c2FsdA==,i=4096", b"x").is_some());
    }
}

//! Who issues the tokens.

use todoplatform_api::{Algorithm, SecretKeyRef};

use super::Resolver;
use crate::{
    names::SIGNING_KEY_JWKS,
    validated::{AuthSettings, KeySource},
};

impl Resolver<'_> {
    pub(super) fn auth(&self) -> Option<AuthSettings> {
        let section = self.spec.auth.as_ref();
        let issuer = section
            .and_then(|section| section.issuer.clone())
            .or_else(|| self.development().then(|| self.names.development_issuer()))?;
        let keys = match section {
            Some(auth) if auth.jwks_url.is_some() => auth.jwks_url.clone().map(KeySource::Url),
            Some(auth) if auth.jwks_secret_key_ref.is_some() => {
                auth.jwks_secret_key_ref.clone().map(KeySource::Secret)
            }
            Some(auth) if auth.signing_key_secret_ref.is_some() => {
                let own = auth.signing_key_secret_ref.as_ref();
                own.map(|secret| {
                    KeySource::Own(SecretKeyRef {
                        name: secret.name.clone(),
                        key: SIGNING_KEY_JWKS.into(),
                    })
                })
            }
            _ => self.development().then(|| {
                KeySource::Generated(SecretKeyRef {
                    name: self.names.signing_key(),
                    key: SIGNING_KEY_JWKS.into(),
                })
            }),
        };
        let mut algorithms: Vec<&str> = Vec::new();
        for algorithm in section.map_or(&[] as &[_], |section| &section.algorithms) {
            if !algorithms.contains(&algorithm.as_str()) {
                algorithms.push(algorithm.as_str());
            }
        }
        Some(AuthSettings {
            audience: section
                .and_then(|section| section.audience.clone())
                .unwrap_or_else(|| issuer.clone()),
            audiences: section.map_or_else(Vec::new, |section| section.audiences.clone()),
            issuer,
            keys: keys?,
            algorithms: if algorithms.is_empty() {
                [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256]
                    .map(Algorithm::as_str)
                    .to_vec()
            } else {
                algorithms
            },
            clock_skew_seconds: section
                .and_then(|section| section.clock_skew_seconds)
                .unwrap_or(30),
        })
    }
}

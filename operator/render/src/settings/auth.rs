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
            _ => self.development().then(|| {
                KeySource::Generated(SecretKeyRef {
                    name: self.names.signing_key(),
                    key: SIGNING_KEY_JWKS.into(),
                })
            }),
        };
        let algorithms = section.map_or(&[] as &[_], |section| &section.algorithms);
        Some(AuthSettings {
            audience: section
                .and_then(|section| section.audience.clone())
                .unwrap_or_else(|| issuer.clone()),
            issuer,
            keys: keys?,
            algorithms: if algorithms.is_empty() {
                vec![Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256]
            } else {
                algorithms.to_vec()
            },
            clock_skew_seconds: section
                .and_then(|section| section.clock_skew_seconds)
                .unwrap_or(30),
        })
    }
}

//! Where the issuer's keys come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::jwk::NotAKeySet;
use crate::config::AuthConfig;

/// Longest key set.
const DOCUMENT_MAX_BYTES: usize = 256 * 1024;

/// A place that has the issuer's JWK set.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// The issuer itself.
    Url {
        /// Knows which authorities to trust.
        client: reqwest::Client,
        /// The JWK set's address.
        url: String,
    },
    /// A mounted file.
    File(PathBuf),
}

/// Why the keys could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No answer, or not a 200.
    #[error("keys at {url}: no usable answer")]
    Http {
        /// The address.
        url: String,
        /// What the client said.
        source: reqwest::Error,
    },
    /// More than 256 KiB.
    #[error("keys at {place}: the document is too large")]
    TooLarge {
        /// The address or the path.
        place: String,
    },
    /// The file cannot be read.
    #[error("key file {}: cannot be read", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The document is no JWK set.
    #[error("keys at {place}: cannot be used")]
    Unusable {
        /// The address or the path.
        place: String,
        /// Why.
        source: NotAKeySet,
    },
    /// The document is a JWK set without a key for the allowed algorithms.
    #[error("keys at {place}: there is no usable key among them")]
    Empty {
        /// The address or the path.
        place: String,
    },
    /// The client cannot be made.
    #[error("keys: no HTTP client")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
    /// The file of the private CA cannot be used.
    #[error("JWKS_CA_FILE {}: is no PEM file of certificates", path.display())]
    Ca {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
}

impl KeySource {
    /// The source that `config` names. `ca_file` is trusted in addition to the public authorities.
    pub fn of(config: &AuthConfig, ca_file: Option<&Path>) -> Result<Self, SourceError> {
        match (&config.jwks_url, &config.jwks_file) {
            (Some(url), _) => Ok(Self::Url {
                client: client(ca_file)?,
                url: url.clone(),
            }),
            (None, file) => Ok(Self::File(file.clone().unwrap_or_default())),
        }
    }

    /// The document as it is now.
    pub(super) async fn read(&self) -> Result<Vec<u8>, SourceError> {
        match self {
            Self::File(path) => tokio::fs::read(path).await.map_err(|source| SourceError::File {
                path: path.clone(),
                source,
            }),
            Self::Url { client, url } => {
                let error = |source| SourceError::Http {
                    url: url.clone(),
                    source,
                };
                let answer = client
                    .get(url)
                    .send()
                    .await
                    .and_then(reqwest::Response::error_for_status);
                let mut answer = answer.map_err(error)?;
                let mut document = Vec::new();
                while let Some(chunk) = answer.chunk().await.map_err(error)? {
                    if document.len() + chunk.len() > DOCUMENT_MAX_BYTES {
                        return Err(SourceError::TooLarge { place: url.clone() });
                    }
                    document.extend_from_slice(&chunk);
                }
                Ok(document)
            }
        }
    }

    pub(super) fn place(&self) -> String {
        match self {
            Self::Url { url, .. } => url.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// How long keys are taken for fresh.
    pub(super) fn interval(&self) -> Duration {
        match self {
            Self::Url { .. } => Duration::from_mins(5),
            Self::File(_) => Duration::from_secs(5),
        }
    }
}

fn client(ca_file: Option<&Path>) -> Result<reqwest::Client, SourceError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(path) = ca_file {
        let error = |source| SourceError::Ca {
            path: path.to_owned(),
            source,
        };
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(error)?.collect();
        roots.add_parsable_certificates(certificates.map_err(error)?);
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring should support the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|source| SourceError::Client { source })
}

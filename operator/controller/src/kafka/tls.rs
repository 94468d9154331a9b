//! What a connection trusts and shows.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::{KafkaError, Tls};
use crate::probe::Sensitive;

/// The configuration of a client.
pub(super) fn config(tls: &Tls) -> Result<ClientConfig, KafkaError> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in certificates(pem, "the authority's certificate")? {
                roots.add(certificate).map_err(|_| KafkaError::Certificate {
                    what: "the authority's certificate",
                })?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| KafkaError::Tls { source })?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &tls.client else {
        return Ok(builder.with_no_client_auth());
    };
    let unusable = |_| KafkaError::Certificate {
        what: "the client's certificate or key",
    };
    let chain = certificates(certificate, "the client's certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| KafkaError::Certificate {
        what: "the client's key",
    })?;
    builder.with_client_auth_cert(chain, key).map_err(unusable)
}

fn certificates(pem: &Sensitive, what: &'static str) -> Result<Vec<CertificateDer<'static>>, KafkaError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.expose()).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(KafkaError::Certificate { what }),
    }
}

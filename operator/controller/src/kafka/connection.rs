//! A connection to one broker: encrypted, logged in, one request after the other.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use futures::stream::{FuturesUnordered, StreamExt};
use kafka_protocol::messages::{
    RequestHeader, ResponseHeader, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, Request, StrBytes, encode_request_header_into_buffer,
};
use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use rustls::pki_types::ServerName;
use todoplatform_api::SaslMechanism;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::scram::{Exchange, Hash};
use super::{KafkaError, Sasl, Target, tls};
use crate::probe::seen_from;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
const HANDSHAKE_VERSION: i16 = 1;
const AUTHENTICATE_VERSION: i16 = 1;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to one broker.
pub struct Connection {
    stream: Box<dyn Stream>,
    /// Number of the last request.
    correlation: i32,
}

impl Connection {
    /// Connects to all brokers at once, by names as in `namespace`; the first one that lets us in is taken.
    pub async fn open(target: &Target, namespace: &str, timeout: Duration) -> Result<Self, KafkaError> {
        let mut attempts: FuturesUnordered<_> = target
            .brokers
            .iter()
            .map(|broker| async move {
                tokio::time::timeout(timeout, Self::to(broker, target, namespace))
                    .await
                    .unwrap_or(Err(KafkaError::TimedOut))
            })
            .collect();
        let mut worst = KafkaError::TimedOut;
        let mut is_first = true;
        while let Some(attempt) = attempts.next().await {
            match attempt {
                Ok(connection) => return Ok(connection),
                Err(error) if is_first || error.weight() > worst.weight() => worst = error,
                Err(_) => {}
            }
            is_first = false;
        }
        Err(worst)
    }

    async fn to(broker: &str, target: &Target, namespace: &str) -> Result<Self, KafkaError> {
        let (host, port) = broker.rsplit_once(':').unwrap_or((broker, "9092"));
        let tcp = TcpStream::connect(format!("{}:{port}", seen_from(namespace, host)))
            .await
            .map_err(|source| KafkaError::Unreachable { source })?;
        let stream: Box<dyn Stream> = match &target.tls {
            None => Box::new(tcp),
            Some(settings) => {
                // The certificate is for the name that the sidecars use.
                let name = ServerName::try_from(host.to_owned()).map_err(|_| KafkaError::Unreadable {
                    what: "the host's name",
                })?;
                let connector = TlsConnector::from(Arc::new(tls::config(settings)?));
                Box::new(connector.connect(name, tcp).await?)
            }
        };
        let mut connection = Self {
            stream,
            correlation: 0,
        };
        if let Some(sasl) = &target.sasl {
            connection.log_in(sasl).await?;
        }
        Ok(connection)
    }

    async fn log_in(&mut self, sasl: &Sasl) -> Result<(), KafkaError> {
        let mechanism = match sasl.mechanism {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
        };
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
        let answer = self.call(&request, HANDSHAKE_VERSION).await?;
        if answer.error_code != 0 {
            let offered = answer.mechanisms.iter().map(ToString::to_string).collect();
            return Err(KafkaError::Mechanism { mechanism, offered });
        }
        let (Some(username), Some(password)) = (sasl.username.expose_text(), sasl.password.expose_text())
        else {
            return Err(KafkaError::Login);
        };
        let hash = match sasl.mechanism {
            SaslMechanism::Plain => {
                let message = format!("\0{username}\0{password}");
                return self.authenticate(message).await.map(|_| ());
            }
            SaslMechanism::ScramSha256 => Hash::Sha256,
            SaslMechanism::ScramSha512 => Hash::Sha512,
        };
        let nonce = Alphanumeric.sample_string(&mut StdRng::from_os_rng(), 24);
        let exchange = Exchange::new(hash, username, nonce);
        let challenge = self.authenticate(exchange.first()).await?;
        let proof = exchange
            .prove(&challenge, password.as_bytes())
            .ok_or(KafkaError::Unreadable {
                what: "its challenge to the login",
            })?;
        let answer = self.authenticate(proof.message).await?;
        // A broker that does not know the password is not the one that we look for.
        if answer.split(',').any(|field| field == proof.answer) {
            Ok(())
        } else {
            Err(KafkaError::Unreadable {
                what: "its proof that it knows the password",
            })
        }
    }

    async fn authenticate(&mut self, message: String) -> Result<String, KafkaError> {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(message.into());
        let answer = self.call(&request, AUTHENTICATE_VERSION).await?;
        if answer.error_code == 0 {
            String::from_utf8(answer.auth_bytes.to_vec()).map_err(|_| KafkaError::Unreadable {
                what: "its part of the login",
            })
        } else {
            Err(KafkaError::Login)
        }
    }

    /// Sends one request and reads its answer.
    pub(super) async fn call<R: Request>(
        &mut self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, KafkaError> {
        self.correlation = self.correlation.wrapping_add(1);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("todoplatform-operator")));
        let unwritable = |_| KafkaError::Unreadable {
            what: "the request in this version of the protocol",
        };
        let mut body = BytesMut::new();
        encode_request_header_into_buffer(&mut body, &header).map_err(unwritable)?;
        request.encode(&mut body, version).map_err(unwritable)?;
        let mut message = BytesMut::with_capacity(body.len() + 4);
        message.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
        message.put(body);
        self.stream.write_all(&message).await?;
        self.stream.flush().await?;

        let length = usize::try_from(self.stream.read_u32().await?).unwrap_or(usize::MAX);
        if length > LONGEST_ANSWER {
            return Err(KafkaError::Unreadable { what: "its length" });
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        let mut answer = bytes::Bytes::from(answer);
        let unreadable = |what| move |_| KafkaError::Unreadable { what };
        let header = ResponseHeader::decode(&mut answer, R::Response::header_version(version))
            .map_err(unreadable("its header"))?;
        if header.correlation_id != self.correlation {
            return Err(KafkaError::Unreadable { what: "its number" });
        }
        let response = R::Response::decode(&mut answer, version).map_err(unreadable("its body"))?;
        if answer.has_remaining() {
            return Err(KafkaError::Unreadable { what: "its end" });
        }
        Ok(response)
    }
}

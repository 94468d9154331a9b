//! A receiver of OTLP over gRPC on this machine, which keeps what it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// Serves until the test's runtime ends.
pub(super) struct Collector {
    scheme: &'static str,
    address: SocketAddr,
    received: Received,
}

impl Collector {
    pub(super) async fn start() -> Self {
        Self::serve("http", Server::builder()).await
    }

    /// One that takes nothing but TLS, and the certificate of its authority.
    pub(super) async fn start_with_tls() -> (Self, String) {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let own = own
            .signed_by(&key, &Issuer::new(authority, authority_key))
            .unwrap();
        let identity = Identity::from_pem(own.pem(), key.serialize_pem());
        let tls = ServerTlsConfig::new().identity(identity);
        let server = Server::builder().tls_config(tls).unwrap();
        (Self::serve("https", server).await, certificate.pem())
    }

    async fn serve(scheme: &'static str, mut server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Received::default();
        let service = TraceServiceServer::new(Keeping(Arc::clone(&received)));
        let service = service.accept_compressed(CompressionEncoding::Gzip);
        let serving = server
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        Self {
            scheme,
            address,
            received,
        }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Every span so far, in the order in which they came.
    pub(super) fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .flat_map(|request| &request.resource_spans)
            .flat_map(|of_resource| &of_resource.scope_spans)
            .flat_map(|of_scope| of_scope.spans.clone())
            .collect()
    }

    /// Who sent the first ones.
    pub(super) fn resource(&self) -> Vec<KeyValue> {
        let received = self.received.lock().unwrap();
        let first = &received.first().expect("something was sent").resource_spans[0];
        first.resource.clone().unwrap().attributes
    }
}

struct Keeping(Received);

#[tonic::async_trait]
impl TraceService for Keeping {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A port that takes connections, because the system does, and never says a word.
pub(super) async fn silent() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (format!("http://{address}"), listener)
}

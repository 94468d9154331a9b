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
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// Serves until the test's runtime ends.
pub(super) struct Collector {
    address: SocketAddr,
    received: Received,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Received::default();
        let service = TraceServiceServer::new(Keeping(Arc::clone(&received)));
        let serving = Server::builder()
            .add_service(service.accept_compressed(CompressionEncoding::Gzip))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        Self { address, received }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span so far, in the order in which they came.
    pub(super) fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let resources = received.iter().flat_map(|request| &request.resource_spans);
        let scopes = resources.flat_map(|of_resource| &of_resource.scope_spans);
        scopes.flat_map(|of_scope| of_scope.spans.clone()).collect()
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

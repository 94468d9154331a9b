//! A receiver of OTLP over gRPC (`opentelemetry.proto.collector.trace.v1`) that keeps what it is sent, for tests only.

mod told;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

pub use told::Told;

/// Most messages that are remembered; each holds the spans of one batch.
const MESSAGES: usize = 10_000;

/// What was received, shared by all clones; the oldest message goes when there are too many.
#[derive(Debug, Clone, Default)]
pub struct Spans(Arc<Mutex<VecDeque<ExportTraceServiceRequest>>>);

impl Spans {
    /// Every span so far, in the order in which they came.
    pub fn all(&self) -> Vec<Span> {
        let received = self.lock();
        of_resources(&received)
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| scope.spans.clone())
            .collect()
    }

    /// Who sent the first ones; nothing when there are none.
    pub fn first_resource(&self) -> Vec<KeyValue> {
        let received = self.lock();
        of_resources(&received)
            .find_map(|resource| resource.resource.clone())
            .map(|resource| resource.attributes)
            .unwrap_or_default()
    }

    /// Every span so far in words, with the name of the service that sent it.
    pub fn told(&self) -> Vec<Told> {
        of_resources(&self.lock()).flat_map(told::of_resource).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<ExportTraceServiceRequest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_resources(received: &VecDeque<ExportTraceServiceRequest>) -> impl Iterator<Item = &ResourceSpans> {
    received.iter().flat_map(|request| &request.resource_spans)
}

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = self.lock();
        received.push_back(request.into_inner());
        while received.len() > MESSAGES {
            received.pop_front();
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// Takes spans on a listener until it fails. `server` says whether by TLS.
pub async fn serve(mut server: Server, listener: TcpListener, spans: Spans) -> io::Result<()> {
    let service = TraceServiceServer::new(spans).accept_compressed(CompressionEncoding::Gzip);
    server
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
        .map_err(io::Error::other)
}

/// A receiver on a free port of this machine, which serves until the test's runtime ends.
#[derive(Debug)]
pub struct Collector {
    scheme: &'static str,
    address: SocketAddr,
    spans: Spans,
}

impl Collector {
    /// Without TLS.
    pub async fn start() -> io::Result<Self> {
        Self::start_as("http", Server::builder()).await
    }

    /// As `server` says; `scheme` is what its address begins with.
    pub async fn start_as(scheme: &'static str, server: Server) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let spans = Spans::default();
        tokio::spawn(serve(server, listener, spans.clone()));
        Ok(Self {
            scheme,
            address,
            spans,
        })
    }

    /// Where it listens, as `OTEL_EXPORTER_OTLP_ENDPOINT` wants it.
    pub fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// [`Spans::all`]
    pub fn spans(&self) -> Vec<Span> {
        self.spans.all()
    }

    /// [`Spans::first_resource`]
    pub fn resource(&self) -> Vec<KeyValue> {
        self.spans.first_resource()
    }
}

/// A port that takes connections, because the system does, and never says a word.
pub async fn silent() -> io::Result<(String, TcpListener)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    Ok((endpoint, listener))
}

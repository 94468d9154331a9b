//! The client against a sidecar on loopback that speaks just enough gRPC.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use dapr::dapr::proto::common::v1::state_options::StateConcurrency;
use dapr::dapr::proto::runtime::v1::{GetStateResponse, PublishEventRequest, SaveStateRequest};
use http::{HeaderMap, HeaderValue, Response, Uri};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use opentelemetry::trace::{SpanKind, Status};
use prost::Message as _;
use todo_domain::Topic;
use tonic::Code;

use super::{
    DaprClient, DaprPublisher, DaprState, Etag, Message, PublishError, Publisher, StateError, StateStore,
};
use crate::config::PubSubConfig;
use crate::trace::Tracer;
use crate::{Environment, TraceContext, testing};

/// What the sidecar got: method, token, message.
#[derive(Debug, Clone, Default)]
struct Got {
    method: String,
    token: Option<String>,
    traceparent: Option<String>,
    message: Bytes,
}

/// A message of the right type, or a bare status.
type Reply = Result<Vec<u8>, Code>;

#[derive(Clone, Default)]
struct Sidecar {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<Reply>>>,
}

impl Sidecar {
    /// A sidecar that gives these answers, one after the other, and a client of it.
    async fn new(answers: Vec<Reply>) -> (Self, DaprClient) {
        let sidecar = Self {
            answers: Arc::new(Mutex::new(answers.into())),
            ..Self::default()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let router = Router::new().fallback(answer).with_state(sidecar.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (sidecar, client(&port))
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn client(port: &str) -> DaprClient {
    let environment: Environment = [("DAPR_GRPC_PORT", port), ("DAPR_API_TOKEN", "api-token")]
        .into_iter()
        .collect();
    DaprClient::from_environment(&environment).unwrap()
}

/// One frame in (a flag, four bytes of length, the message), one frame or a bare status out.
async fn answer(
    State(sidecar): State<Sidecar>,
    uri: Uri,
    headers: HeaderMap,
    frame: Bytes,
) -> Response<Body> {
    let header = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    sidecar.got.lock().unwrap().push(Got {
        method: uri.path().rsplit('/').next().unwrap_or_default().to_owned(),
        token: header("dapr-api-token"),
        traceparent: header("traceparent"),
        message: frame.slice(5..),
    });
    let answer = sidecar.answers.lock().unwrap().pop_front().unwrap();
    let response = Response::builder().header("content-type", "application/grpc");
    let message = match answer {
        Err(code) => {
            return response
                .header("grpc-status", i32::from(code))
                .body(Body::empty())
                .unwrap();
        }
        Ok(message) => message,
    };
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    let parts = [
        http_body::Frame::data(Bytes::from(framed)),
        http_body::Frame::trailers(trailers),
    ];
    let body = StreamBody::new(futures::stream::iter(
        parts.map(Ok::<_, std::convert::Infallible>),
    ));
    response.body(Body::new(UnsyncBoxBody::new(body))).unwrap()
}

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn message() -> Message {
    Message {
        topic: Topic::TaskCreated,
        partition_key: "the-task".to_owned(),
        envelope: Bytes::from_static(br#"{"id": "1"}"#),
        trace: TraceContext::parse(TRACEPARENT),
    }
}

fn publisher(client: DaprClient) -> DaprPublisher {
    traced_publisher(client, testing::tracer())
}

fn traced_publisher(client: DaprClient, tracer: Tracer) -> DaprPublisher {
    let config = PubSubConfig {
        component: "todo-task-events".to_owned(),
        topic_prefix: "default.todo.".to_owned(),
    };
    DaprPublisher::new(client, config, tracer)
}

#[tokio::test]
async fn an_event_is_published_whole_to_the_own_component_under_the_prefixed_topic() {
    let (sidecar, client) = Sidecar::new(vec![Ok(Vec::new())]).await;
    publisher(client).publish(message()).await.unwrap();
    let got = sidecar.got().pop().unwrap();
    assert_eq!(
        (got.method.as_str(), got.token.as_deref()),
        ("PublishEvent", Some("api-token"))
    );
    let expected = PublishEventRequest {
        pubsub_name: "todo-task-events".to_owned(),
        topic: "default.todo.task.created".to_owned(),
        data: br#"{"id": "1"}"#.to_vec(),
        data_content_type: "application/cloudevents+json".to_owned(),
        metadata: [("partitionKey".to_owned(), "the-task".to_owned())].into(),
    };
    assert_eq!(PublishEventRequest::decode(got.message).unwrap(), expected);
}

#[tokio::test]
async fn a_refusal_is_told_from_an_outage() {
    let table = [
        (Code::Internal, false),
        (Code::Unavailable, false),
        (Code::DeadlineExceeded, false),
        (Code::NotFound, false),
        (Code::InvalidArgument, true),
        (Code::PermissionDenied, true),
        (Code::Unauthenticated, true),
    ];
    let (_sidecar, client) = Sidecar::new(table.iter().map(|(code, _)| Err(*code)).collect()).await;
    let publisher = publisher(client);
    for (code, is_refusal) in table {
        let error = publisher.publish(message()).await.unwrap_err();
        assert_eq!(
            matches!(error, PublishError::Refused { .. }),
            is_refusal,
            "{code:?}"
        );
    }
}

#[tokio::test]
async fn a_sidecar_that_is_away_is_an_outage() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = publisher(client(&free.to_string()))
        .publish(message())
        .await
        .unwrap_err();
    assert!(matches!(error, PublishError::Unavailable { .. }), "{error:?}");
}

fn found(document: &str, etag: &str) -> Vec<u8> {
    let answer = GetStateResponse {
        data: document.into(),
        etag: etag.to_owned(),
        ..GetStateResponse::default()
    };
    answer.encode_to_vec()
}

#[tokio::test]
async fn a_document_is_read_with_its_version_and_a_missing_one_is_none() {
    let (_sidecar, client) = Sidecar::new(vec![Ok(found("", "")), Ok(found("{}", "7"))]).await;
    let state = DaprState::new(client, "todo-notification-state");
    assert_eq!(state.get("alice").await.unwrap(), None);
    let document = state.get("alice").await.unwrap().unwrap();
    assert_eq!(
        (document.document, document.etag),
        (Bytes::from_static(b"{}"), Etag("7".to_owned()))
    );
}

#[tokio::test]
async fn every_write_is_a_first_write_and_names_the_version_it_read() {
    let (sidecar, client) = Sidecar::new(vec![Ok(Vec::new()), Ok(Vec::new())]).await;
    let state = DaprState::new(client, "todo-notification-state");
    state
        .save("alice", Bytes::from_static(b"{}"), None)
        .await
        .unwrap();
    state
        .save("alice", Bytes::from_static(b"{}"), Some(&Etag("7".to_owned())))
        .await
        .unwrap();
    for (got, etag) in sidecar.got().into_iter().zip([None, Some("7".to_owned())]) {
        let request = SaveStateRequest::decode(got.message).unwrap();
        assert_eq!(request.store_name, "todo-notification-state");
        let [item] = request.states.try_into().unwrap();
        assert_eq!(item.etag.map(|etag| etag.value), etag);
        assert_eq!(
            item.options.unwrap().concurrency(),
            StateConcurrency::ConcurrencyFirstWrite
        );
    }
}

#[tokio::test]
async fn a_conflict_is_told_from_an_outage() {
    let etag = Etag("7".to_owned());
    let table = [
        ("stale version", Some(&etag), vec![Err(Code::Aborted)], true),
        (
            "malformed version on Redis",
            Some(&etag),
            vec![Err(Code::InvalidArgument)],
            true,
        ),
        (
            "first write on a key that is there",
            None,
            vec![Err(Code::Internal), Ok(found("{}", "1"))],
            true,
        ),
        (
            "first write that failed",
            None,
            vec![Err(Code::Internal), Ok(found("", ""))],
            false,
        ),
        ("store away", Some(&etag), vec![Err(Code::Internal)], false),
    ];
    for (name, etag, answers, is_conflict) in table {
        let (_sidecar, client) = Sidecar::new(answers).await;
        let state = DaprState::new(client, "todo-notification-state");
        let error = state.save("alice", Bytes::new(), etag).await.unwrap_err();
        assert_eq!(
            matches!(error, StateError::Conflict { .. }),
            is_conflict,
            "{name}: {error:?}"
        );
    }
}

#[tokio::test]
async fn publishing_is_a_step_of_the_trace_that_the_event_tells_of() {
    let (sidecar, client) = Sidecar::new(vec![Ok(Vec::new()), Err(Code::Unavailable)]).await;
    let (tracer, spans) = testing::recording();
    let publisher = traced_publisher(client, tracer);
    publisher.publish(message()).await.unwrap();
    publisher.publish(message()).await.unwrap_err();

    let [taken, refused] = spans.ended().try_into().unwrap();
    assert_eq!(taken.name, "publish task.created");
    assert_eq!(taken.span_kind, SpanKind::Producer);
    let cause = TraceContext::parse(TRACEPARENT).unwrap();
    assert_eq!(taken.span_context.trace_id().to_string(), cause.trace_id());
    assert_eq!(taken.parent_span_id.to_string(), "b7ad6b7169203331");
    assert_eq!(taken.status, Status::Unset);
    assert!(matches!(refused.status, Status::Error { .. }), "{refused:?}");

    let told = sidecar.got()[0].traceparent.clone().unwrap();
    let expected = format!("00-{}-{}-01", cause.trace_id(), taken.span_context.span_id());
    assert_eq!(told, expected, "the sidecar's step is a part of this one");
}

//! Publishing whole events.

use std::collections::HashMap;

use bytes::Bytes;
use dapr::dapr::proto::runtime::v1::PublishEventRequest;
use todo_domain::{CloudEvent, Topic};
use tonic::Code;

use super::client::DEADLINE;
use super::{Answer, DaprClient};
use crate::TraceContext;
use crate::config::PubSubConfig;
use crate::trace::{Span, SpanKind, Tracer};

/// One event on its way to a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic, without the prefix of the broker.
    pub topic: Topic,
    /// What keeps the order: the task's id.
    pub partition_key: String,
    /// The whole CloudEvent, as JSON.
    pub envelope: Bytes,
    /// The step that it tells of, which publishing continues.
    pub trace: Option<TraceContext>,
}

impl Message {
    /// `event` on its way to `topic`.
    pub fn new<T: serde::Serialize>(topic: Topic, event: &CloudEvent<T>) -> Result<Self, serde_json::Error> {
        let envelope = serde_json::to_vec(event)?.into();
        Ok(Self {
            topic,
            partition_key: event.partitionkey.clone(),
            envelope,
            trace: TraceContext::parse(&event.traceparent),
        })
    }
}

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The sidecar or the broker is away, slow, or failed: trying again may help.
    #[error("topic {topic}: no broker to publish to")]
    Unavailable {
        /// The topic.
        topic: Topic,
        /// What the sidecar said.
        source: Box<tonic::Status>,
    },
    /// The sidecar will not publish this event however often it is asked.
    #[error("topic {topic}: the sidecar refused the event")]
    Refused {
        /// The topic.
        topic: Topic,
        /// What the sidecar said.
        source: Box<tonic::Status>,
    },
}

impl PublishError {
    /// The error that the sidecar's answer to a publish on `topic` means.
    pub fn of(topic: Topic, status: tonic::Status) -> Self {
        let source = Box::new(status);
        match source.code() {
            Code::InvalidArgument | Code::PermissionDenied | Code::Unauthenticated | Code::OutOfRange => {
                Self::Refused { topic, source }
            }
            _ => Self::Unavailable { topic, source },
        }
    }
}

/// Something that publishes events.
pub trait Publisher: Send + Sync {
    /// Publishes `message` and returns when the broker has it. A failure means "not known": publish again, with the
    /// same event id.
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError>;
}

/// Publishes through the sidecar to the service's own component.
#[derive(Clone)]
pub struct DaprPublisher {
    client: DaprClient,
    config: PubSubConfig,
    tracer: Tracer,
}

impl DaprPublisher {
    /// A publisher to the component and with the prefix of `config`.
    pub fn new(client: DaprClient, config: PubSubConfig, tracer: Tracer) -> Self {
        Self {
            client,
            config,
            tracer,
        }
    }

    /// The step that publishes.
    fn begin(&self, topic: Topic, parent: Option<TraceContext>) -> Span {
        let name = || format!("publish {topic}");
        let mut span = self.tracer.begin(parent, SpanKind::Producer, name);
        span.text("messaging.system", "dapr");
        span.text("messaging.operation.type", "send");
        span.text("messaging.destination.name", topic.name());
        span
    }
}

impl Publisher for DaprPublisher {
    fn publish(&self, message: Message) -> Answer<'_, (), PublishError> {
        let Message {
            topic,
            partition_key,
            envelope,
            trace,
        } = message;
        let request = PublishEventRequest {
            pubsub_name: self.config.component.clone(),
            topic: format!("{}{topic}", self.config.topic_prefix),
            data: envelope.into(),
            data_content_type: "application/cloudevents+json".to_owned(),
            metadata: HashMap::from([("partitionKey".to_owned(), partition_key)]),
        };
        let mut grpc = self.client.grpc();
        let mut span = self.begin(topic, trace);
        let mut request = tonic::Request::new(request);
        if let Ok(value) = span.context().to_string().parse() {
            request.metadata_mut().insert(TraceContext::HEADER, value);
        }
        Box::pin(async move {
            let answer = tokio::time::timeout(DEADLINE, grpc.publish_event(request)).await;
            let answer =
                answer.unwrap_or_else(|_| Err(tonic::Status::deadline_exceeded("no answer in time")));
            answer.map(|_| ()).map_err(|status| {
                span.fail(status.code().description());
                PublishError::of(topic, status)
            })
        })
    }
}

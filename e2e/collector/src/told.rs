//! A span in words, for who reads it as JSON.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use serde::Serialize;

/// One span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// `service.name` of who sent it.
    pub service: String,
    /// What it is about.
    pub name: String,
    /// `server`, `client`, `producer`, `consumer` or `internal`.
    pub kind: &'static str,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The same of its parent; empty at the top of a trace.
    pub parent_span_id: String,
    /// Ids of the spans that it links to.
    pub links: Vec<String>,
    /// Attributes that are texts.
    pub attributes: BTreeMap<String, String>,
}

pub(crate) fn of_resource(resource: &ResourceSpans) -> impl Iterator<Item = Told> {
    let attributes = resource
        .resource
        .as_ref()
        .map(|resource| texts(&resource.attributes));
    let service = attributes.and_then(|mut attributes| attributes.remove("service.name"));
    let service = service.unwrap_or_default();
    let spans = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
    spans.map(move |span| tell(&service, span))
}

fn tell(service: &str, span: &Span) -> Told {
    Told {
        service: service.to_owned(),
        name: span.name.clone(),
        kind: match span.kind {
            2 => "server",
            3 => "client",
            4 => "producer",
            5 => "consumer",
            _ => "internal",
        },
        trace_id: hex::encode(&span.trace_id),
        span_id: hex::encode(&span.span_id),
        parent_span_id: hex::encode(&span.parent_span_id),
        links: span.links.iter().map(|link| hex::encode(&link.span_id)).collect(),
        attributes: texts(&span.attributes),
    }
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match &attribute.value {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => Some((attribute.key.clone(), text.clone())),
        _ => None,
    };
    attributes.iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::ScopeSpans;
    use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};

    use super::*;

    #[test]
    fn a_span_is_told_with_who_sent_it_and_what_it_links_to() {
        let service = KeyValue {
            key: "service.name".into(),
            value: Some(AnyValue {
                value: Some(Value::StringValue("todo-task".into())),
            }),
            ..KeyValue::default()
        };
        let span = Span {
            name: "process task.created".into(),
            kind: SpanKind::Consumer.into(),
            trace_id: vec![0xab; 16],
            span_id: vec![1; 8],
            links: vec![Link {
                span_id: vec![2; 8],
                ..Link::default()
            }],
            ..Span::default()
        };
        let sent = ResourceSpans {
            resource: Some(Resource {
                attributes: vec![service],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        };
        let [told] = of_resource(&sent).collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(
            (told.service.as_str(), told.kind, told.links),
            ("todo-task", "consumer", vec!["02".repeat(8)])
        );
        assert_eq!(
            (told.trace_id, told.parent_span_id),
            ("ab".repeat(16), String::new())
        );
    }
}

//! `spec.dapr.tracing`: where the sidecars and the services send their spans.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// Where the sidecars and the services send their spans.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[x_kube(validation = rules::TRACING_ONE_OF.rule())]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// A collector of OpenTelemetry, for the sidecars and, where `protocol` is `grpc`, for the services too. Exactly one of `otlp` and `zipkin` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp: Option<Otlp>,
    /// A Zipkin, or a Jaeger by its Zipkin address; Dapr would rather have `otlp`. Only for the sidecars: the services pass the trace on and send nothing. Exactly one of `otlp` and `zipkin` is set. Default of both profiles: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zipkin: Option<Zipkin>,
    /// Part of the requests that are traced, from `0` to `1`. Default of development: `1`; of production: `0.05`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 8),
        regex(pattern = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$")
    )]
    pub sampling_rate: Option<String>,
}

/// How OTLP travels.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[schemars(transform = crate::schema::undescribed)]
#[serde(rename_all = "lowercase")]
pub enum OtlpProtocol {
    /// Port 4317 by custom.
    #[default]
    Grpc,
    /// Port 4318 by custom.
    Http,
}

impl OtlpProtocol {
    /// The value as Dapr writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

/// A collector of OpenTelemetry.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Otlp {
    /// Host and port (`otel-collector.observability:4317`). Required.
    #[schemars(
        length(min = 1, max = 259),
        regex(pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[0-9]{1,5}$")
    )]
    pub endpoint: String,
    /// `grpc` or `http`. With `http` only the sidecars send: the services pass the trace on. Default of both profiles: `grpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<OtlpProtocol>,
    /// Whether the connection is encrypted. Default of both profiles: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_tls: Option<bool>,
}

/// A Zipkin.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Zipkin {
    /// Full URL (`http://zipkin.observability:9411/api/v2/spans`). Required.
    #[schemars(
        length(min = 8, max = 512),
        regex(
            pattern = r"^https?://[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?(/[-a-zA-Z0-9._~/]*)?$"
        )
    )]
    pub endpoint: String,
}

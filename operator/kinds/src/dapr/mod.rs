//! Kinds of `dapr.io`. `scopes` stands beside `spec`, not in it: what stands elsewhere is pruned by the API server, and
//! every app would then load the object.

mod component;
mod configuration;
mod resiliency;
mod subscription;

pub use component::{Auth, Component, ComponentFields, ComponentSpec, MetadataItem, SecretKeyRef};
pub use configuration::{
    AccessControl, AccessPolicy, Action, Api, ApiLogging, ApiRule, Configuration, ConfigurationFields,
    ConfigurationSpec, Feature, HttpMetrics, Logging, Metrics, Operation, Otel, Tracing, Zipkin,
};
pub use resiliency::{
    CircuitBreaker, ComponentTarget, Policies, Resiliency, ResiliencyFields, ResiliencySpec, Retry,
    RetryMatching, TargetPolicies, Targets,
};
pub use subscription::{Routes, Subscription, SubscriptionFields, SubscriptionSpec};

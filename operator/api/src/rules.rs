//! Every rule of the resource that a schema cannot state, in one place.
//!
//! The same text is evaluated by the API server (it is in the CRD) and by [`crate::check`] (in each pass of the
//! operator and offline). An optional field is always guarded by `has()`: a rule that touches an absent field
//! does not fail, it refuses the write with an error of its own.

mod routing;
mod stores;
mod workloads;

pub use routing::{
    EMAIL_CREDENTIALS, MAINTENANCE_DAYS, MAINTENANCE_NARROWS, MAINTENANCE_TIMES, RECEIVER_ONE_OF,
};
pub use workloads::{
    EXTRA_SERVICE_HTTP_ROUTE_PROTOCOL, EXTRA_SERVICE_INGRESS_PROTOCOL, EXTRA_SERVICE_METRICS_PORT,
    EXTRA_SERVICE_NAME, EXTRA_SERVICE_ONE_ROUTE, EXTRA_SERVICE_PORT, NODE_REQUIREMENT_VALUES, PDB_ONE_OF,
    TOLERATION_VALUE, TOPOLOGY_SPREAD_CONSTRAINTS, VERSION_OR_TAG,
};

use kube::core::Rule;

pub use stores::*;

/// A CEL rule with the message that a user sees when it does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CelRule {
    /// The expression; `self` is the value that the rule is attached to.
    pub rule: &'static str,
    /// What is wrong and what would be right.
    pub message: &'static str,
    /// The field at fault, relative to `self`; none when it is `self`.
    pub field_path: Option<&'static str>,
    /// What the user does about it.
    pub next_action: &'static str,
}

impl CelRule {
    /// The rule as the CRD's schema takes it.
    pub fn rule(&self) -> Rule {
        let rule = Rule::new(self.rule).message(self.message);
        match self.field_path {
            Some(path) => rule.field_path(path),
            None => rule,
        }
    }
}

/// Longest `metadata.name`: `<name>-notification-api-token` is the longest child that must be a label, and
/// `<name>-notification` is a Dapr app-id of at most 58 characters.
pub const MAX_NAME_LENGTH: usize = 40;

/// The longest child must fit.
pub const NAME_LENGTH: CelRule = CelRule {
    rule: "size(self.metadata.name) <= 40",
    message: "metadata.name is longer than 40 characters: the names of its children would be longer than Kubernetes and Dapr allow",
    field_path: None,
    next_action: "Create the TodoPlatform under a name of at most 40 characters",
};

/// Children are Services, whose names are stricter than those of other objects.
pub const NAME_FORM: CelRule = CelRule {
    rule: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: "metadata.name must start with a letter and hold only lower-case letters, digits and dashes: it begins the names of Services",
    field_path: None,
    next_action: "Create the TodoPlatform under a name such as `todo` or `team-a-todo`",
};

/// Production carries its events outside.
pub const PRODUCTION_BROKER: CelRule = CelRule {
    rule: "!has(self.profile) || self.profile != 'production' || (has(self.broker) && (has(self.broker.kafka) || has(self.broker.redpanda) || has(self.broker.strimzi) || has(self.broker.redpandaCluster) || (has(self.broker.redis) && has(self.broker.redis.external))))",
    message: "profile production needs a broker of your own: broker.kafka, broker.redpanda, broker.strimzi, broker.redpandaCluster or broker.redis.external",
    field_path: Some(".broker"),
    next_action: "Name the brokers in spec.broker.kafka.brokers, a cluster in spec.broker.strimzi.clusterRef, or a Redis in spec.broker.redis.external.host (`host:port`)",
};

/// Production trusts an issuer, never a key that the operator made.
pub const PRODUCTION_AUTH: CelRule = CelRule {
    rule: "!has(self.profile) || self.profile != 'production' || (has(self.auth) && has(self.auth.issuer) && has(self.auth.audience) && (has(self.auth.jwksUrl) || has(self.auth.jwksSecretKeyRef)))",
    message: "profile production needs auth.issuer, auth.audience and one of auth.jwksUrl, auth.jwksSecretKeyRef",
    field_path: Some(".auth"),
    next_action: "Set spec.auth.issuer, spec.auth.audience and spec.auth.jwksUrl to those of your identity provider",
};

/// One broker. A section that only sets the prefix leaves the broker to the profile.
pub const BROKER_ONE_OF: CelRule = CelRule {
    rule: "(has(self.redis) ? 1 : 0) + (has(self.kafka) ? 1 : 0) + (has(self.redpanda) ? 1 : 0) + (has(self.strimzi) ? 1 : 0) + (has(self.redpandaCluster) ? 1 : 0) <= 1 && (has(self.redis) || has(self.kafka) || has(self.redpanda) || has(self.strimzi) || has(self.redpandaCluster) || has(self.topicPrefix) || has(self.topics))",
    message: "exactly one of redis, kafka, redpanda, strimzi, redpandaCluster must be set",
    field_path: None,
    next_action: "Keep one of redis, kafka, redpanda, strimzi and redpandaCluster in spec.broker",
};

/// Only a log has topics that are made.
pub const TOPICS_NEED_KAFKA: CelRule = CelRule {
    rule: "!has(self.topics) || has(self.kafka) || has(self.redpanda) || has(self.strimzi) || has(self.redpandaCluster)",
    message: "topics needs kafka, redpanda, strimzi or redpandaCluster: Redis has no topics that would have to be made",
    field_path: Some(".topics"),
    next_action: "Remove spec.broker.topics, or set one of spec.broker.kafka, spec.broker.redpanda, spec.broker.strimzi, spec.broker.redpandaCluster",
};

/// One Redis.
pub const BROKER_REDIS_ONE_OF: CelRule = CelRule {
    rule: "has(self.embedded) != has(self.external)",
    message: "exactly one of embedded, external must be set",
    field_path: None,
    next_action: "Keep one of spec.broker.redis.embedded and spec.broker.redis.external",
};

/// A client certificate is nothing without its key.
pub const KAFKA_CLIENT_CERTIFICATE: CelRule = CelRule {
    rule: "has(self.clientCertSecretKeyRef) == has(self.clientKeySecretKeyRef)",
    message: "clientCertSecretKeyRef and clientKeySecretKeyRef must be set together",
    field_path: None,
    next_action: "Set both clientCertSecretKeyRef and clientKeySecretKeyRef, or neither",
};

/// Dapr encrypts without a login only against an authority or with a certificate that are named.
pub const KAFKA_TLS_NEEDS_CERTIFICATE: CelRule = CelRule {
    rule: "!has(self.tls) || (has(self.tls.enabled) && !self.tls.enabled) || has(self.sasl) || has(self.tls.caSecretKeyRef) || has(self.tls.clientCertSecretKeyRef)",
    message: "tls without sasl needs tls.caSecretKeyRef or tls.clientCertSecretKeyRef",
    field_path: Some(".tls"),
    next_action: "Name the authority's certificate in tls.caSecretKeyRef",
};

/// One source of keys.
pub const AUTH_ONE_KEY_SOURCE: CelRule = CelRule {
    rule: "!(has(self.jwksUrl) && has(self.jwksSecretKeyRef))",
    message: "at most one of jwksUrl, jwksSecretKeyRef may be set",
    field_path: None,
    next_action: "Keep one of spec.auth.jwksUrl and spec.auth.jwksSecretKeyRef",
};

/// Keys of an issuer without the issuer's name would accept any of its tokens.
pub const AUTH_KEYS_NEED_ISSUER: CelRule = CelRule {
    rule: "!(has(self.jwksUrl) || has(self.jwksSecretKeyRef)) || (has(self.issuer) && has(self.audience))",
    message: "jwksUrl and jwksSecretKeyRef need issuer and audience",
    field_path: None,
    next_action: "Set spec.auth.issuer and spec.auth.audience to what the issuer's tokens carry",
};

/// A signing key is for platforms that trust no issuer.
pub const AUTH_SIGNING_KEY: CelRule = CelRule {
    rule: "!has(self.signingKeySecretRef) || !(has(self.jwksUrl) || has(self.jwksSecretKeyRef))",
    message: "signingKeySecretRef may not be set together with jwksUrl or jwksSecretKeyRef",
    field_path: None,
    next_action: "Remove spec.auth.signingKeySecretRef: the issuer's keys are named",
};

/// One way in.
pub const GATEWAY_ONE_ROUTE: CelRule = CelRule {
    rule: "!(has(self.ingress) && has(self.httpRoute))",
    message: "at most one of ingress, httpRoute may be set",
    field_path: None,
    next_action: "Keep one of spec.gateway.ingress and spec.gateway.httpRoute",
};

/// A certificate comes from somewhere.
pub const INGRESS_TLS_SOURCE: CelRule = CelRule {
    rule: "has(self.secretName) || has(self.issuerRef)",
    message: "secretName or issuerRef must be set",
    field_path: None,
    next_action: "Name the Secret with the certificate in tls.secretName of this Ingress, or an issuer of cert-manager in tls.issuerRef",
};

/// A login is a pair.
pub const SMTP_CREDENTIALS: CelRule = CelRule {
    rule: "has(self.usernameSecretKeyRef) == has(self.passwordSecretKeyRef)",
    message: "usernameSecretKeyRef and passwordSecretKeyRef must be set together",
    field_path: None,
    next_action: "Set both spec.notifications.smtp.usernameSecretKeyRef and spec.notifications.smtp.passwordSecretKeyRef, or neither",
};

/// A variable has one value.
pub const ENV_ONE_SOURCE: CelRule = CelRule {
    rule: "has(self.value) != has(self.secretKeyRef)",
    message: "exactly one of value, secretKeyRef must be set",
    field_path: None,
    next_action: "Keep one of value and secretKeyRef of this variable",
};

/// One owner of the number of pods.
pub const REPLICAS_OR_AUTOSCALING: CelRule = CelRule {
    rule: "!(has(self.replicas) && has(self.autoscaling)) || (has(self.autoscaling.enabled) && !self.autoscaling.enabled)",
    message: "replicas and autoscaling cannot both be set: an autoscaler owns the number of pods",
    field_path: None,
    next_action: "Remove replicas and use autoscaling.minReplicas, or set autoscaling.enabled to false",
};

/// Bounds are a range.
pub const AUTOSCALING_BOUNDS: CelRule = CelRule {
    rule: "!(has(self.minReplicas) && has(self.maxReplicas)) || self.minReplicas <= self.maxReplicas",
    message: "minReplicas is greater than maxReplicas",
    field_path: None,
    next_action: "Set minReplicas to at most maxReplicas",
};

/// A node port needs a Service that has one.
pub const NODE_PORT_TYPE: CelRule = CelRule {
    rule: "!has(self.nodePort) || (has(self.type) && self.type != 'ClusterIP')",
    message: "nodePort needs type NodePort or LoadBalancer",
    field_path: None,
    next_action: "Set spec.gateway.service.type to NodePort, or remove spec.gateway.service.nodePort",
};

/// One place for the state.
pub const STATE_STORE_ONE_OF: CelRule = CelRule {
    rule: "has(self.postgresql) != has(self.redis)",
    message: "exactly one of postgresql, redis must be set",
    field_path: None,
    next_action: "Keep one of spec.dapr.stateStore.postgresql and spec.dapr.stateStore.redis",
};

/// How the platform's own Redis is reached is known.
pub const STATE_STORE_REDIS_HOST: CelRule = CelRule {
    rule: "has(self.host) || !(has(self.passwordSecretKeyRef) || has(self.enableTls))",
    message: "passwordSecretKeyRef and enableTls need host: how the Redis of the platform is reached is known",
    field_path: None,
    next_action: "Set spec.dapr.stateStore.redis.host, or remove passwordSecretKeyRef and enableTls beside it",
};

/// Spans go to one place.
pub const TRACING_ONE_OF: CelRule = CelRule {
    rule: "has(self.otlp) != has(self.zipkin)",
    message: "exactly one of otlp, zipkin must be set",
    field_path: None,
    next_action: "Keep one of spec.dapr.tracing.otlp and spec.dapr.tracing.zipkin",
};

/// A target that changes nothing is a mistake.
pub const RESILIENCY_TARGET_NOT_EMPTY: CelRule = CelRule {
    rule: "has(self.timeoutSeconds) || has(self.retry) || has(self.circuitBreaker)",
    message: "at least one of timeoutSeconds, retry, circuitBreaker must be set",
    field_path: None,
    next_action: "Say what differs for this target, or remove it from spec.dapr.resiliency.targets",
};

/// Whoever wants everything open switches the policies off.
pub const NETWORK_RULE_NARROWS: CelRule = CelRule {
    rule: "has(self.podLabels) || has(self.namespaceLabels) || has(self.cidrs) || has(self.ports)",
    message: "at least one of podLabels, namespaceLabels, cidrs, ports must be set",
    field_path: None,
    next_action: "Say who or which port this rule is for; spec.networkPolicy.enabled: false opens everything",
};

/// Pods or addresses.
pub const NETWORK_RULE_PEER: CelRule = CelRule {
    rule: "!(has(self.cidrs) && (has(self.podLabels) || has(self.namespaceLabels)))",
    message: "cidrs and labels exclude each other",
    field_path: None,
    next_action: "Make two rules: one with cidrs, one with podLabels or namespaceLabels",
};

/// Who looks at nothing has nothing to leave out.
pub const DRIFT_IGNORE_NEEDS_A_LOOK: CelRule = CelRule {
    rule: "!has(self.ignore) || !has(self.mode) || self.mode != 'Ignore'",
    message: "ignore has no meaning with mode Ignore, which leaves every change",
    field_path: None,
    next_action: "Remove spec.driftPolicy.ignore, or set spec.driftPolicy.mode to Correct or Report",
};

/// Pods that run on need what they mount and what they store.
pub const KEPT_WORKLOADS_NEED_KEYS_AND_DATA: CelRule = CelRule {
    rule: "!has(self.workloads) || self.workloads == 'Delete' || (has(self.keys) && self.keys != 'Delete' && has(self.data) && self.data != 'Delete')",
    message: "workloads that outlive the platform need keys and data that do: set both to Retain or Orphan",
    field_path: None,
    next_action: "Set spec.deletionPolicy.keys and spec.deletionPolicy.data to Retain or Orphan, or spec.deletionPolicy.workloads to Delete",
};

/// What is for the Grafana operator is not for a sidecar.
pub const DASHBOARDS_GRAFANA_OPERATOR: CelRule = CelRule {
    rule: "!has(self.grafanaOperator) || (has(self.delivery) && self.delivery == 'GrafanaOperator')",
    message: "grafanaOperator needs delivery GrafanaOperator",
    field_path: Some(".grafanaOperator"),
    next_action: "Set spec.observability.dashboards.delivery to GrafanaOperator, or remove spec.observability.dashboards.grafanaOperator",
};

/// All rules, in the order of the resource.
pub const ALL: &[CelRule] = &[
    NAME_LENGTH,
    NAME_FORM,
    PRODUCTION_DATABASE,
    PRODUCTION_CACHE,
    PRODUCTION_BROKER,
    PRODUCTION_AUTH,
    VERSION_OR_TAG,
    TOLERATION_VALUE,
    NODE_REQUIREMENT_VALUES,
    TOPOLOGY_SPREAD_CONSTRAINTS,
    PDB_ONE_OF,
    EXTRA_SERVICE_NAME,
    EXTRA_SERVICE_PORT,
    EXTRA_SERVICE_METRICS_PORT,
    EXTRA_SERVICE_ONE_ROUTE,
    EXTRA_SERVICE_INGRESS_PROTOCOL,
    EXTRA_SERVICE_HTTP_ROUTE_PROTOCOL,
    GATEWAY_ONE_ROUTE,
    INGRESS_TLS_SOURCE,
    NODE_PORT_TYPE,
    AUTH_ONE_KEY_SOURCE,
    AUTH_KEYS_NEED_ISSUER,
    AUTH_SIGNING_KEY,
    REPLICAS_OR_AUTOSCALING,
    AUTOSCALING_BOUNDS,
    ENV_ONE_SOURCE,
    DATABASE_ONE_OF,
    DATABASE_REPLICA_OF,
    DATABASE_REPLICA_PLACE,
    DATABASE_URL_FOR_ALL,
    DATABASE_URL_OR_HOST,
    DATABASE_PARTS_NEED_HOST,
    DATABASE_HOST_LOGIN,
    DATABASE_ADMIN_LOGIN,
    CNPG_SHARED_DATABASE,
    CACHE_ONE_OF,
    CACHE_PLACE,
    CACHE_URL_ALONE,
    CACHE_PORT_NEEDS_HOST,
    CACHE_CLUSTER_DATABASE,
    CACHE_USERNAME,
    CACHE_CA_NEEDS_TLS,
    BROKER_ONE_OF,
    TOPICS_NEED_KAFKA,
    BROKER_REDIS_ONE_OF,
    KAFKA_TLS_NEEDS_CERTIFICATE,
    KAFKA_CLIENT_CERTIFICATE,
    SMTP_CREDENTIALS,
    RESILIENCY_TARGET_NOT_EMPTY,
    STATE_STORE_ONE_OF,
    STATE_STORE_REDIS_HOST,
    TRACING_ONE_OF,
    RECEIVER_ONE_OF,
    EMAIL_CREDENTIALS,
    MAINTENANCE_NARROWS,
    MAINTENANCE_TIMES,
    MAINTENANCE_DAYS,
    DASHBOARDS_GRAFANA_OPERATOR,
    NETWORK_RULE_NARROWS,
    NETWORK_RULE_PEER,
    DRIFT_IGNORE_NEEDS_A_LOOK,
    KEPT_WORKLOADS_NEED_KEYS_AND_DATA,
];

//! Rules of the applications: images, pods, budgets, extra services.

use super::CelRule;

/// A taint's time counts only where it drives pods away.
pub const TOLERATION_VALUE: CelRule = CelRule {
    rule: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
    message: "tolerationSeconds needs effect NoExecute",
    field_path: None,
    next_action: "Set effect to NoExecute, or remove tolerationSeconds",
};

/// An operator and its values belong together.
pub const NODE_REQUIREMENT_VALUES: CelRule = CelRule {
    rule: "(has(self.operator) && (self.operator == 'Exists' || self.operator == 'DoesNotExist')) != (has(self.values) && size(self.values) > 0)",
    message: "operators In and NotIn need values; Exists and DoesNotExist take none",
    field_path: None,
    next_action: "Set values, or set operator to Exists or DoesNotExist and remove values",
};

/// Constraints that are switched off say two things.
pub const TOPOLOGY_SPREAD_CONSTRAINTS: CelRule = CelRule {
    rule: "!has(self.enabled) || self.enabled || !has(self.constraints) || size(self.constraints) == 0",
    message: "constraints are set and switched off",
    field_path: None,
    next_action: "Remove constraints, or set enabled to true",
};

/// A budget counts one way.
pub const PDB_ONE_OF: CelRule = CelRule {
    rule: "!(has(self.minAvailable) && has(self.maxUnavailable))",
    message: "at most one of minAvailable, maxUnavailable may be set",
    field_path: None,
    next_action: "Keep one of minAvailable and maxUnavailable",
};

/// A tag and a version both say what runs.
pub const VERSION_OR_TAG: CelRule = CelRule {
    rule: "!(has(self.version) && has(self.images) && has(self.images.tag))",
    message: "at most one of version, images.tag may be set",
    field_path: Some(".version"),
    next_action: "Remove spec.images.tag and let spec.version say which images were released together, or remove spec.version",
};

/// The sidecar listens in the same pod.
pub const EXTRA_SERVICE_PORT: CelRule = CelRule {
    rule: "!(self.port in [3500, 3501, 9090, 50001, 50002])",
    message: "port is one of the sidecar's own: 3500, 3501, 9090, 50001, 50002",
    field_path: Some(".port"),
    next_action: "Let the app listen on another port, such as 8080",
};

/// The sidecar's metrics are on 9090.
pub const EXTRA_SERVICE_METRICS_PORT: CelRule = CelRule {
    rule: "!has(self.metricsPort) || (!(self.metricsPort in [3500, 3501, 9090, 50001, 50002]) && self.metricsPort != self.port)",
    message: "metricsPort is the app's port or one of the sidecar's own: 3500, 3501, 9090, 50001, 50002",
    field_path: Some(".metricsPort"),
    next_action: "Show metrics on a port of their own, such as 8081",
};

/// The operator's own components have their names.
pub const EXTRA_SERVICE_NAME: CelRule = CelRule {
    rule: "!(self.name in ['gateway', 'task', 'scheduler', 'notification', 'analytics', 'postgres', 'redis', 'sidecars', 'services', 'signing-key'])",
    message: "name is that of a component of the platform itself",
    field_path: Some(".name"),
    next_action: "Choose another name",
};

/// One way in.
pub const EXTRA_SERVICE_ONE_ROUTE: CelRule = CelRule {
    rule: "!(has(self.ingress) && has(self.httpRoute))",
    message: "an extra service has at most one of ingress, httpRoute",
    field_path: None,
    next_action: "Keep one of ingress and httpRoute of this extra service",
};

/// Controllers speak HTTP/1.1 to what is behind an Ingress, unless an annotation that each of them calls otherwise says more.
pub const EXTRA_SERVICE_INGRESS_PROTOCOL: CelRule = CelRule {
    rule: "!has(self.ingress) || !has(self.protocol) || self.protocol == 'http'",
    message: "ingress needs protocol http: what an app behind an Ingress speaks cannot be said for every controller",
    field_path: Some(".ingress"),
    next_action: "Remove ingress; an app of protocol h2c may have httpRoute, one of protocol grpc a GRPCRoute or Ingress that you make yourself to its Service",
};

/// gRPC has a kind of route of its own, which is not made.
pub const EXTRA_SERVICE_HTTP_ROUTE_PROTOCOL: CelRule = CelRule {
    rule: "!has(self.httpRoute) || !has(self.protocol) || self.protocol != 'grpc'",
    message: "httpRoute needs protocol http or h2c: gRPC is routed by a GRPCRoute",
    field_path: Some(".httpRoute"),
    next_action: "Remove httpRoute and make a GRPCRoute to the app's Service yourself; spec.networkPolicy.extraIngress lets it in",
};

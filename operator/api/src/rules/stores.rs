//! The rules of `spec.database` and `spec.cache`.

use super::CelRule;

/// Production keeps its data outside.
pub const PRODUCTION_DATABASE: CelRule = CelRule {
    rule: "!has(self.profile) || self.profile != 'production' || (has(self.database) && (has(self.database.external) || has(self.database.cloudNativePG)))",
    message: "profile production needs database.external or database.cloudNativePG: a PostgreSQL of your own",
    field_path: Some(".database"),
    next_action: "Put the connection URL into a Secret and name it in spec.database.external.urlSecretKeyRef, or name your Cluster in spec.database.cloudNativePG.clusterRef",
};

/// Production keeps its reminders outside.
pub const PRODUCTION_CACHE: CelRule = CelRule {
    rule: "!has(self.profile) || self.profile != 'production' || (has(self.cache) && has(self.cache.external))",
    message: "profile production needs cache.external: a Redis of your own",
    field_path: Some(".cache"),
    next_action: "Put the connection URL into a Secret and name it in spec.cache.external.urlSecretKeyRef",
};

/// One place for the data.
pub const DATABASE_ONE_OF: CelRule = CelRule {
    rule: "(has(self.embedded) ? 1 : 0) + (has(self.external) ? 1 : 0) + (has(self.cloudNativePG) ? 1 : 0) == 1",
    message: "exactly one of embedded, external, cloudNativePG must be set",
    field_path: None,
    next_action: "Keep one of spec.database.embedded, spec.database.external and spec.database.cloudNativePG",
};

/// Every service that stores has a database.
pub const DATABASE_URL_FOR_ALL: CelRule = CelRule {
    rule: "has(self.host) || has(self.urlSecretKeyRef) || (has(self.taskUrlSecretKeyRef) && has(self.notificationUrlSecretKeyRef) && has(self.analyticsUrlSecretKeyRef))",
    message: "host must be set, or urlSecretKeyRef, or all of taskUrlSecretKeyRef, notificationUrlSecretKeyRef, analyticsUrlSecretKeyRef",
    field_path: None,
    next_action: "Set spec.database.external.urlSecretKeyRef to the Secret and key that hold the connection URL, or spec.database.external.host",
};

/// A URL says it all.
pub const DATABASE_URL_OR_HOST: CelRule = CelRule {
    rule: "!(has(self.host) && (has(self.urlSecretKeyRef) || has(self.taskUrlSecretKeyRef) || has(self.notificationUrlSecretKeyRef) || has(self.analyticsUrlSecretKeyRef)))",
    message: "host and connection URLs must not be set together",
    field_path: None,
    next_action: "Keep either spec.database.external.host with its login, or the references to connection URLs",
};

/// The parts belong to a host.
pub const DATABASE_PARTS_NEED_HOST: CelRule = CelRule {
    rule: "has(self.host) || !(has(self.port) || has(self.database) || has(self.usernameSecretKeyRef) || has(self.passwordSecretKeyRef) || has(self.sslMode) || has(self.options) || has(self.admin))",
    message: "port, database, usernameSecretKeyRef, passwordSecretKeyRef, sslMode, options and admin need host",
    field_path: None,
    next_action: "Set spec.database.external.host, or put these parts into the connection URL",
};

/// The services log in as one user, or each as its own that an administrator makes.
pub const DATABASE_HOST_LOGIN: CelRule = CelRule {
    rule: "!has(self.host) || (has(self.admin) != has(self.usernameSecretKeyRef) && has(self.usernameSecretKeyRef) == has(self.passwordSecretKeyRef))",
    message: "host needs either admin, or usernameSecretKeyRef and passwordSecretKeyRef",
    field_path: None,
    next_action: "Set spec.database.external.usernameSecretKeyRef and spec.database.external.passwordSecretKeyRef, or spec.database.external.admin",
};

/// An administrator logs in in one way.
pub const DATABASE_ADMIN_LOGIN: CelRule = CelRule {
    rule: "has(self.urlSecretKeyRef) != has(self.usernameSecretKeyRef) && has(self.usernameSecretKeyRef) == has(self.passwordSecretKeyRef)",
    message: "either urlSecretKeyRef must be set, or usernameSecretKeyRef and passwordSecretKeyRef",
    field_path: None,
    next_action: "Keep either spec.database.external.admin.urlSecretKeyRef, or the pair spec.database.external.admin.usernameSecretKeyRef and spec.database.external.admin.passwordSecretKeyRef",
};

/// Databases of the services' own have names of their own.
pub const CNPG_SHARED_DATABASE: CelRule = CelRule {
    rule: "!has(self.database) || !has(self.roles) || self.roles != 'PerService'",
    message: "database is for roles Shared: with PerService each service has a database of its own",
    field_path: None,
    next_action: "Remove spec.database.cloudNativePG.database, or set spec.database.cloudNativePG.roles to Shared",
};

/// A replica is somewhere.
pub const DATABASE_REPLICA_PLACE: CelRule = CelRule {
    rule: "!(has(self.urlSecretKeyRef) && has(self.host)) && (has(self.host) || !has(self.port))",
    message: "urlSecretKeyRef and host must not be set together, and port needs host",
    field_path: None,
    next_action: "Keep either spec.database.readReplica.urlSecretKeyRef, or spec.database.readReplica.host",
};

/// The replica of what.
pub const DATABASE_REPLICA_OF: CelRule = CelRule {
    rule: "!has(self.readReplica) || (has(self.external) ? (has(self.readReplica.urlSecretKeyRef) || (has(self.readReplica.host) && has(self.external.host))) : !has(self.embedded))",
    message: "readReplica needs urlSecretKeyRef, or its host beside external.host, or a cloudNativePG cluster",
    field_path: Some(".readReplica"),
    next_action: "Set spec.database.readReplica.urlSecretKeyRef to the Secret and key that hold the replica's connection URL, or remove spec.database.readReplica",
};

/// One place for the reminders.
pub const CACHE_ONE_OF: CelRule = CelRule {
    rule: "has(self.embedded) != has(self.external)",
    message: "exactly one of embedded, external must be set",
    field_path: None,
    next_action: "Keep one of spec.cache.embedded and spec.cache.external",
};

/// One way to find the servers.
pub const CACHE_PLACE: CelRule = CelRule {
    rule: "(has(self.urlSecretKeyRef) ? 1 : 0) + (has(self.host) ? 1 : 0) + (has(self.sentinel) ? 1 : 0) + (has(self.cluster) ? 1 : 0) == 1",
    message: "exactly one of urlSecretKeyRef, host, sentinel, cluster must be set",
    field_path: None,
    next_action: "Keep one of urlSecretKeyRef, host, sentinel and cluster of spec.cache.external",
};

/// A URL says it all.
pub const CACHE_URL_ALONE: CelRule = CelRule {
    rule: "!has(self.urlSecretKeyRef) || !(has(self.port) || has(self.database) || has(self.usernameSecretKeyRef) || has(self.passwordSecretKeyRef) || has(self.enableTls))",
    message: "port, database, usernameSecretKeyRef, passwordSecretKeyRef and enableTls are parts of the URL behind urlSecretKeyRef",
    field_path: None,
    next_action: "Put these parts into the connection URL (`rediss://user:password@host:port/database`), or set spec.cache.external.host instead of it",
};

/// A port is a host's.
pub const CACHE_PORT_NEEDS_HOST: CelRule = CelRule {
    rule: "!has(self.port) || has(self.host) || has(self.urlSecretKeyRef)",
    message: "port needs host: addresses of sentinels and of a cluster have ports of their own",
    field_path: None,
    next_action: "Remove spec.cache.external.port",
};

/// A cluster has one database.
pub const CACHE_CLUSTER_DATABASE: CelRule = CelRule {
    rule: "!(has(self.cluster) && has(self.database))",
    message: "a cluster has no numbered databases",
    field_path: None,
    next_action: "Remove spec.cache.external.database",
};

/// A user has a password.
pub const CACHE_USERNAME: CelRule = CelRule {
    rule: "!has(self.usernameSecretKeyRef) || has(self.passwordSecretKeyRef)",
    message: "usernameSecretKeyRef needs passwordSecretKeyRef",
    field_path: None,
    next_action: "Set passwordSecretKeyRef beside usernameSecretKeyRef",
};

/// An authority vouches for an encrypted connection only.
pub const CACHE_CA_NEEDS_TLS: CelRule = CelRule {
    rule: "!has(self.caSecretKeyRef) || !has(self.enableTls) || self.enableTls",
    message: "caSecretKeyRef needs enableTls",
    field_path: None,
    next_action: "Set spec.cache.external.enableTls to true, or remove spec.cache.external.caSecretKeyRef",
};

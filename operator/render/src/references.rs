//! What a pass must read by name, from the spec alone.

use std::collections::BTreeMap;

use todoplatform_api::{
    Broker, Cache, Database, EnvVar, ExternalDatabase, KafkaBroker, Profile, SecretKeyRef, Services,
    TodoPlatform,
};

use crate::{
    catalog::{Service, Store},
    names::{Names, SIGNING_KEY_JWKS, SIGNING_KEY_PEM, TOKEN_KEY},
};

/// One key of one Secret that the platform refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretReference {
    /// Name of the Secret, in the platform's namespace.
    pub name: String,
    /// Key in its data.
    pub key: String,
    /// The field of the resource that refers to it; empty for a Secret that the operator makes.
    pub field_path: String,
    /// Whether its absence is no fault: the operator makes it.
    pub optional: bool,
}

/// Something that the services need before their first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// `database`, `cache`, `broker`, `dapr`; `database-<service>` for a database of one service's own.
    pub name: String,
    /// What to ask whether it answers.
    pub target: DependencyTarget,
}

/// What to ask whether a dependency answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DependencyTarget {
    /// A StatefulSet of the platform's own: ready when all its pods are.
    StatefulSet {
        /// Its name.
        name: String,
    },
    /// A PostgreSQL: ready when it lets us in.
    Postgres {
        /// Where the connection URL is.
        url: SecretReference,
        /// Where the certificate of its authority is.
        ca: Option<SecretReference>,
    },
    /// A Redis by URL: ready when it answers `PING`.
    Redis {
        /// Where the connection URL is.
        url: SecretReference,
        /// Where the certificate of its authority is.
        ca: Option<SecretReference>,
    },
    /// A Redis by host: ready when it answers `PING`.
    RedisHost {
        /// Host and port.
        host: String,
        /// Where the password is.
        password: Option<SecretReference>,
        /// Whether the connection is encrypted.
        tls: bool,
    },
    /// Kafka: ready when one of the brokers accepts a connection.
    Kafka {
        /// Hosts and ports.
        brokers: Vec<String>,
    },
    /// Dapr's control plane: its kinds are served and its injector and sentry run.
    DaprControlPlane,
}

impl DependencyTarget {
    /// The word that the status shows.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::StatefulSet { .. } => "StatefulSet",
            Self::Postgres { .. } => "PostgreSQL",
            Self::Redis { .. } | Self::RedisHost { .. } => "Redis",
            Self::Kafka { .. } => "Kafka",
            Self::DaprControlPlane => "DaprControlPlane",
        }
    }
}

/// What a pass must read by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Keys of Secrets, in the order of the spec; the operator's own come last.
    pub secrets: Vec<SecretReference>,
    /// What the services need before their first start.
    pub dependencies: Vec<Dependency>,
}

/// What a pass must read by name, from the spec alone.
///
/// Total: what a rule refuses (production without a database) is left out here and said by [`crate::validate`].
pub fn references(platform: &TodoPlatform) -> References {
    let spec = &platform.spec;
    let name = platform.metadata.name.as_deref().unwrap_or_default();
    let namespace = platform.metadata.namespace.as_deref().unwrap_or("default");
    let names = Names::new(name, namespace, "");
    let development = spec.profile.unwrap_or_default() == Profile::Development;

    let mut found = Collector {
        names: &names,
        references: References::default(),
    };
    if let Some(auth) = &spec.auth {
        found.user(auth.jwks_secret_key_ref.as_ref(), "spec.auth.jwksSecretKeyRef");
    }
    found.environment(spec.services.as_ref());
    found.database(spec.database.as_ref(), development);
    found.cache(spec.cache.as_ref(), development);
    found.broker(spec.broker.as_ref(), development);
    if let Some(smtp) = spec
        .notifications
        .as_ref()
        .and_then(|section| section.smtp.as_ref())
    {
        found.user(
            smtp.username_secret_key_ref.as_ref(),
            "spec.notifications.smtp.usernameSecretKeyRef",
        );
        found.user(
            smtp.password_secret_key_ref.as_ref(),
            "spec.notifications.smtp.passwordSecretKeyRef",
        );
    }
    if development && !has_issuer_keys(platform) {
        found.own(&names.signing_key(), SIGNING_KEY_PEM);
        found.own(&names.signing_key(), SIGNING_KEY_JWKS);
    }
    for service in Service::ALL {
        if service.has_app_port() {
            found.own(&names.app_token(service), TOKEN_KEY);
        }
        found.own(&names.api_token(service), TOKEN_KEY);
    }
    found.depend("dapr", DependencyTarget::DaprControlPlane);
    found.references
}

/// Whether the resource names the keys with which tokens are verified.
pub(crate) fn has_issuer_keys(platform: &TodoPlatform) -> bool {
    platform
        .spec
        .auth
        .as_ref()
        .is_some_and(|auth| auth.jwks_url.is_some() || auth.jwks_secret_key_ref.is_some())
}

/// Whether the platform runs its own PostgreSQL.
pub(crate) fn embeds_postgres(database: Option<&Database>, development: bool) -> bool {
    database.map_or(development, |section| section.external.is_none())
}

/// Whether the cache is the platform's own Redis.
pub(crate) fn embeds_cache(cache: Option<&Cache>, development: bool) -> bool {
    cache.map_or(development, |section| section.external.is_none())
}

/// Whether the broker is the platform's own Redis.
pub(crate) fn embeds_broker(broker: Option<&Broker>, development: bool) -> bool {
    broker.map_or(development, |section| {
        section.kafka.is_none()
            && section
                .redis
                .as_ref()
                .map_or(development, |redis| redis.external.is_none())
    })
}

/// The field that gives a service its connection URL, with its path.
pub(crate) fn database_url(
    external: &ExternalDatabase,
    service: Service,
) -> Option<(&SecretKeyRef, &'static str)> {
    let own = match service {
        Service::Task => external
            .task_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.taskUrlSecretKeyRef")),
        Service::Notification => external
            .notification_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.notificationUrlSecretKeyRef")),
        Service::Analytics => external
            .analytics_url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.analyticsUrlSecretKeyRef")),
        Service::Gateway | Service::Scheduler => None,
    };
    own.or_else(|| {
        external
            .url_secret_key_ref
            .as_ref()
            .map(|reference| (reference, "spec.database.external.urlSecretKeyRef"))
    })
}

/// The services that have a PostgreSQL schema.
pub(crate) fn database_services() -> impl Iterator<Item = Service> {
    Service::ALL
        .into_iter()
        .filter(|service| service.definition().stores_in(Store::PostgreSql))
}

/// The overrides of one service.
pub(crate) fn service_section(
    services: Option<&Services>,
    service: Service,
) -> Option<&todoplatform_api::Service> {
    let services = services?;
    match service {
        Service::Gateway => services.gateway.as_ref(),
        Service::Task => services.task.as_ref(),
        Service::Scheduler => services.scheduler.as_ref(),
        Service::Notification => services.notification.as_ref(),
        Service::Analytics => services.analytics.as_ref(),
    }
}

struct Collector<'a> {
    names: &'a Names,
    references: References,
}

impl Collector<'_> {
    /// A key that the user names. Several fields may name the same key; each is kept, so that each is reported.
    fn user(&mut self, reference: Option<&SecretKeyRef>, field_path: &str) -> Option<SecretReference> {
        let reference = user_reference(reference?, field_path);
        self.references.secrets.push(reference.clone());
        Some(reference)
    }

    /// A key of a Secret that the operator makes.
    fn own(&mut self, name: &str, key: &str) {
        self.references.secrets.push(SecretReference {
            name: name.into(),
            key: key.into(),
            field_path: String::new(),
            optional: true,
        });
    }

    fn depend(&mut self, name: &str, target: DependencyTarget) {
        self.references.dependencies.push(Dependency {
            name: name.into(),
            target,
        });
    }

    fn environment(&mut self, services: Option<&Services>) {
        for service in Service::ALL {
            let env = service_section(services, service).map_or(&[] as &[EnvVar], |section| &section.env);
            for (index, variable) in env.iter().enumerate() {
                let path = format!("spec.services.{}.env[{index}].secretKeyRef", service.as_str());
                self.user(variable.secret_key_ref.as_ref(), &path);
            }
        }
    }

    fn database(&mut self, database: Option<&Database>, development: bool) {
        if embeds_postgres(database, development) {
            let name = self.names.postgres();
            self.own(&name, "postgres-password");
            for service in database_services() {
                self.own(&name, &format!("{}-password", service.as_str()));
                self.own(&name, &format!("{}-url", service.as_str()));
            }
            self.depend("database", DependencyTarget::StatefulSet { name });
            return;
        }
        let Some(external) = database.and_then(|section| section.external.as_ref()) else {
            return;
        };
        let ca = self.user(
            external.ca_secret_key_ref.as_ref(),
            "spec.database.external.caSecretKeyRef",
        );
        // Services that share a URL share a dependency.
        let mut by_field = BTreeMap::<&str, Service>::new();
        for service in database_services() {
            let Some((reference, path)) = database_url(external, service) else {
                continue;
            };
            if by_field.insert(path, service).is_some() {
                continue;
            }
            let url = user_reference(reference, path);
            self.references.secrets.push(url.clone());
            let name = if path.ends_with(".urlSecretKeyRef") {
                "database".into()
            } else {
                format!("database-{}", service.as_str())
            };
            self.depend(&name, DependencyTarget::Postgres { url, ca: ca.clone() });
        }
    }

    fn cache(&mut self, cache: Option<&Cache>, development: bool) {
        if embeds_cache(cache, development) {
            self.own_redis("cache");
            return;
        }
        let Some(external) = cache.and_then(|section| section.external.as_ref()) else {
            return;
        };
        let ca = self.user(
            external.ca_secret_key_ref.as_ref(),
            "spec.cache.external.caSecretKeyRef",
        );
        let url = user_reference(
            &external.url_secret_key_ref,
            "spec.cache.external.urlSecretKeyRef",
        );
        self.references.secrets.push(url.clone());
        self.depend("cache", DependencyTarget::Redis { url, ca });
    }

    fn broker(&mut self, broker: Option<&Broker>, development: bool) {
        if embeds_broker(broker, development) {
            self.own_redis("broker");
            return;
        }
        let Some(broker) = broker else { return };
        if let Some(kafka) = &broker.kafka {
            self.kafka(kafka);
        } else if let Some(external) = broker.redis.as_ref().and_then(|redis| redis.external.as_ref()) {
            let password = self.user(
                external.password_secret_key_ref.as_ref(),
                "spec.broker.redis.external.passwordSecretKeyRef",
            );
            let tls = external.enable_tls.unwrap_or(false);
            self.depend(
                "broker",
                DependencyTarget::RedisHost {
                    host: external.host.clone(),
                    password,
                    tls,
                },
            );
        }
    }

    fn kafka(&mut self, kafka: &KafkaBroker) {
        if let Some(sasl) = &kafka.sasl {
            self.user(
                Some(&sasl.username_secret_key_ref),
                "spec.broker.kafka.sasl.usernameSecretKeyRef",
            );
            self.user(
                Some(&sasl.password_secret_key_ref),
                "spec.broker.kafka.sasl.passwordSecretKeyRef",
            );
        }
        if let Some(tls) = &kafka.tls {
            self.user(
                tls.ca_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.caSecretKeyRef",
            );
            self.user(
                tls.client_cert_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.clientCertSecretKeyRef",
            );
            self.user(
                tls.client_key_secret_key_ref.as_ref(),
                "spec.broker.kafka.tls.clientKeySecretKeyRef",
            );
        }
        self.depend(
            "broker",
            DependencyTarget::Kafka {
                brokers: kafka.brokers.clone(),
            },
        );
    }

    /// The platform's own Redis, which may be cache and broker at once.
    fn own_redis(&mut self, dependency: &str) {
        let name = self.names.redis();
        if !self
            .references
            .secrets
            .iter()
            .any(|reference| reference.optional && reference.name == name)
        {
            self.own(&name, "password");
            self.own(&name, "url");
        }
        self.depend(dependency, DependencyTarget::StatefulSet { name });
    }
}

fn user_reference(reference: &SecretKeyRef, field_path: &str) -> SecretReference {
    SecretReference {
        name: reference.name.clone(),
        key: reference.key.clone(),
        field_path: field_path.into(),
        optional: false,
    }
}

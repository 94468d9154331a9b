//! Applies the profile: every setting gets the user's value or the profile's.

use std::collections::BTreeMap;

use todoplatform_api::{
    Algorithm, EmbeddedStore, LogLevel, Profile, Resources, SecretKeyRef, ServiceType, SmtpSecurity,
    TodoPlatform, TodoPlatformSpec,
};

use crate::{
    OperatorDefaults, ValidatedPlatform, Violation,
    catalog::{self, Amounts, Service},
    image::ImageRef,
    names::{Names, SIGNING_KEY_JWKS},
    references::{self, References},
    validate::INVALID_IMAGE,
    validated::{
        AuthSettings, BrokerSettings, ContainerResources, DatabaseSettings, GatewaySettings, KeySource,
        ResiliencySettings, SaslSettings, ServiceSettings, SidecarSettings, SmtpSettings, StoreSettings,
        TlsSettings, UrlSettings,
    },
};

/// The platform with every setting decided; none when something that is among the violations leaves one open.
pub(crate) fn resolve(
    platform: &TodoPlatform,
    references: References,
    defaults: &OperatorDefaults,
    violations: &mut Vec<Violation>,
) -> Option<ValidatedPlatform> {
    let resolver = Resolver {
        spec: &platform.spec,
        defaults,
        names: Names::new(
            platform.metadata.name.as_deref().unwrap_or_default(),
            platform.metadata.namespace.as_deref().unwrap_or("default"),
            &defaults.cluster_domain,
        ),
        profile: platform.spec.profile.unwrap_or_default(),
    };
    let services: Option<Vec<_>> =
        // Every image is looked at, so that every fault is reported at once.
        Service::ALL.map(|service| resolver.service(service, violations)).into_iter().collect();
    let postgres = resolver.embeds_postgres().then(|| resolver.postgres(violations));
    let redis = resolver.embeds_redis().then(|| resolver.redis(violations));
    let images = platform.spec.images.as_ref();
    Some(ValidatedPlatform {
        uid: platform.metadata.uid.clone(),
        profile: resolver.profile,
        version: resolver.tag().into(),
        image_pull_policy: images
            .and_then(|images| images.pull_policy)
            .map(|policy| policy.as_str().to_owned())
            .or_else(|| defaults.image_pull_policy.clone())
            .unwrap_or_else(|| "IfNotPresent".into()),
        image_pull_secrets: images.map_or_else(Vec::new, |images| {
            images
                .pull_secrets
                .iter()
                .map(|secret| secret.name.clone())
                .collect()
        }),
        services: services?,
        auth: resolver.auth()?,
        gateway: resolver.gateway(),
        postgres: optional(postgres)?,
        redis: optional(redis)?,
        database: resolver.database()?,
        cache: resolver.cache()?,
        broker: resolver.broker()?,
        topic_prefix: resolver.topic_prefix(),
        smtp: resolver.smtp(),
        resiliency: resolver.resiliency(),
        monitoring: resolver.monitoring(),
        references,
        names: resolver.names,
    })
}

/// Something that is not wanted, or wanted and decided; none when it is wanted and left open.
#[expect(clippy::option_option, reason = "absent and undecided are two things")]
fn optional<T>(wanted: Option<Option<T>>) -> Option<Option<T>> {
    match wanted {
        None => Some(None),
        Some(decided) => decided.map(Some),
    }
}

struct Resolver<'a> {
    spec: &'a TodoPlatformSpec,
    defaults: &'a OperatorDefaults,
    names: Names,
    profile: Profile,
}

impl Resolver<'_> {
    fn development(&self) -> bool {
        self.profile == Profile::Development
    }

    fn embeds_postgres(&self) -> bool {
        references::embeds_postgres(self.spec.database.as_ref(), self.development())
    }

    fn embeds_cache(&self) -> bool {
        references::embeds_cache(self.spec.cache.as_ref(), self.development())
    }

    fn embeds_broker(&self) -> bool {
        references::embeds_broker(self.spec.broker.as_ref(), self.development())
    }

    fn embeds_redis(&self) -> bool {
        self.embeds_cache() || self.embeds_broker()
    }

    fn tag(&self) -> &str {
        let images = self.spec.images.as_ref();
        images
            .and_then(|images| images.tag.as_deref())
            .unwrap_or(&self.defaults.image_tag)
    }

    fn service(&self, service: Service, violations: &mut Vec<Violation>) -> Option<ServiceSettings> {
        let section = references::service_section(self.spec.services.as_ref(), service);
        let name = service.as_str();
        let image = if let Some(own) = section.and_then(|section| section.image.as_deref()) {
            image(own, &format!("spec.services.{name}.image"), violations)
        } else {
            let images = self.spec.images.as_ref();
            let registry = images
                .and_then(|images| images.registry.as_deref())
                .unwrap_or(&self.defaults.image_registry);
            image(
                &format!("{registry}/todo-{name}:{}", self.tag()),
                "spec.images.tag",
                violations,
            )
        };
        let amounts = (service.definition().resources)(self.profile);
        let replicas = if self.development() { 1 } else { 2 };
        Some(ServiceSettings {
            service,
            image: image?,
            replicas: section.and_then(|section| section.replicas).unwrap_or(replicas),
            resources: resources(
                section.and_then(|section| section.resources.as_ref()),
                None,
                amounts,
            ),
            env: section.map_or_else(Vec::new, |section| section.env.clone()),
            log_level: section
                .and_then(|section| section.log_level)
                .unwrap_or(LogLevel::Info),
            sidecar: self.sidecar(section.and_then(|section| section.dapr.as_ref())),
        })
    }

    fn sidecar(&self, own: Option<&todoplatform_api::ServiceDapr>) -> SidecarSettings {
        let shared = self.spec.dapr.as_ref();
        let block = if self.development() { 6 } else { 20 };
        SidecarSettings {
            log_level: own
                .and_then(|own| own.log_level)
                .or_else(|| shared.and_then(|shared| shared.log_level))
                .unwrap_or(LogLevel::Info),
            resources: resources(
                own.and_then(|own| own.resources.as_ref()),
                shared.and_then(|shared| shared.sidecar_resources.as_ref()),
                catalog::sidecar_amounts(self.profile),
            ),
            max_body_size: own
                .and_then(|own| own.max_body_size.clone())
                .unwrap_or_else(|| "4Mi".into()),
            graceful_shutdown_seconds: own.and_then(|own| own.graceful_shutdown_seconds).unwrap_or(5),
            block_shutdown_seconds: own.and_then(|own| own.block_shutdown_seconds).unwrap_or(block),
        }
    }

    fn gateway(&self) -> GatewaySettings {
        let section = self.spec.gateway.as_ref();
        let rate = section.and_then(|section| section.rate_limit.as_ref());
        let service = section.and_then(|section| section.service.as_ref());
        let requests = rate.and_then(|rate| rate.requests).unwrap_or(10);
        GatewaySettings {
            cors_origins: section
                .and_then(|section| section.cors.as_ref())
                .map_or_else(Vec::new, |cors| cors.origins.clone()),
            requests,
            period_seconds: rate.and_then(|rate| rate.period_seconds).unwrap_or(60),
            burst: rate.and_then(|rate| rate.burst).unwrap_or(requests),
            service_type: service
                .and_then(|service| service.service_type)
                .unwrap_or(ServiceType::ClusterIP),
            node_port: service.and_then(|service| service.node_port),
        }
    }

    fn auth(&self) -> Option<AuthSettings> {
        let section = self.spec.auth.as_ref();
        let issuer = section
            .and_then(|section| section.issuer.clone())
            .or_else(|| self.development().then(|| self.names.development_issuer()))?;
        let keys = match section {
            Some(auth) if auth.jwks_url.is_some() => auth.jwks_url.clone().map(KeySource::Url),
            Some(auth) if auth.jwks_secret_key_ref.is_some() => {
                auth.jwks_secret_key_ref.clone().map(KeySource::Secret)
            }
            _ => self.development().then(|| {
                KeySource::Generated(SecretKeyRef {
                    name: self.names.signing_key(),
                    key: SIGNING_KEY_JWKS.into(),
                })
            }),
        };
        let algorithms = section.map_or(&[] as &[_], |section| &section.algorithms);
        Some(AuthSettings {
            audience: section
                .and_then(|section| section.audience.clone())
                .unwrap_or_else(|| issuer.clone()),
            issuer,
            keys: keys?,
            algorithms: if algorithms.is_empty() {
                vec![Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256]
            } else {
                algorithms.to_vec()
            },
            clock_skew_seconds: section
                .and_then(|section| section.clock_skew_seconds)
                .unwrap_or(30),
        })
    }

    fn postgres(&self, violations: &mut Vec<Violation>) -> Option<StoreSettings> {
        let own = self
            .spec
            .images
            .as_ref()
            .and_then(|images| images.postgres.as_deref());
        let store = self
            .spec
            .database
            .as_ref()
            .and_then(|database| database.embedded.as_ref());
        let image = image(
            own.unwrap_or(&self.defaults.postgres_image),
            "spec.images.postgres",
            violations,
        )?;
        Some(embedded(store, image, catalog::POSTGRES_AMOUNTS))
    }

    fn redis(&self, violations: &mut Vec<Violation>) -> Option<StoreSettings> {
        let own = self
            .spec
            .images
            .as_ref()
            .and_then(|images| images.redis.as_deref());
        let of_cache = self.spec.cache.as_ref().and_then(|cache| cache.embedded.as_ref());
        let of_broker = self
            .spec
            .broker
            .as_ref()
            .and_then(|broker| broker.redis.as_ref())
            .and_then(|redis| redis.embedded.as_ref());
        let image = image(
            own.unwrap_or(&self.defaults.redis_image),
            "spec.images.redis",
            violations,
        )?;
        Some(embedded(of_cache.or(of_broker), image, catalog::REDIS_AMOUNTS))
    }

    fn database(&self) -> Option<DatabaseSettings> {
        if self.embeds_postgres() {
            let url = |service: Service| SecretKeyRef {
                name: self.names.postgres(),
                key: format!("{}-url", service.as_str()),
            };
            let urls = references::database_services()
                .map(|service| (service, url(service)))
                .collect();
            return Some(DatabaseSettings { urls, ca: None });
        }
        let external = self.spec.database.as_ref()?.external.as_ref()?;
        let urls: Option<BTreeMap<_, _>> = references::database_services()
            .map(|service| references::database_url(external, service).map(|(url, _)| (service, url.clone())))
            .collect();
        Some(DatabaseSettings {
            urls: urls?,
            ca: external.ca_secret_key_ref.clone(),
        })
    }

    fn cache(&self) -> Option<UrlSettings> {
        if self.embeds_cache() {
            return Some(UrlSettings {
                url: self.redis_key("url"),
                ca: None,
            });
        }
        let external = self.spec.cache.as_ref()?.external.as_ref()?;
        Some(UrlSettings {
            url: external.url_secret_key_ref.clone(),
            ca: external.ca_secret_key_ref.clone(),
        })
    }

    fn redis_key(&self, key: &str) -> SecretKeyRef {
        SecretKeyRef {
            name: self.names.redis(),
            key: key.into(),
        }
    }

    fn broker(&self) -> Option<BrokerSettings> {
        if self.embeds_broker() {
            return Some(BrokerSettings::Redis {
                host: format!("{}:6379", self.names.host(&self.names.redis())),
                password: Some(self.redis_key("password")),
                tls: false,
            });
        }
        let broker = self.spec.broker.as_ref()?;
        if let Some(kafka) = &broker.kafka {
            let sasl = kafka.sasl.as_ref().map(|sasl| SaslSettings {
                mechanism: sasl.mechanism,
                username: sasl.username_secret_key_ref.clone(),
                password: sasl.password_secret_key_ref.clone(),
            });
            let tls = kafka
                .tls
                .as_ref()
                .filter(|tls| tls.enabled.unwrap_or(true))
                .map(|tls| TlsSettings {
                    ca: tls.ca_secret_key_ref.clone(),
                    client: tls
                        .client_cert_secret_key_ref
                        .clone()
                        .zip(tls.client_key_secret_key_ref.clone()),
                });
            let version = kafka.version.clone().unwrap_or_else(|| "3.6.0".into());
            return Some(BrokerSettings::Kafka {
                brokers: kafka.brokers.clone(),
                sasl,
                tls,
                version,
            });
        }
        let external = broker.redis.as_ref()?.external.as_ref()?;
        Some(BrokerSettings::Redis {
            host: external.host.clone(),
            password: external.password_secret_key_ref.clone(),
            tls: external.enable_tls.unwrap_or(false),
        })
    }

    fn topic_prefix(&self) -> String {
        let own = self
            .spec
            .broker
            .as_ref()
            .and_then(|broker| broker.topic_prefix.clone());
        own.unwrap_or_else(|| {
            if self.embeds_broker() {
                String::new()
            } else {
                format!("{}.{}.", self.names.namespace(), self.names.platform())
            }
        })
    }

    fn smtp(&self) -> Option<SmtpSettings> {
        let smtp = self.spec.notifications.as_ref()?.smtp.as_ref()?;
        let security = smtp.security.unwrap_or(SmtpSecurity::StartTls);
        let port = match security {
            SmtpSecurity::StartTls => 587,
            SmtpSecurity::Tls => 465,
            SmtpSecurity::None => 25,
        };
        Some(SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port.unwrap_or(port),
            from: smtp
                .from
                .clone()
                .unwrap_or_else(|| format!("Todo <todo@{}>", smtp.host)),
            security,
            login: smtp
                .username_secret_key_ref
                .clone()
                .zip(smtp.password_secret_key_ref.clone()),
        })
    }

    fn resiliency(&self) -> ResiliencySettings {
        let section = self.spec.dapr.as_ref().and_then(|dapr| dapr.resiliency.as_ref());
        ResiliencySettings {
            max_retries: section.and_then(|section| section.max_retries).unwrap_or(8),
            max_interval_seconds: section
                .and_then(|section| section.max_interval_seconds)
                .unwrap_or(30),
            handler_timeout_seconds: section
                .and_then(|section| section.handler_timeout_seconds)
                .unwrap_or(20),
        }
    }

    fn monitoring(&self) -> Option<BTreeMap<String, String>> {
        let section = self
            .spec
            .observability
            .as_ref()
            .and_then(|section| section.monitoring.as_ref());
        section
            .and_then(|section| section.enabled)
            .unwrap_or(true)
            .then(|| section.map_or_else(BTreeMap::new, |section| section.labels.clone()))
    }
}

fn image(text: &str, field_path: &str, violations: &mut Vec<Violation>) -> Option<ImageRef> {
    match ImageRef::parse(text) {
        Ok(image) => Some(image),
        Err(error) => {
            let violation = Violation {
                field_path: field_path.into(),
                reason: INVALID_IMAGE,
                message: format!("image `{text}` cannot be used: {error}"),
                next_action: format!("Set {field_path} to a reference with a fixed tag or a digest"),
            };
            // Five services with one bad tag are one fault.
            if !violations.iter().any(|known| known.field_path == field_path) {
                violations.push(violation);
            }
            None
        }
    }
}

fn embedded(store: Option<&EmbeddedStore>, image: ImageRef, amounts: Amounts) -> StoreSettings {
    StoreSettings {
        image,
        storage_size: store
            .and_then(|store| store.storage_size.clone())
            .unwrap_or_else(|| "1Gi".into()),
        storage_class_name: store.and_then(|store| store.storage_class_name.clone()),
        resources: resources(store.and_then(|store| store.resources.as_ref()), None, amounts),
    }
}

/// The most specific amount that is set: the component's own, what all share, the profile's.
fn resources(own: Option<&Resources>, shared: Option<&Resources>, amounts: Amounts) -> ContainerResources {
    let layers = [own, shared];
    let request = |pick: fn(&todoplatform_api::ResourceAmounts) -> &Option<String>| {
        layers
            .iter()
            .flatten()
            .find_map(|layer| layer.requests.as_ref().and_then(|set| pick(set).clone()))
    };
    let limit = |pick: fn(&todoplatform_api::ResourceAmounts) -> &Option<String>| {
        layers
            .iter()
            .flatten()
            .find_map(|layer| layer.limits.as_ref().and_then(|set| pick(set).clone()))
    };
    ContainerResources {
        cpu_request: request(|set| &set.cpu).unwrap_or_else(|| amounts.cpu.into()),
        memory_request: request(|set| &set.memory).unwrap_or_else(|| amounts.memory.into()),
        cpu_limit: limit(|set| &set.cpu),
        memory_limit: limit(|set| &set.memory).unwrap_or_else(|| amounts.memory_limit.into()),
    }
}

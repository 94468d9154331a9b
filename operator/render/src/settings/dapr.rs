//! `spec.dapr` decided: access control, spans, logs, stores, and how often the sidecars try.

use std::collections::BTreeMap;

use todoplatform_api::{
    ApiLogging, CircuitBreaker, Dapr, Profile, Resiliency, ResiliencyPreset, ResiliencyTarget, SecretKeyRef,
    TargetRetry, Tracing,
};

use super::Resolver;
use crate::{
    INVALID_SPEC, Violation,
    catalog::Store,
    graph::{Node, graph},
    validated::{
        ApiLoggingSettings, CircuitBreakerSettings, DaprSettings, Exporter, ResiliencySettings,
        RetrySettings, StateStoreSettings, TargetSettings, TracingSettings,
    },
};

/// What the platform runs itself, and where.
struct OwnStores {
    /// Host and port of the embedded Redis with the Secret's key of its password.
    redis: Option<(String, SecretKeyRef)>,
    /// What has its password in a Secret that the operator makes, of that which Components refer to.
    in_generated_secrets: Vec<&'static str>,
}

impl Resolver<'_> {
    pub(super) fn resiliency(&self) -> ResiliencySettings {
        let section = self.spec.dapr.as_ref().and_then(|dapr| dapr.resiliency.as_ref());
        resiliency(section)
    }

    pub(super) fn dapr(&self, violations: &mut Vec<Violation>) -> DaprSettings {
        let generated = [
            self.embeds_postgres().then_some("the embedded PostgreSQL"),
            self.embeds_broker().then_some("the embedded Redis"),
        ];
        let own = OwnStores {
            redis: self
                .embeds_redis()
                .then(|| (self.redis_host(), self.redis_key("password"))),
            in_generated_secrets: generated.into_iter().flatten().collect(),
        };
        dapr(
            self.spec.dapr.as_ref(),
            self.profile,
            &own,
            &graph(self.spec),
            violations,
        )
    }
}

/// The numbers of each preset.
fn preset(preset: ResiliencyPreset) -> ResiliencySettings {
    let (max_retries, max_interval_seconds, handler_timeout_seconds, call_timeout_seconds) = match preset {
        ResiliencyPreset::Default => (8, 30, 20, 30),
        ResiliencyPreset::Patient => (15, 60, 60, 60),
        ResiliencyPreset::Impatient => (3, 5, 5, 10),
    };
    ResiliencySettings {
        max_retries,
        max_interval_seconds,
        handler_timeout_seconds,
        call_timeout_seconds,
    }
}

fn resiliency(section: Option<&Resiliency>) -> ResiliencySettings {
    let preset = preset(section.and_then(|section| section.preset).unwrap_or_default());
    let Some(section) = section else { return preset };
    ResiliencySettings {
        max_retries: section.max_retries.unwrap_or(preset.max_retries),
        max_interval_seconds: section
            .max_interval_seconds
            .unwrap_or(preset.max_interval_seconds),
        handler_timeout_seconds: section
            .handler_timeout_seconds
            .unwrap_or(preset.handler_timeout_seconds),
        call_timeout_seconds: section
            .call_timeout_seconds
            .unwrap_or(preset.call_timeout_seconds),
    }
}

fn dapr(
    section: Option<&Dapr>,
    profile: Profile,
    own: &OwnStores,
    nodes: &[Node],
    violations: &mut Vec<Violation>,
) -> DaprSettings {
    let nothing = Dapr::default();
    let section = section.unwrap_or(&nothing);
    let state_store = state_store(section, own, violations);
    if section.secret_store.is_some() && !own.in_generated_secrets.is_empty() {
        violations.push(Violation {
            field_path: "spec.dapr.secretStore".into(),
            reason: INVALID_SPEC,
            message: format!(
                "the passwords of what the platform runs itself are in Kubernetes Secrets only: {}",
                own.in_generated_secrets.join(", ")
            ),
            next_action:
                "Set spec.database.external and a broker of your own, or remove spec.dapr.secretStore".into(),
        });
    }
    let resiliency_section = section.resiliency.as_ref();
    DaprSettings {
        access_control: section
            .access_control
            .as_ref()
            .and_then(|section| section.enabled)
            .unwrap_or(true),
        tracing: section
            .tracing
            .as_ref()
            .and_then(|section| tracing(section, profile)),
        api_logging: section
            .api_logging
            .as_ref()
            .and_then(|section| api_logging(section, profile)),
        secret_store: section.secret_store.clone(),
        state_store,
        targets: resiliency_section.map_or_else(BTreeMap::new, |section| {
            targets(&section.targets, resiliency(Some(section)), nodes, violations)
        }),
    }
}

fn state_store(section: &Dapr, own: &OwnStores, violations: &mut Vec<Violation>) -> StateStoreSettings {
    let store = section.state_store.as_ref();
    let table_prefix = store
        .and_then(|store| store.postgresql.as_ref())
        .and_then(|store| store.table_prefix.clone());
    let Some(redis) = store.and_then(|store| store.redis.as_ref()) else {
        return StateStoreSettings::Postgresql { table_prefix };
    };
    match (&redis.host, &own.redis) {
        (Some(host), _) => StateStoreSettings::Redis {
            host: host.clone(),
            password: redis.password_secret_key_ref.clone(),
            tls: redis.enable_tls.unwrap_or(false),
        },
        (None, Some((host, password))) => StateStoreSettings::Redis {
            host: host.clone(),
            password: Some(password.clone()),
            tls: false,
        },
        (None, None) => {
            violations.push(Violation {
                field_path: "spec.dapr.stateStore.redis.host".into(),
                reason: INVALID_SPEC,
                message: "the platform runs no Redis of its own".into(),
                next_action: "Set spec.dapr.stateStore.redis.host to a Redis of yours (`redis.example:6379`)"
                    .into(),
            });
            StateStoreSettings::Postgresql { table_prefix }
        }
    }
}

/// None where a rule is broken that is told elsewhere.
fn tracing(section: &Tracing, profile: Profile) -> Option<TracingSettings> {
    let exporter = match (&section.otlp, &section.zipkin) {
        (Some(otlp), _) => Exporter::Otlp {
            endpoint: otlp.endpoint.clone(),
            protocol: otlp.protocol.unwrap_or_default(),
            tls: otlp.enable_tls.unwrap_or(false),
        },
        (None, Some(zipkin)) => Exporter::Zipkin(zipkin.endpoint.clone()),
        (None, None) => return None,
    };
    let sampling_rate = section.sampling_rate.clone();
    Some(TracingSettings {
        sampling_rate: sampling_rate.unwrap_or_else(|| {
            match profile {
                Profile::Development => "1",
                Profile::Production => "0.05",
            }
            .into()
        }),
        exporter,
    })
}

fn api_logging(section: &ApiLogging, profile: Profile) -> Option<ApiLoggingSettings> {
    section.enabled.unwrap_or(false).then(|| ApiLoggingSettings {
        obfuscate_urls: section.obfuscate_urls.unwrap_or(profile == Profile::Production),
        omit_health_checks: section.omit_health_checks.unwrap_or(true),
    })
}

fn targets(
    section: &[ResiliencyTarget],
    general: ResiliencySettings,
    nodes: &[Node],
    violations: &mut Vec<Violation>,
) -> BTreeMap<String, TargetSettings> {
    let known = names(nodes);
    let mut targets = BTreeMap::new();
    for (index, target) in section.iter().enumerate() {
        if !known.contains(&target.name) {
            violations.push(Violation {
                field_path: format!("spec.dapr.resiliency.targets[{index}].name"),
                reason: INVALID_SPEC,
                message: format!("no service calls or uses `{}`", target.name),
                next_action: format!("Name one of {}", known.join(", ")),
            });
        }
        targets.insert(target.name.clone(), self::target(target, general));
    }
    targets
}

fn target(target: &ResiliencyTarget, general: ResiliencySettings) -> TargetSettings {
    let (retries, interval) = if target.name.ends_with("-events") {
        (general.max_retries, general.max_interval_seconds)
    } else {
        (3, 5)
    };
    TargetSettings {
        timeout_seconds: target.timeout_seconds,
        retry: target.retry.as_ref().map(
            |TargetRetry {
                 max_retries,
                 max_interval_seconds,
             }| RetrySettings {
                max_retries: max_retries.unwrap_or(retries),
                max_interval_seconds: max_interval_seconds.unwrap_or(interval),
            },
        ),
        circuit_breaker: target.circuit_breaker.as_ref().map(
            |CircuitBreaker {
                 consecutive_failures,
                 open_seconds,
             }| CircuitBreakerSettings {
                consecutive_failures: consecutive_failures.unwrap_or(5),
                open_seconds: open_seconds.unwrap_or(30),
            },
        ),
    }
}

/// Every target that some sidecar has: applications that are called, and components.
fn names(nodes: &[Node]) -> Vec<String> {
    let mut names = Vec::new();
    for node in nodes {
        let name = &node.name;
        if !node.callers.is_empty() {
            names.push(name.clone());
        }
        if node.uses_events() {
            names.push(format!("{name}-events"));
        }
        if node.stores_in(Store::DaprState) {
            names.push(format!("{name}-state"));
        }
    }
    names
}

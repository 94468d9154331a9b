//! What the platform shows of itself.

use std::collections::BTreeMap;

use todoplatform_api::{Exporter, Monitoring};

use super::{Resolver, common::resources};
use crate::{
    BrokersAt, References, Violation, catalog,
    validate::INVALID_SPEC,
    validated::{
        BrokerMetrics, CacheMetrics, DatabaseMetrics, ExporterKind, ExporterSettings, MonitoringSettings,
    },
};

/// Whether a store can have an exporter of the platform's own.
enum Eligible {
    /// It has one by default.
    ByDefault,
    /// It has one when the spec says so.
    OnDemand,
    /// It has none; why.
    Never(&'static str),
}

impl Resolver<'_> {
    pub(super) fn monitoring(
        &self,
        references: &References,
        violations: &mut Vec<Violation>,
    ) -> Option<MonitoringSettings> {
        if !self.is_monitored() {
            return None;
        }
        let section = self.monitoring_section();
        let exporters: BTreeMap<_, _> = ExporterKind::ALL
            .into_iter()
            .filter_map(|kind| Some((kind, self.exporter(kind, references, violations)?)))
            .collect();
        let has = |kind| exporters.contains_key(&kind);
        Some(MonitoringSettings {
            labels: section.map(|section| section.labels.clone()).unwrap_or_default(),
            database: self.database_metrics(has(ExporterKind::Postgres)),
            // With the cache outside, an embedded Redis is the broker's alone, and the exporter asks that one.
            cache: if has(ExporterKind::Redis) && (self.embeds_cache() || !self.embeds_redis()) {
                CacheMetrics::Exporter
            } else {
                CacheMetrics::None
            },
            broker: self.broker_metrics(references, &exporters),
            exporters,
        })
    }

    /// Whether objects for the Prometheus operator are wanted.
    pub(super) fn is_monitored(&self) -> bool {
        let own = self.monitoring_section().and_then(|section| section.enabled);
        own.unwrap_or(true)
    }

    fn monitoring_section(&self) -> Option<&Monitoring> {
        self.spec.observability.as_ref()?.monitoring.as_ref()
    }

    fn database_metrics(&self, has_exporter: bool) -> DatabaseMetrics {
        let database = self.spec.database.as_ref();
        let cluster = database.and_then(|database| database.cloud_native_pg.as_ref());
        match cluster {
            _ if has_exporter => DatabaseMetrics::Exporter,
            Some(cluster) => DatabaseMetrics::CloudNativePg {
                name: cluster.cluster_ref.name.clone(),
                namespace: self.names.namespace().to_owned(),
            },
            None => DatabaseMetrics::None,
        }
    }

    fn broker_metrics(
        &self,
        references: &References,
        exporters: &BTreeMap<ExporterKind, ExporterSettings>,
    ) -> BrokerMetrics {
        let Some(access) = references.kafka() else {
            // The exporter asks the platform's own Redis, where there is one.
            return if self.embeds_broker() && exporters.contains_key(&ExporterKind::Redis) {
                BrokerMetrics::RedisStreams
            } else {
                BrokerMetrics::None
            };
        };
        match &access.brokers {
            BrokersAt::Strimzi { namespace, name, .. } => BrokerMetrics::Strimzi {
                name: name.clone(),
                namespace: namespace.clone(),
            },
            BrokersAt::Redpanda { namespace, name, .. } => BrokerMetrics::Redpanda {
                name: name.clone(),
                namespace: namespace.clone(),
            },
            BrokersAt::Addresses(_) if exporters.contains_key(&ExporterKind::Kafka) => {
                BrokerMetrics::KafkaExporter
            }
            BrokersAt::Addresses(_) => BrokerMetrics::None,
        }
    }

    fn exporter(
        &self,
        kind: ExporterKind,
        references: &References,
        violations: &mut Vec<Violation>,
    ) -> Option<ExporterSettings> {
        let own = self.own_exporter(kind);
        let asked = own.and_then(|own| own.enabled);
        let is_wanted = match self.eligible(kind, references) {
            Eligible::ByDefault => asked.unwrap_or(true),
            Eligible::OnDemand => asked.unwrap_or(false),
            Eligible::Never(why) => {
                if asked == Some(true) {
                    let field_path = format!("spec.observability.monitoring.exporters.{}", kind.as_str());
                    violations.push(Violation {
                        message: format!("there is nothing for an exporter to ask: {why}"),
                        next_action: format!("Remove {field_path}.enabled"),
                        field_path: format!("{field_path}.enabled"),
                        reason: INVALID_SPEC,
                    });
                }
                false
            }
        };
        if !is_wanted {
            return None;
        }
        let default = match kind {
            ExporterKind::Postgres => &self.defaults.postgres_exporter_image,
            ExporterKind::Redis => &self.defaults.redis_exporter_image,
            ExporterKind::Kafka => &self.defaults.kafka_exporter_image,
        };
        let image = own.and_then(|own| own.image.as_deref());
        let field_path = format!("spec.observability.monitoring.exporters.{}.image", kind.as_str());
        Some(ExporterSettings {
            image: self.exporter_image(image, default, &field_path, violations)?,
            resources: resources(
                own.and_then(|own| own.resources.as_ref()),
                None,
                catalog::EXPORTER_AMOUNTS,
            ),
        })
    }

    fn own_exporter(&self, kind: ExporterKind) -> Option<&Exporter> {
        let exporters = self.monitoring_section()?.exporters.as_ref()?;
        match kind {
            ExporterKind::Postgres => exporters.postgres.as_ref(),
            ExporterKind::Redis => exporters.redis.as_ref(),
            ExporterKind::Kafka => exporters.kafka.as_ref(),
        }
    }

    fn eligible(&self, kind: ExporterKind, references: &References) -> Eligible {
        match kind {
            ExporterKind::Postgres => {
                let database = self.spec.database.as_ref();
                if self.embeds_postgres() {
                    Eligible::ByDefault
                } else if database.is_some_and(|database| database.cloud_native_pg.is_some()) {
                    Eligible::Never("a CloudNativePG cluster has metrics of its own, which are scraped")
                } else {
                    Eligible::OnDemand
                }
            }
            ExporterKind::Redis => {
                let external = self.spec.cache.as_ref().and_then(|cache| cache.external.as_ref());
                if self.embeds_redis() {
                    Eligible::ByDefault
                } else if external.is_some_and(|redis| redis.sentinel.is_some() || redis.cluster.is_some()) {
                    Eligible::Never("the cache is many servers behind sentinels or in a cluster")
                } else {
                    Eligible::OnDemand
                }
            }
            ExporterKind::Kafka => match references.kafka().map(|access| &access.brokers) {
                Some(BrokersAt::Addresses(_)) => Eligible::ByDefault,
                Some(BrokersAt::Strimzi { .. }) => {
                    Eligible::Never("the Kafka of Strimzi has an exporter of its own, which is scraped")
                }
                Some(BrokersAt::Redpanda { .. }) => {
                    Eligible::Never("the Redpanda has metrics of its own, which are scraped")
                }
                None => Eligible::Never("the broker is a Redis"),
            },
        }
    }
}

//! What an operator is started with, as flags: the operator's own, and those of commands that stand in for it.
#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help, which is read at a terminal"
)]

use clap::Args;
use todoplatform_render::OperatorDefaults;

/// What a platform gets that says nothing itself.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct DefaultsArgs {
    /// Registry and path before the names of the service images. Default: the project's registry.
    #[arg(long, env = "IMAGE_REGISTRY", value_name = "REGISTRY")]
    pub image_registry: Option<String>,
    /// Tag of the service images. Default: the operator's version.
    #[arg(long, env = "IMAGE_TAG", value_name = "TAG")]
    pub image_tag: Option<String>,
    /// Image of the embedded PostgreSQL.
    #[arg(long, env = "POSTGRES_IMAGE", value_name = "IMAGE")]
    pub postgres_image: Option<String>,
    /// Image of the embedded Redis.
    #[arg(long, env = "REDIS_IMAGE", value_name = "IMAGE")]
    pub redis_image: Option<String>,
    /// Image of the exporter for PostgreSQL, which runs where the Prometheus operator's kinds are served.
    #[arg(long, env = "POSTGRES_EXPORTER_IMAGE", value_name = "IMAGE")]
    pub postgres_exporter_image: Option<String>,
    /// Image of the exporter for Redis.
    #[arg(long, env = "REDIS_EXPORTER_IMAGE", value_name = "IMAGE")]
    pub redis_exporter_image: Option<String>,
    /// Image of the exporter for Kafka.
    #[arg(long, env = "KAFKA_EXPORTER_IMAGE", value_name = "IMAGE")]
    pub kafka_exporter_image: Option<String>,
    /// When nodes pull images: Always, IfNotPresent or Never. Default: IfNotPresent.
    #[arg(long, env = "IMAGE_PULL_POLICY", value_parser = ["Always", "IfNotPresent", "Never"])]
    pub image_pull_policy: Option<String>,
    /// DNS domain of the cluster. Default: cluster.local.
    #[arg(long, env = "CLUSTER_DOMAIN", value_name = "DOMAIN")]
    pub cluster_domain: Option<String>,
    /// Namespace of the operator, from which network policies let it ask the sidecars. Default: any namespace.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    pub operator_namespace: Option<String>,
}

impl DefaultsArgs {
    /// What is given, over `base`.
    pub fn over(self, base: OperatorDefaults) -> OperatorDefaults {
        OperatorDefaults {
            image_registry: self.image_registry.unwrap_or(base.image_registry),
            image_tag: self.image_tag.unwrap_or(base.image_tag),
            postgres_image: self.postgres_image.unwrap_or(base.postgres_image),
            redis_image: self.redis_image.unwrap_or(base.redis_image),
            postgres_exporter_image: self
                .postgres_exporter_image
                .unwrap_or(base.postgres_exporter_image),
            redis_exporter_image: self.redis_exporter_image.unwrap_or(base.redis_exporter_image),
            kafka_exporter_image: self.kafka_exporter_image.unwrap_or(base.kafka_exporter_image),
            image_pull_policy: self.image_pull_policy.or(base.image_pull_policy),
            cluster_domain: self.cluster_domain.unwrap_or(base.cluster_domain),
            operator_namespace: self.operator_namespace.or(base.operator_namespace),
        }
    }
}

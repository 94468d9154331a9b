//! The images that a platform runs: packed here, or published ones.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::cargo::{self, Profile};
use crate::cluster::{Choice, Cluster};
use crate::images::{self, LOCAL_REGISTRY};
use crate::progress::Step;
use crate::project::Project;

/// Published images instead of ones built here.
#[derive(Debug, Default, Args)]
pub(crate) struct Published {
    /// Take our images from this registry instead of building them; needed for an existing cluster
    #[arg(long, requires = "tag")]
    registry: Option<String>,
    /// Tag of our images in that registry
    #[arg(long, requires = "registry")]
    tag: Option<String>,
}

impl Published {
    /// Fails before anything is done when the cluster could not get the images.
    pub(crate) fn check(&self, choice: &Choice) -> Result<()> {
        if choice.context.is_some() && self.registry.is_none() {
            bail!(
                "an existing cluster pulls its images: push them to a registry (their archives: cargo xtask \
                 images) and name it with --registry and --tag"
            );
        }
        Ok(())
    }

    /// The images of Prometheus and what belongs to it, by the variables that the tests read: public ones, else packed and
    /// loaded.
    pub(crate) fn monitoring(
        &self,
        project: &Project,
        cluster: &Cluster<'_>,
    ) -> Result<[(&'static str, String); 5]> {
        let names = [
            "TODO_TEST_PROMETHEUS_IMAGE",
            "TODO_TEST_ALERTMANAGER_IMAGE",
            "TODO_TEST_PROMETHEUS_OPERATOR_IMAGE",
            "TODO_TEST_CONFIG_RELOADER_IMAGE",
            "TODO_TEST_KUBE_STATE_METRICS_IMAGE",
        ];
        let [prometheus, alertmanager, operator, reloader, state] = names;
        if self.registry.is_some() {
            let public = &project.versions.public_images;
            let version = &project.versions.modules.prometheus_operator;
            let state_version = &project.versions.modules.kube_state_metrics;
            let of_state = format!("registry.k8s.io/kube-state-metrics/kube-state-metrics:{state_version}");
            let of_operator = |program: &str| format!("quay.io/prometheus-operator/{program}:{version}");
            return Ok([
                (prometheus, public.prometheus.clone()),
                (alertmanager, public.alertmanager.clone()),
                (operator, of_operator("prometheus-operator")),
                (reloader, of_operator("prometheus-config-reloader")),
                (state, of_state),
            ]);
        }
        let step = Step::start("loading Prometheus");
        let packed = images::prometheus(&project.dirs, &project.tools())?;
        cluster.load(&packed)?;
        step.done();
        let references = packed.map(|image| image.reference);
        let [of_prometheus, of_alertmanager, of_operator, of_reloader, of_state] = references;
        Ok([
            (prometheus, of_prometheus),
            (alertmanager, of_alertmanager),
            (operator, of_operator),
            (reloader, of_reloader),
            (state, of_state),
        ])
    }

    /// Kafka's image: in that registry, else packed and loaded.
    pub(crate) fn kafka(&self, project: &Project, cluster: &Cluster<'_>) -> Result<String> {
        if let Some(registry) = &self.registry {
            return Ok(format!("{registry}/{}", images::KAFKA));
        }
        let kafka = images::kafka(&project.dirs, &project.versions)?;
        let reference = kafka.reference.clone();
        cluster.load(&[kafka])?;
        Ok(reference)
    }

    /// The exporter for Kafka, as a value of the operator's chart; none where the public one is pulled.
    pub(crate) fn kafka_exporter(project: &Project, cluster: &Cluster<'_>) -> Result<Option<String>> {
        if cluster.pulls_images() {
            return Ok(None);
        }
        let exporter = images::kafka_exporter(&project.dirs, &project.versions)?;
        let value = format!("images.kafkaExporter={}", exporter.reference);
        cluster.load(&[exporter])?;
        Ok(Some(value))
    }
}

/// Where the platform's images are.
#[derive(Debug, Clone)]
pub(crate) struct PlatformImages {
    pub(crate) registry: String,
    pub(crate) tag: String,
    pub(crate) postgres: String,
    pub(crate) redis: String,
    /// Exporters, as values of the operator's chart; empty where the public ones are pulled.
    pub(crate) exporters: Vec<String>,
    /// The kubectl plugin; always built here, for it runs here.
    pub(crate) plugin: PathBuf,
}

impl PlatformImages {
    /// Builds, packs and loads what the cluster cannot pull.
    pub(crate) fn prepare(project: &Project, cluster: &Cluster<'_>, published: &Published) -> Result<Self> {
        let (registry, tag, plugin) =
            if let (Some(registry), Some(tag)) = (&published.registry, &published.tag) {
                let step = Step::start("building the kubectl plugin");
                let plugin = cargo::binary(&project.dirs, images::PLUGIN)?;
                step.done();
                (registry.clone(), tag.clone(), plugin)
            } else {
                let step = Step::start("building our binaries and packing their images");
                let built = images::build_binaries(&project.dirs, Profile::Release, &[])?;
                step.done();
                let step = Step::start("loading our images");
                cluster.load(&built.images)?;
                step.done();
                (LOCAL_REGISTRY.to_owned(), built.tag, built.plugin)
            };
        let (postgres, redis, exporters) = if cluster.pulls_images() {
            let public = &project.versions.public_images;
            (public.postgres.clone(), public.redis.clone(), Vec::new())
        } else {
            let step = Step::start("loading PostgreSQL and Redis");
            let (postgres, redis) = (
                images::postgres(&project.dirs, &project.versions)?,
                images::redis(&project.dirs)?,
            );
            let exporters = images::exporters(&project.dirs)?;
            let values = vec![
                format!("images.postgresExporter={}", exporters.postgres.reference),
                format!("images.redisExporter={}", exporters.redis.reference),
            ];
            let references = (postgres.reference.clone(), redis.reference.clone(), values);
            cluster.load(&[postgres, redis, exporters.postgres, exporters.redis])?;
            step.done();
            references
        };
        Ok(Self {
            registry,
            tag,
            postgres,
            redis,
            exporters,
            plugin,
        })
    }

    /// Were our images built here, and not published?
    pub(super) fn are_local(&self) -> bool {
        self.registry == LOCAL_REGISTRY
    }

    /// Values of the operator's chart.
    pub(super) fn chart_values(&self) -> Vec<String> {
        let Self {
            registry,
            tag,
            postgres,
            redis,
            ..
        } = self;
        let mut values = vec![
            format!("image.repository={registry}/todoplatform-operator"),
            format!("image.tag={tag}"),
            format!("images.registry={registry}"),
            format!("images.tag={tag}"),
            format!("images.postgres={postgres}"),
            format!("images.redis={redis}"),
        ];
        values.extend(self.exporters.iter().cloned());
        values
    }
}

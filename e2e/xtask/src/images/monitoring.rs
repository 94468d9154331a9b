//! Images of what watches a platform: exporters, and a Prometheus with everything around it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::node::certificates;
use super::{Contents, Image, LOCAL_REGISTRY, NONROOT, Packed, pack};
use crate::dirs::Dirs;
use crate::tools::{Tool, Tools, crates, debian};
use crate::versions::Versions;

/// Folder of every program: pods mount their volumes at the names of some.
const FOLDER: &str = "/bin";

/// The program of a Debian package, unpacked and not installed: nothing of it is to run here.
struct Debian {
    package: &'static str,
    program: &'static str,
    /// A folder that the program reads.
    data: Option<&'static str>,
    image: &'static str,
    description: &'static str,
}

const POSTGRES_EXPORTER: Debian = Debian {
    package: "prometheus-postgres-exporter",
    program: "prometheus-postgres-exporter",
    data: None,
    image: "postgres-exporter:1",
    description: "The exporter for PostgreSQL of Debian, for tests",
};
const REDIS_EXPORTER: Debian = Debian {
    package: "prometheus-redis-exporter",
    program: "prometheus-redis-exporter",
    data: None,
    image: "redis-exporter:1",
    description: "The exporter for Redis of Debian, for tests",
};
const ALERTMANAGER: Debian = Debian {
    package: "prometheus-alertmanager",
    program: "prometheus-alertmanager",
    data: Some("/usr/share/prometheus/alertmanager"),
    image: "alertmanager:0",
    description: "Alertmanager of Debian, for tests",
};

/// The exporters that a platform runs beside its embedded stores.
#[derive(Debug, Clone)]
pub(crate) struct Exporters {
    pub(crate) postgres: Packed,
    pub(crate) redis: Packed,
}

/// The exporters for PostgreSQL and Redis.
pub(crate) fn exporters(dirs: &Dirs) -> Result<Exporters> {
    Ok(Exporters {
        postgres: of_debian(dirs, &POSTGRES_EXPORTER)?,
        redis: of_debian(dirs, &REDIS_EXPORTER)?,
    })
}

/// The exporter for Kafka.
pub(crate) fn kafka_exporter(dirs: &Dirs, versions: &Versions) -> Result<Packed> {
    let program = crates::built(dirs, "klag-exporter", &versions.crates.klag_exporter)?;
    program_image(
        dirs,
        "kafka-exporter:0",
        &program,
        None,
        "The exporter for Kafka of crates.io, for tests",
    )
}

/// Prometheus, Alertmanager, the operator that makes both of their resources, and what tells of Kubernetes' objects.
pub(crate) fn prometheus(dirs: &Dirs, tools: &Tools<'_>) -> Result<[Packed; 5]> {
    let built = |tool: Tool, program: &str, image: &str, description: &str| {
        let path = tools.built(tool, program)?;
        program_image(dirs, image, &path, None, description)
    };
    Ok([
        built(
            Tool::Prometheus,
            "prometheus",
            "prometheus:3",
            "Prometheus, for tests",
        )?,
        of_debian(dirs, &ALERTMANAGER)?,
        built(
            Tool::PrometheusOperator,
            "operator",
            "prometheus-operator:1",
            "The Prometheus operator",
        )?,
        built(
            Tool::PrometheusOperator,
            "prometheus-config-reloader",
            "prometheus-config-reloader:1",
            "What tells Prometheus of a new configuration",
        )?,
        built(
            Tool::KubeStateMetrics,
            "kube-state-metrics",
            "kube-state-metrics:2",
            "What tells Prometheus of Kubernetes' objects",
        )?,
    ])
}

fn of_debian(dirs: &Dirs, debian: &Debian) -> Result<Packed> {
    let files = debian::unpacked(dirs, debian.package)?;
    let source = files.join("usr/bin").join(debian.program);
    let data = debian
        .data
        .map(|folder| (folder, files.join(folder.trim_start_matches('/'))));
    program_image(dirs, debian.image, &source, data, debian.description)
}

fn program_image(
    dirs: &Dirs,
    image: &str,
    source: &Path,
    data: Option<(&str, PathBuf)>,
    description: &str,
) -> Result<Packed> {
    let name = source
        .file_name()
        .and_then(|name| name.to_str())
        .context("a program without a name")?;
    let path = format!("{FOLDER}/{name}");
    let mut contents = Contents::base();
    contents.program(&path, source)?;
    certificates(&mut contents)?;
    if let Some((folder, files)) = data {
        // A server that nobody looks at in a browser.
        contents.tree_without(folder, &files, &["ui", "generate-ui.sh", "no-ui"])?;
    }
    let image = Image {
        reference: format!("{LOCAL_REGISTRY}/{image}"),
        contents,
        entrypoint: vec![path],
        cmd: Vec::new(),
        user: NONROOT,
        description: description.to_owned(),
    };
    pack(dirs, &image)
}

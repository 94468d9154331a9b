//! `cargo xtask images`.

use anyhow::Result;
use clap::Args;

use super::{
    Packed, build_binaries, busybox, exporters, kafka, kafka_exporter, pause, postgres, prometheus, redis,
};
use crate::cargo::Profile;
use crate::progress;
use crate::project::Project;

/// Which images.
#[derive(Debug, Args)]
pub(crate) struct Command {
    /// Cargo's profile of our own binaries
    #[arg(long, value_enum, default_value_t)]
    profile: Profile,
    /// Names of our own binaries, or postgres, redis, exporters, kafka, kafka-exporter, prometheus,
    /// busybox, pause; without any: what a platform on our own node needs
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Builds and packs them, and prints one line per image: reference, digest, archive.
pub(crate) fn run(project: &Project, command: &Command) -> Result<()> {
    let Project { dirs, versions } = project;
    let wants = |name: &str| command.names.iter().any(|wanted| wanted == name);
    let mut packed: Vec<Packed> = Vec::new();
    let of_others = [
        "postgres",
        "redis",
        "exporters",
        "kafka",
        "kafka-exporter",
        "prometheus",
        "busybox",
        "pause",
    ];
    let own: Vec<_> = command
        .names
        .iter()
        .filter(|name| !of_others.contains(&name.as_str()))
        .cloned()
        .collect();
    if command.names.is_empty() || !own.is_empty() {
        packed.extend(build_binaries(dirs, command.profile, &own)?.images);
    }
    if command.names.is_empty() || wants("postgres") {
        packed.push(postgres(dirs, versions)?);
    }
    if command.names.is_empty() || wants("redis") {
        packed.push(redis(dirs)?);
    }
    if command.names.is_empty() || wants("exporters") {
        let exporters = exporters(dirs)?;
        packed.extend([exporters.postgres, exporters.redis]);
    }
    if wants("prometheus") {
        packed.extend(prometheus(dirs, &project.tools())?);
    }
    if wants("kafka") {
        packed.push(kafka(dirs, versions)?);
    }
    if wants("kafka-exporter") {
        packed.push(kafka_exporter(dirs, versions)?);
    }
    if wants("busybox") {
        packed.push(busybox(dirs)?);
    }
    if wants("pause") {
        packed.push(pause(dirs)?);
    }
    for image in packed {
        progress::say(format_args!(
            "{}\t{}\t{}",
            image.reference,
            image.digest,
            image.archive.display()
        ));
    }
    Ok(())
}

//! `cargo xtask cluster …`.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use super::own::Own;
use super::{Choice, Cluster, Kind, Level, kind};
use crate::images::{self, Packed};
use crate::progress;
use crate::project::Project;
use crate::test;

/// What to do with the cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a cluster, or what is missing of it; builds what is not in the cache
    Up {
        /// How much of a cluster
        #[arg(long, value_enum, default_value_t = Level::Node)]
        level: Level,
    },
    /// Take the clusters down that this program started; nothing of them stays
    Down {
        /// Only this one
        #[arg(long, value_enum)]
        level: Option<Level>,
        /// Also remove the packed images and the node's store of them
        #[arg(long)]
        purge: bool,
    },
    /// Say what runs
    Status,
    /// Run kubectl in the cluster: cargo xtask cluster kubectl -- get pods -A
    Kubectl {
        /// Of this one, when both are up
        #[arg(long, value_enum)]
        level: Option<Level>,
        /// kubectl's arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Load packed images into the cluster's node
    Load {
        /// Names or references of packed images, or archives
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<String>,
    },
    /// Print the end of the log of one of the cluster's processes, or list the logs
    Logs {
        /// The process: kubelet, containerd, etcd, ...
        name: Option<String>,
        /// Of this one, when both are up
        #[arg(long, value_enum)]
        level: Option<Level>,
        /// How many lines
        #[arg(long, default_value_t = 100)]
        lines: usize,
    },
    /// Print shell commands that point KUBECONFIG and PATH at the cluster: eval "$(cargo xtask cluster env)"
    Env {
        /// Of this one, when both are up
        #[arg(long, value_enum)]
        level: Option<Level>,
    },
}

/// Runs one of them.
pub(crate) fn run(project: &Project, choice: &Choice, command: Command) -> Result<()> {
    match command {
        Command::Up { level } => {
            let cluster = Cluster::up(project, choice, level)?;
            progress::note(&format!("KUBECONFIG={}", cluster.kubeconfig().display()));
            Ok(())
        }
        Command::Down { level, purge } => down(project, level, purge),
        Command::Status => status(project, choice),
        Command::Kubectl { level, arguments } => {
            let cluster = Cluster::current(project, choice, level)?;
            Err(cluster.kubectl().args(arguments).exec().into())
        }
        Command::Load { images } => {
            let cluster = Cluster::current(project, choice, Some(Level::Node))?;
            let packed: Vec<_> = images
                .iter()
                .map(|image| packed(project, image))
                .collect::<Result<_>>()?;
            cluster.load(&packed)
        }
        Command::Logs { name, level, lines } => logs(project, choice, name.as_deref(), level, lines),
        Command::Env { level } => {
            let cluster = Cluster::current(project, choice, level)?;
            let quote = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
            progress::say(format_args!("export KUBECONFIG={}", quote(cluster.kubeconfig())));
            progress::say(format_args!(
                "export PATH={}:\"$PATH\"",
                quote(&project.dirs.bin())
            ));
            Ok(())
        }
    }
}

/// Takes down what was started here: our own clusters, and kind's.
pub(crate) fn down(project: &Project, level: Option<Level>, purge: bool) -> Result<()> {
    test::stop_left(&project.dirs)?;
    for candidate in Level::ALL {
        if level.is_none_or(|level| level == candidate) {
            Own::new(project, candidate).down(purge)?;
        }
    }
    if level != Some(Level::Api) && kind::is_up() {
        Kind::new(project)?.down()?;
    }
    Ok(())
}

fn status(project: &Project, choice: &Choice) -> Result<()> {
    if choice.context.is_none() {
        for level in Level::ALL {
            progress::say(format_args!("{}", Own::new(project, level).describe().trim_end()));
        }
    }
    let Ok(cluster) = Cluster::current(project, choice, None) else {
        if choice.context.is_some() {
            bail!("the cluster does not answer");
        }
        return Ok(());
    };
    progress::say(format_args!("KUBECONFIG={}", cluster.kubeconfig().display()));
    Ok(cluster
        .kubectl()
        .args(["--request-timeout=10s", "get", "nodes", "--output", "wide"])
        .stream()?)
}

fn packed(project: &Project, image: &str) -> Result<Packed> {
    let path = Path::new(image);
    if path.is_file() {
        let archive = path.to_owned();
        return Ok(Packed {
            reference: image.to_owned(),
            digest: String::new(),
            archive,
        });
    }
    images::find(&project.dirs, image)?.with_context(|| {
        format!("no packed image is called {image}; pack it with: cargo xtask images {image}")
    })
}

fn logs(
    project: &Project,
    choice: &Choice,
    name: Option<&str>,
    level: Option<Level>,
    lines: usize,
) -> Result<()> {
    let cluster = Cluster::current(project, choice, level)?;
    let own = cluster.own().context("only our own clusters keep logs here")?;
    let Some(name) = name else {
        let mut names: Vec<_> = std::fs::read_dir(own.logs())?
            .filter_map(|entry| entry.ok()?.path().file_stem()?.to_str().map(str::to_owned))
            .collect();
        names.sort();
        progress::say(format_args!("{}", names.join("\n")));
        return Ok(());
    };
    let path = own.logs().join(format!("{name}.log"));
    let text = std::fs::read(&path).with_context(|| format!("no log {}", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    let all: Vec<_> = text.lines().collect();
    progress::say(format_args!(
        "{}",
        all[all.len().saturating_sub(lines)..].join("\n")
    ));
    Ok(())
}

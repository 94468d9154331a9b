//! A running platform: `cargo xtask up` and `cargo xtask down`.

mod first_steps;
mod images;
mod mailsink;
mod progress;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

pub(crate) use images::{PlatformImages, Published};
use progress::Standing;

use crate::cluster::{self, Choice, Cluster, Level};
use crate::dapr;
use crate::dirs;
use crate::helm::Helm;
use crate::images::PLUGIN;
use crate::progress::{Step, elapsed, note};
use crate::project::Project;
use crate::tools;
use crate::wait;

/// Namespace of the operator.
const OPERATOR_NAMESPACE: &str = "todoplatform-system";

/// How long a platform may take to become ready.
const PATIENCE: Duration = Duration::from_mins(5);

/// Which platform.
#[derive(Debug, Args)]
pub(crate) struct Platform {
    /// The `TodoPlatform` to apply
    #[arg(long, value_name = "FILE", default_value = "config/samples/development.yaml")]
    sample: PathBuf,
    /// Namespace of the platform
    #[arg(long, default_value = "default")]
    namespace: String,
}

impl Platform {
    /// The sample's path; a relative one is looked for where we are, then in the repository.
    fn file(&self, project: &Project) -> PathBuf {
        if self.sample.exists() {
            self.sample.clone()
        } else {
            project.dirs.root().join(&self.sample)
        }
    }
}

/// Bring a platform up.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    platform: Platform,
    #[command(flatten)]
    published: Published,
}

/// Everything from nothing: cluster, images, Dapr, operator, platform; then what to try.
pub(crate) fn up(project: &Project, choice: &Choice, up: &Up) -> Result<()> {
    let started = Instant::now();
    up.published.check(choice)?;
    let needed = cluster::tools(choice, Level::Node)?;
    let dapr_tools = dapr::tools(!needed.contains(&tools::Tool::CoreDns));
    // All at once, so that the steps of a first build are counted over all of them.
    project.tools().ensure(&[needed, dapr_tools].concat())?;
    let cluster = Cluster::up(project, choice, Level::Node)?;
    let images = PlatformImages::prepare(project, &cluster, &up.published)?;
    dapr::install(project, &cluster)?;
    install_operator(project, &cluster, &images)?;
    let namespace = up.platform.namespace.as_str();
    make_namespace(&cluster, namespace)?;
    // Where images are published the mail server is yours to name; our node has no other.
    let has_mailsink = images.are_local();
    if has_mailsink {
        mailsink::install(&cluster, namespace, &images)?;
    }
    let name = apply(project, &cluster, &up.platform)?;
    wait_until_ready(&cluster, namespace, &name)?;
    note(&format!(
        "the platform is ready after {}",
        elapsed(started.elapsed())
    ));
    let bin = project.dirs.bin();
    dirs::make(&bin)?;
    tools::link(&images.plugin, &bin.join(PLUGIN))?;
    first_steps::print(project, &cluster, namespace, &name, has_mailsink)
}

/// Removes the platform and the operator; a cluster that we run, the only one with a mail sink, is taken
/// down altogether.
pub(crate) fn down(project: &Project, choice: &Choice, platform: &Platform) -> Result<()> {
    if choice.context.is_none() {
        return cluster::down(project, None, false);
    }
    let cluster = Cluster::current(project, choice, Some(Level::Node))?;
    let step = Step::start("removing the platform and the operator");
    cluster
        .kubectl()
        .args([
            "delete",
            "--ignore-not-found",
            "--wait",
            "--timeout=180s",
            "--namespace",
            &platform.namespace,
        ])
        .arg("--filename")
        .arg(platform.file(project))
        .run()?;
    let helm = Helm::new(project, &cluster)?;
    helm.uninstall("todoplatform-operator", OPERATOR_NAMESPACE)?;
    helm.uninstall("todoplatform-crds", OPERATOR_NAMESPACE)?;
    step.done();
    note(
        "The CRD stays, for with it would go every TodoPlatform: kubectl delete crd todoplatforms.todoplatform.dev\n\
         Dapr stays, if it is ours: cargo xtask dapr uninstall",
    );
    Ok(())
}

/// Installs or upgrades the operator by its charts, as a user does.
fn install_operator(project: &Project, cluster: &Cluster<'_>, images: &PlatformImages) -> Result<()> {
    let step = Step::start("installing the operator");
    let helm = Helm::new(project, cluster)?;
    let charts = project.dirs.root().join("charts");
    helm.upgrade(
        "todoplatform-crds",
        &charts.join("todoplatform-crds"),
        OPERATOR_NAMESPACE,
        &[],
    )?;
    let operator = "todoplatform-operator";
    helm.upgrade(
        operator,
        &charts.join(operator),
        OPERATOR_NAMESPACE,
        &images.chart_values(),
    )?;
    cluster
        .kubectl()
        .args([
            "--namespace",
            OPERATOR_NAMESPACE,
            "rollout",
            "status",
            "deployment",
            "--timeout=120s",
        ])
        .args(["--selector", "app.kubernetes.io/name=todoplatform-operator"])
        .run()
        .context("the operator does not become ready")?;
    step.done();
    Ok(())
}

fn make_namespace(cluster: &Cluster<'_>, namespace: &str) -> Result<()> {
    if !cluster.kubectl().args(["get", "namespace", namespace]).succeeds() {
        cluster.kubectl().args(["create", "namespace", namespace]).run()?;
    }
    Ok(())
}

/// Applies the sample and gives the platform's name.
fn apply(project: &Project, cluster: &Cluster<'_>, platform: &Platform) -> Result<String> {
    let namespace = platform.namespace.as_str();
    let applied = cluster
        .kubectl()
        .args([
            "apply",
            "--server-side",
            "--namespace",
            namespace,
            "--output",
            "name",
            "--filename",
        ])
        .arg(platform.file(project))
        .output()?;
    let name = applied
        .lines()
        .find_map(|object| object.strip_prefix("todoplatform.todoplatform.dev/"));
    Ok(name
        .with_context(|| format!("{} holds no TodoPlatform", platform.sample.display()))?
        .to_owned())
}

/// Prints what the status says whenever it says something else, until the platform is ready.
fn wait_until_ready(cluster: &Cluster<'_>, namespace: &str, name: &str) -> Result<()> {
    let get = cluster.kubectl().args([
        "--namespace",
        namespace,
        "get",
        "todoplatform",
        name,
        "--output",
        "json",
    ]);
    let mut last = Standing::default();
    let is_ready = wait::becomes(PATIENCE, || {
        // A moment without an answer is waited out like one without readiness.
        if let Ok(standing) = get
            .output()
            .map_err(anyhow::Error::from)
            .and_then(|json| Standing::parse(&json))
            && standing != last
        {
            note(&format!("  {standing}"));
            last = standing;
        }
        last.is_ready
    });
    if is_ready {
        return Ok(());
    }
    // What the pods say is worth more than another word of ours.
    drop(
        cluster
            .kubectl()
            .args(["--namespace", namespace, "get", "pods", "--output", "wide"])
            .stream(),
    );
    bail!(
        "the platform {name} is not ready after {}: {last}",
        elapsed(PATIENCE)
    )
}

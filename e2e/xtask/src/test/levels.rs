//! What each level of tests needs and runs. What one level brought up serves the next ones.

use anyhow::{Context, Result};

use super::artifacts::Artifacts;
use super::judges::{self, Judges};
use super::proof;
use super::runner::Runner;
use super::stores::Stores;
use crate::cargo;
use crate::cluster::own::Own;
use crate::cluster::{self, Choice, Cluster, Level};
use crate::crds;
use crate::dapr;
use crate::generate;
use crate::pictures;
use crate::platform::{PlatformImages, Published};
use crate::progress::note;
use crate::project::Project;
use crate::tools::{Tool, debian};

/// Everything but the scenarios, which need a cluster.
const PURE_PACKAGES: [&str; 3] = ["--workspace", "--exclude", "todo-scenarios"];

/// The surroundings of the tests, as far as they were needed yet.
pub(super) struct Levels<'a> {
    project: &'a Project,
    choice: &'a Choice,
    published: &'a Published,
    artifacts: &'a Artifacts,
    /// Whether the long scenarios run too.
    is_nightly: bool,
    stores: Option<Stores>,
    api: Option<Cluster<'a>>,
    node: Option<Cluster<'a>>,
    /// Our own clusters that were up before, and stay up.
    were_up: Vec<Level>,
    kind_was_up: bool,
}

impl<'a> Levels<'a> {
    /// The level that runs pods.
    pub(super) const ON_NODE: u8 = 3;

    pub(super) fn new(
        project: &'a Project,
        choice: &'a Choice,
        published: &'a Published,
        artifacts: &'a Artifacts,
        is_nightly: bool,
    ) -> Self {
        let were_up = Level::ALL
            .into_iter()
            .filter(|level| Own::new(project, *level).is_up())
            .collect();
        Self {
            project,
            choice,
            published,
            artifacts,
            is_nightly,
            stores: None,
            api: None,
            node: None,
            were_up,
            kind_was_up: cluster::kind_is_up(),
        }
    }

    pub(super) fn title(level: u8) -> &'static str {
        match level {
            1 => "pure tests, lints, generated files",
            2 => "real stores, failures, a real API server",
            Self::ON_NODE => "the platform on a real node",
            _ => "outside judges",
        }
    }

    pub(super) fn run(&mut self, level: u8, runner: &mut Runner<'_>) -> Result<()> {
        match level {
            1 => self.pure(runner),
            2 => self.stores_and_api(runner),
            Self::ON_NODE => self.on_node(runner),
            _ => self.judges(runner),
        }
    }

    fn pure(&self, runner: &mut Runner<'_>) -> Result<()> {
        let cargo = |args: &[&str]| cargo::command(&self.project.dirs).args(args);
        runner.check("formatting", || Ok(cargo(&["fmt", "--all", "--check"]).stream()?));
        let clippy = cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "--deny",
            "warnings",
        ]);
        runner.check("lints", || Ok(clippy.stream()?));
        runner.check("generated files", || {
            generate::run(
                self.project,
                &generate::Command {
                    check: true,
                    release: false,
                },
            )
        });
        runner.cargo_test("pure tests", &words(&PURE_PACKAGES), &[], &[])?;
        // The scenarios need a cluster; what they share and the catalog's test do not.
        runner.cargo_test(
            "catalog",
            &words(&["--package", "todo-scenarios", "--lib", "--test", "catalog"]),
            &[],
            &[],
        )
    }

    fn stores_and_api(&mut self, runner: &mut Runner<'_>) -> Result<()> {
        let operator = cargo::binary(&self.project.dirs, "todoplatform-operator")?;
        if self.stores.is_none() {
            self.stores = Some(Stores::start(&self.project.dirs, &self.project.versions)?);
        }
        let stores = self.stores.as_ref().context("the stores were just started")?;
        let mut urls = stores.envs();
        let schemathesis = self.project.tools().schemathesis()?;
        urls.push(("TODO_TEST_SCHEMATHESIS", schemathesis.display().to_string()));
        // The same packages as on level 1, or cargo would build their dependencies once more.
        let mut args = words(&PURE_PACKAGES);
        let tests = cargo::tests_that_need(&self.project.dirs, "stores")?;
        args.extend(
            tests
                .features
                .into_iter()
                .flat_map(|feature| ["--features".to_owned(), feature]),
        );
        args.extend(
            tests
                .targets
                .into_iter()
                .flat_map(|target| ["--test".to_owned(), target]),
        );
        runner.cargo_test("store tests", &args, &urls, &[])?;
        self.proof(runner)?;

        let cluster = self.api()?.clone();
        let mut envs = self.cluster_envs(&cluster)?;
        envs.extend(urls);
        envs.push(("TODO_TEST_OPERATOR", operator.display().to_string()));
        if let Some(own) = cluster.own() {
            envs.push(("TODO_TEST_AUDIT", own.audit_log().display().to_string()));
        }
        let kstatus = self.project.tools().built(Tool::KStatus, "kstatus")?;
        envs.push(("TODO_TEST_KSTATUS", kstatus.display().to_string()));
        let plugin = cargo::binary(&self.project.dirs, "kubectl-todo")?;
        envs.push(("TODO_TEST_KUBECTL_TODO", plugin.display().to_string()));
        runner.cargo_test(
            "API server tests",
            &words(&["--package", "todo-scenarios", "--test", "api"]),
            &envs,
            &[],
        )?;
        // They change what all scenarios share.
        runner.cargo_test(
            "API server tests, one by one",
            &words(&["--package", "todo-scenarios", "--test", "alone"]),
            &envs,
            &["--test-threads=1"],
        )
    }

    /// The schedules print their seeds, and how to replay one.
    fn proof(&self, runner: &mut Runner<'_>) -> Result<()> {
        if !runner.wants(proof::TEST) {
            return Ok(());
        }
        let mut envs = proof::envs(self.project, self.is_nightly)?;
        let artifacts = self.artifacts.folder().display().to_string();
        envs.push(("TODO_TEST_ARTIFACTS", artifacts));
        let args = words(&["--package", "todo-scenarios", "--test", "proof"]);
        runner.cargo_test("failure proof", &args, &envs, &["--nocapture"])
    }

    fn on_node(&mut self, runner: &mut Runner<'_>) -> Result<()> {
        let cluster = self.node()?.clone();
        crds::install_prometheus_operator(self.project, &cluster)?;
        let mut platform = PlatformImages::prepare(self.project, &cluster, self.published)?;
        let kafka = self.published.kafka(self.project, &cluster)?;
        let monitoring = self.published.monitoring(self.project, &cluster)?;
        if self.is_nightly {
            let exporter = Published::kafka_exporter(self.project, &cluster)?;
            platform.exporters.extend(exporter);
        }
        dapr::install(self.project, &cluster)?;

        let mut envs = self.cluster_envs(&cluster)?;
        envs.extend([
            ("TODO_TEST_REGISTRY", platform.registry),
            ("TODO_TEST_TAG", platform.tag),
            ("TODO_TEST_POSTGRES_IMAGE", platform.postgres),
            ("TODO_TEST_REDIS_IMAGE", platform.redis),
            ("TODO_TEST_KAFKA_IMAGE", kafka),
            ("TODO_TEST_EXPORTERS", platform.exporters.join(",")),
            ("TODO_TEST_KUBECTL_TODO", platform.plugin.display().to_string()),
        ]);
        envs.extend(monitoring);
        envs.push((pictures::BROWSER, pictures::browser()?.display().to_string()));
        let args = words(&["--package", "todo-scenarios", "--test", "node"]);
        // The scenarios share the node, and some of them break things on purpose.
        let one_by_one = "--test-threads=1";
        let nightly = [one_by_one, "--include-ignored"];
        let options = if self.is_nightly {
            &nightly[..]
        } else {
            &[one_by_one]
        };
        runner.cargo_test("node tests", &args, &envs, options)
    }

    fn judges(&mut self, runner: &mut Runner<'_>) -> Result<()> {
        // Before anything that needs a cluster.
        judges::judge_workflows(self.project, runner);
        self.promtool(runner)?;
        let operator = cargo::binary(&self.project.dirs, "todoplatform-operator")?;
        let cluster = self.api()?.clone();
        Judges::new(self.project, cluster, operator)?.run(runner)?;
        self.pictures(runner)
    }

    /// Dashboards as a browser shows them. Their pictures are among the artifacts of a run that fails.
    fn pictures(&self, runner: &mut Runner<'_>) -> Result<()> {
        let folder = self.artifacts.folder().join("pictures");
        crate::dirs::make(&folder)?;
        let envs = pictures::envs(self.project, &folder)?;
        let arguments = pictures::arguments(self.project)?;
        runner.cargo_test("dashboards in a browser", &arguments, &envs, &[])
    }

    /// Prometheus' own judgement of the rules: of the oldest that is in use, and of the newest.
    fn promtool(&self, runner: &mut Runner<'_>) -> Result<()> {
        let dirs = &self.project.dirs;
        let tools = self.project.tools();
        let promtools = std::env::join_paths([
            debian::unpacked(dirs, "prometheus")?.join("usr/bin/promtool"),
            tools.built(Tool::Prometheus, "promtool")?,
        ])?;
        let tests = cargo::tests_that_need(dirs, "promtool")?;
        let mut args = words(&["--package", "todoplatform-render"]);
        args.extend(
            tests
                .features
                .into_iter()
                .flat_map(|feature| ["--features".to_owned(), feature]),
        );
        args.extend(
            tests
                .targets
                .into_iter()
                .flat_map(|target| ["--test".to_owned(), target]),
        );
        let envs = [
            ("TODO_TEST_PROMTOOL", promtools.display().to_string()),
            ("TODO_TEST_HELM", tools.helm()?.display().to_string()),
        ];
        runner.cargo_test("alerts by promtool", &args, &envs, &[])
    }

    /// The API server, with every CRD that the operator knows.
    fn api(&mut self) -> Result<&Cluster<'a>> {
        if self.api.is_none() {
            let cluster = Cluster::up(self.project, &Choice::default(), Level::Api)?;
            crds::install_dapr(self.project, &cluster)?;
            crds::install_prometheus(self.project, &cluster)?;
            crds::install_own(self.project, &cluster)?;
            self.api = Some(cluster);
        }
        self.api.as_ref().context("the API server was just started")
    }

    fn node(&mut self) -> Result<&Cluster<'a>> {
        if self.node.is_none() {
            let needed = cluster::tools(self.choice, Level::Node)?;
            self.project.tools().ensure(&needed)?;
            self.node = Some(Cluster::up(self.project, self.choice, Level::Node)?);
        }
        self.node.as_ref().context("the node was just started")
    }

    fn cluster_envs(&self, cluster: &Cluster<'_>) -> Result<Vec<(&'static str, String)>> {
        let helm = self.project.tools().helm()?;
        Ok(vec![
            ("KUBECONFIG", cluster.kubeconfig().display().to_string()),
            ("TODO_TEST_KUBECTL", cluster.kubectl_path().display().to_string()),
            ("TODO_TEST_HELM", helm.display().to_string()),
            (
                "TODO_TEST_ARTIFACTS",
                self.artifacts.folder().display().to_string(),
            ),
        ])
    }

    /// Keeps what explains a failure.
    pub(super) fn collect(&self) {
        for (name, cluster) in [("api", &self.api), ("node", &self.node)] {
            if let Some(cluster) = cluster
                && let Err(error) = self.artifacts.collect(name, cluster)
            {
                note(&format!(
                    "not all logs of the {name} cluster could be kept: {error:#}"
                ));
            }
        }
        self.artifacts.copy(&Stores::logs(&self.project.dirs), "stores");
    }

    /// Takes down what was brought up.
    pub(super) fn tear_down(&self) -> Result<()> {
        if let Some(stores) = &self.stores {
            stores.stop(&self.project.dirs)?;
        }
        for cluster in [&self.api, &self.node].into_iter().flatten() {
            if !self.was_up(cluster) {
                cluster.down()?;
            }
        }
        Ok(())
    }

    fn was_up(&self, cluster: &Cluster<'_>) -> bool {
        match cluster.own() {
            Some(own) => self.were_up.contains(&own.level()),
            None => self.kind_was_up,
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

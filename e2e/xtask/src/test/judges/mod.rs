//! Level 4: judges that nobody here wrote, on everything that is rendered.

mod exceptions;
mod kube_score;
mod pint;
mod schemas;
mod workflows;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::runner::Runner;
use crate::cluster::Cluster;
use crate::crds;
use crate::dirs;
use crate::helm::Helm;
use crate::project::Project;
use crate::run::Cmd;
use crate::tools::Tool;
use exceptions::Exceptions;
pub(super) use workflows::judge as judge_workflows;

/// The charts, judged as a person would install them.
const CHARTS: [&str; 2] = ["todoplatform-crds", "todoplatform-operator"];

/// The judges' programs and what they are shown.
pub(super) struct Judges<'a> {
    project: &'a Project,
    cluster: Cluster<'a>,
    operator: PathBuf,
    folder: PathBuf,
}

/// Something with objects in it.
struct Exhibit {
    name: String,
    file: PathBuf,
    /// Whether the objects are ours to shape, and not the user's.
    is_rendered: bool,
}

impl<'a> Judges<'a> {
    /// The programs that the judges need.
    pub(super) const TOOLS: [Tool; 4] = [
        Tool::Kubeconform,
        Tool::KubectlValidate,
        Tool::KubeScore,
        Tool::Pint,
    ];

    pub(super) fn new(project: &'a Project, cluster: Cluster<'a>, operator: PathBuf) -> Result<Self> {
        project.tools().ensure(&Self::TOOLS)?;
        crds::install_others(project, &cluster)?;
        let folder = project.dirs.cache().join("judges");
        dirs::remove(&folder)?;
        dirs::make(&folder)?;
        Ok(Self {
            project,
            cluster,
            operator,
            folder,
        })
    }

    /// Lets every judge see everything.
    pub(super) fn run(&self, runner: &mut Runner<'_>) -> Result<()> {
        let helm = Helm::new(self.project, &self.cluster)?;
        for chart in CHARTS {
            let path = self.chart(chart);
            runner.check(&format!("helm lint of {chart}"), || {
                Ok(helm.command().args(["lint", "--strict"]).arg(&path).run()?)
            });
        }
        let exhibits = self.exhibits(&helm)?;
        for Exhibit { name, file, .. } in &exhibits {
            runner.check(&format!("server-side dry run of {name}"), || self.dry_run(file));
        }
        let schemas = self.folder.join("schemas");
        schemas::write(&self.cluster, &schemas)?;
        runner.check("kubeconform", || self.kubeconform(&schemas, &exhibits));
        runner.check("kubectl-validate", || self.kubectl_validate(&exhibits));
        runner.check("kube-score", || self.kube_score(&exhibits));
        runner.check("pint", || self.pint(&helm, &exhibits));
        Ok(())
    }

    /// The charts, the samples, and what the operator makes of each sample, each in a file.
    fn exhibits(&self, helm: &Helm) -> Result<Vec<Exhibit>> {
        let mut exhibits = Vec::new();
        for chart in CHARTS {
            let template = helm
                .command()
                .args(["template", chart])
                .arg(self.chart(chart))
                .output()?;
            exhibits.push(self.exhibit(chart, &template, true)?);
        }
        for sample in samples(self.project)? {
            let name = sample
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            exhibits.push(Exhibit {
                name: format!("the sample {name}"),
                file: sample.clone(),
                is_rendered: false,
            });
            let rendered = Cmd::new(&self.operator)
                .args(["render", "-f"])
                .arg(&sample)
                .output()?;
            exhibits.push(self.exhibit(&format!("what is rendered of {name}"), &rendered, true)?);
        }
        Ok(exhibits)
    }

    fn exhibit(&self, name: &str, objects: &str, is_rendered: bool) -> Result<Exhibit> {
        let file = self.folder.join(format!("{}.yaml", name.replace(' ', "-")));
        dirs::write(&file, objects)?;
        Ok(Exhibit {
            name: name.to_owned(),
            file,
            is_rendered,
        })
    }

    /// The API server itself, with every admission step but the store.
    fn dry_run(&self, file: &Path) -> Result<()> {
        Ok(self
            .cluster
            .kubectl()
            .args([
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "--force-conflicts",
                "--filename",
            ])
            .arg(file)
            .run()?)
    }

    /// Every field is one that the API server knows, of the right type.
    fn kubeconform(&self, schemas: &Path, exhibits: &[Exhibit]) -> Result<()> {
        let location = format!(
            "{}/{{{{.ResourceKind}}}}-{{{{.Group}}}}-{{{{.ResourceAPIVersion}}}}.json",
            schemas.display()
        );
        Ok(
            Cmd::new(self.project.tools().path(Tool::Kubeconform, "kubeconform"))
                .args(["-strict", "-summary", "-schema-location"])
                .arg(location)
                .args(exhibits.iter().map(|exhibit| &exhibit.file))
                .run()?,
        )
    }

    /// Another build of the API server's validation, with our CRDs and the foreign ones.
    fn kubectl_validate(&self, exhibits: &[Exhibit]) -> Result<()> {
        let crds = self.crds()?;
        let cmd = Cmd::new(
            self.project
                .tools()
                .path(Tool::KubectlValidate, "kubectl-validate"),
        );
        Ok(cmd
            .args(["--version", "1.30", "--local-crds"])
            .arg(&crds)
            .args(exhibits.iter().map(|exhibit| &exhibit.file))
            .run()?)
    }

    /// Good practice; what is not followed stands with its reason in `e2e/judges.toml`.
    fn kube_score(&self, exhibits: &[Exhibit]) -> Result<()> {
        let program = self.project.tools().path(Tool::KubeScore, "kube-score");
        let mut exceptions = Exceptions::load(&self.project.dirs.root().join("e2e/judges.toml"))?;
        for exhibit in exhibits.iter().filter(|exhibit| exhibit.is_rendered) {
            let findings = kube_score::findings(&program, &exhibit.file)?;
            exceptions.judge(&exhibit.name, findings);
        }
        exceptions.verdict()
    }

    /// The rules for Prometheus; what is not asked of which rule stands with its reason in `e2e/pint.hcl`.
    fn pint(&self, helm: &Helm, exhibits: &[Exhibit]) -> Result<()> {
        let program = self.project.tools().path(Tool::Pint, "pint");
        let config = self.project.dirs.root().join("e2e/pint.hcl");
        // The chart's own rules are off by default, and need their kind to be served.
        let mut shown = vec![(
            "the operator's chart".to_owned(),
            helm.command()
                .args(["template", CHARTS[1]])
                .arg(self.chart(CHARTS[1]))
                .args(["--api-versions", "monitoring.coreos.com/v1/PrometheusRule"])
                .args(["--set", "metrics.prometheusRule.enabled=true"])
                .args(["--set", "metrics.prometheusRule.daprControlPlane=true"])
                .output()?,
        )];
        for exhibit in exhibits.iter().filter(|exhibit| exhibit.is_rendered) {
            shown.push((exhibit.name.clone(), dirs::read(&exhibit.file)?));
        }
        let (mut seen, mut found) = (0, Vec::new());
        for (name, objects) in shown {
            let folder = self.folder.join("rules").join(name.replace([' ', '\''], "-"));
            match pint::lint(&program, &config, &folder, &objects) {
                Ok(files) => seen += files,
                Err(error) => found.push(format!("{name}: {error:#}")),
            }
        }
        if !found.is_empty() {
            bail!("pint:\n{}", found.join("\n\n"));
        }
        if seen == 0 {
            bail!("pint was shown no rules: nothing that is rendered has any");
        }
        Ok(())
    }

    /// Every CRD that the exhibits need, in one folder.
    fn crds(&self) -> Result<PathBuf> {
        let to = self.folder.join("crds");
        dirs::make(&to)?;
        let names = self
            .cluster
            .kubectl()
            .args(["get", "customresourcedefinitions", "--output", "name"])
            .output()?;
        for name in names.lines().filter_map(|line| line.rsplit('/').next()) {
            let crd = self
                .cluster
                .kubectl()
                .args(["get", "customresourcedefinition", name, "--output", "json"])
                .output()?;
            dirs::write(&to.join(format!("{name}.json")), crd)?;
        }
        Ok(to)
    }

    fn chart(&self, name: &str) -> PathBuf {
        self.project.dirs.root().join("charts").join(name)
    }
}

/// The sample platforms, sorted.
fn samples(project: &Project) -> Result<Vec<PathBuf>> {
    let folder = project.dirs.root().join("config/samples");
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("no samples in {}", folder.display()))?;
    let mut samples: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    samples.sort();
    Ok(samples)
}

//! `kubectl todo render`: every object that the operator applies, and where each setting comes from.

use std::{fmt::Write, path::PathBuf};

use kube::ResourceExt;
use serde_json::{Value, json};
use todoplatform_api::TodoPlatform;
use todoplatform_offline::{check, defaults::DefaultsArgs, input, provenance, render};
use todoplatform_render::{OperatorDefaults, origins};

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    cluster::{Cluster, Where},
    request::Target,
    world,
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RenderArgs {
    #[command(flatten)]
    target: Target,
    /// A file with `TodoPlatforms` instead of one in the cluster; - for standard input. No cluster is asked.
    #[arg(short, long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// Write each object to a file of its own in this folder.
    #[arg(long, value_name = "DIR")]
    split: Option<PathBuf>,
    /// Print every decided setting with what decided it: you, the profile, the operator's start, or nothing but the default.
    #[arg(long, conflicts_with = "split")]
    show_defaults: bool,
    /// How it is written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

/// What is to be rendered, and in which world.
struct Subject {
    platform: TodoPlatform,
    facts: todoplatform_render::Facts,
    defaults: OperatorDefaults,
}

/// Renders from a file or from the cluster.
pub(crate) async fn render(args: RenderArgs, place: Where, terminal: Terminal) -> Result<Answer, Failure> {
    let subjects = if let Some(file) = &args.file {
        let defaults = args.defaults.clone().over(OperatorDefaults::default());
        let namespace = place.named().unwrap_or("default").to_owned();
        let documents = input::read(file).map_err(Failure::Input)?;
        let subject = |document: &input::Document| -> Result<Subject, Failure> {
            let (platform, _) = check::accepted(&document.resource, &defaults).map_err(|violations| {
                Failure::Render(render::RenderError::Refused {
                    name: check::name(&document.resource),
                    violations,
                })
            })?;
            let platform = render::in_namespace(platform, &namespace);
            Ok(Subject {
                facts: render::assumed(&platform),
                platform,
                defaults: defaults.clone(),
            })
        };
        documents
            .iter()
            .map(subject)
            .collect::<Result<Vec<_>, Failure>>()?
    } else {
        let cluster = Cluster::connect(place).await?;
        let platform = cluster.platform(args.target.name.as_deref()).await?;
        let world = world::read(&cluster, &platform, args.defaults.clone(), terminal).await?;
        vec![Subject {
            platform,
            facts: world.facts,
            defaults: world.defaults,
        }]
    };
    if args.show_defaults {
        return settings(&subjects, args.output);
    }
    let mut objects = Vec::new();
    for subject in &subjects {
        objects.extend(
            render::objects(&subject.platform, &subject.facts, &subject.defaults).map_err(Failure::Render)?,
        );
    }
    if let Some(folder) = &args.split {
        let files = render::split(&objects, folder).map_err(Failure::Render)?;
        let mut text = String::new();
        for file in files {
            let _infallible = writeln!(text, "{}", file.display());
        }
        return Ok(Answer::done(text));
    }
    let text = match args.output {
        Output::Json => format!(
            "{:#}\n",
            json!({"apiVersion": "v1", "kind": "List", "items": objects})
        ),
        _ => render::text(&objects).map_err(Failure::Render)?,
    };
    Ok(Answer::done(text))
}

fn settings(subjects: &[Subject], output: Output) -> Result<Answer, Failure> {
    let mut text = String::new();
    let mut data: Vec<Value> = Vec::new();
    for subject in subjects {
        let name = subject.platform.name_any();
        let settings = origins(&subject.platform, &subject.defaults).map_err(|invalid| {
            Failure::Render(render::RenderError::Refused {
                name: name.clone(),
                violations: invalid.violations,
            })
        })?;
        let _infallible = writeln!(text, "# TodoPlatform {name}");
        text.push_str(&provenance::text(&settings));
        data.push(json!({"name": name, "settings": provenance::json(&settings)}));
    }
    Ok(Answer::done(output.data(&json!(data)).unwrap_or(text)))
}

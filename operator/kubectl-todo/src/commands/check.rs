//! `kubectl todo check`: what would be refused and what is advised, without a cluster.

use std::{fmt::Write, path::PathBuf};

use serde_json::json;
use todoplatform_offline::{
    check::{self, Checked},
    defaults::DefaultsArgs,
    input,
    lint::{self, Severity},
};
use todoplatform_render::OperatorDefaults;

use crate::{
    answer::{Answer, Failure, Output, Terminal},
    look::Tone,
};

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Files or folders with `TodoPlatforms`; - for standard input.
    #[arg(short, long, value_name = "FILE", required_unless_present_any = ["explain", "list_rules"])]
    file: Vec<PathBuf>,
    /// Print the page of a rule, and check nothing.
    #[arg(long, value_name = "RULE", conflicts_with = "file")]
    explain: Option<String>,
    /// Print all rules, and check nothing.
    #[arg(long, conflicts_with = "file")]
    list_rules: bool,
    /// From which severity on the exit code is 1.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// How the findings are written.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    defaults: DefaultsArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// What is refused, and lint errors.
    Error,
    /// Warnings too.
    Warn,
    /// Every finding.
    Info,
}

impl FailOn {
    fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warn => Severity::Warn,
            Self::Info => Severity::Info,
        }
    }
}

/// Checks, or tells of the rules.
pub(crate) fn check(args: CheckArgs, terminal: Terminal) -> Result<Answer, Failure> {
    if let Some(id) = &args.explain {
        return explain(id);
    }
    if args.list_rules {
        return Ok(Answer::done(rules(args.output)));
    }
    let defaults = args.defaults.over(OperatorDefaults::default());
    let mut all = Vec::new();
    for file in &args.file {
        for document in input::read(file).map_err(Failure::Input)? {
            all.push(check::check(&document, &defaults));
        }
    }
    let worst = all.iter().filter_map(Checked::worst).max();
    let is_good = worst < Some(args.fail_on.severity());
    let text = args.output.data(&json!(all)).unwrap_or_else(|| {
        let paint = |severity: Severity, words: &str| terminal.look.paint(tone(severity), words);
        all.iter().map(|checked| check::text(checked, &paint)).collect()
    });
    Ok(Answer::new(text, is_good))
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warn => Tone::Waiting,
        Severity::Info => Tone::Heading,
    }
}

fn explain(id: &str) -> Result<Answer, Failure> {
    let rule = lint::rule_of(id).ok_or_else(|| Failure::Refused {
        what: format!("there is no lint rule {id}"),
        next_action: "kubectl todo check --list-rules names them all".into(),
    })?;
    Ok(Answer::done(rule.page.to_owned()))
}

fn rules(output: Output) -> String {
    let data: Vec<_> = lint::rules()
        .map(|rule| json!({"id": rule.id, "severity": rule.severity, "title": rule.title}))
        .collect();
    output.data(&json!(data)).unwrap_or_else(|| {
        let mut text = String::new();
        for rule in lint::rules() {
            let _infallible = writeln!(text, "{}  {:<5}  {}", rule.id, rule.severity.as_str(), rule.title);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_explained_by_its_page_and_an_unknown_one_is_refused() {
        let answer = explain("tp017").unwrap();
        assert!(answer.text.starts_with("# TP017: "), "{}", answer.text);
        let refused = explain("TP998").unwrap_err();
        assert_eq!(refused.to_string(), "there is no lint rule TP998");
        assert_eq!(rules(Output::Text).lines().count(), lint::rules().count());
    }
}

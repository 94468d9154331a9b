//! Completion of `kubectl todo`.
//!
//! kubectl completes a plugin by running `kubectl_complete-todo` from the PATH with the words so far, and reads what
//! Cobra's programs answer: one candidate per line with a tab before its description, then `:` and a directive.

use std::{fmt::Write, time::Duration};

use clap::{Arg, Command};

use crate::cluster::{Cluster, Where, name_of};

/// Cobra's directive "do not offer file names".
const NO_FILES: &str = ":4\n";

/// Longest wait for names: who presses Tab does not wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// What fits the last of `words`, which is the one being typed; it may be empty. Names come from the cluster, where it answers
/// at once.
pub(crate) async fn answer(root: &Command, words: &[String]) -> String {
    let mut found = candidates(root, words);
    if let Some(wanted) = names_wanted(root, words)
        && let Ok(Some(names)) = tokio::time::timeout(PATIENCE, names(wanted, words)).await
    {
        found.extend(names.into_iter().map(|name| (name, String::new())));
    }
    let typed = words.last().map_or("", String::as_str);
    found.retain(|(candidate, _)| candidate.starts_with(typed));
    found.sort();
    found.dedup();
    text(found)
}

/// Commands and flags that could stand there.
fn candidates(root: &Command, words: &[String]) -> Vec<(String, String)> {
    let (typed, before) = split(words);
    let command = command(root, before);
    if typed.starts_with('-') {
        let flags = root
            .get_arguments()
            .filter(|flag| flag.is_global_set())
            .chain(command.get_arguments());
        return flags
            .filter(|flag| !flag.is_hide_set())
            .filter_map(|flag| {
                let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
                Some((format!("--{}", flag.get_long()?), help))
            })
            .collect();
    }
    if let Some(flag) = flag_before(root, command, before) {
        let values = flag.get_possible_values();
        return values
            .iter()
            .map(|value| {
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                (value.get_name().to_owned(), help)
            })
            .collect();
    }
    if command.get_name() == root.get_name() {
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
        return commands
            .map(|command| {
                let about = command.get_about().map(ToString::to_string).unwrap_or_default();
                (command.get_name().to_owned(), about)
            })
            .collect();
    }
    Vec::new()
}

fn split(words: &[String]) -> (&str, &[String]) {
    words
        .split_last()
        .map_or(("", words), |(last, before)| (last.as_str(), before))
}

fn command<'a>(root: &'a Command, before: &[String]) -> &'a Command {
    before
        .iter()
        .find_map(|word| root.find_subcommand(word))
        .unwrap_or(root)
}

/// The flag whose value is being typed.
fn flag_before<'a>(root: &'a Command, command: &'a Command, before: &[String]) -> Option<&'a Arg> {
    let last = before.last()?;
    let is_it = |flag: &&Arg| {
        let long = flag.get_long().map(|long| format!("--{long}"));
        let short = flag.get_short().map(|short| format!("-{short}"));
        flag.get_action().takes_values() && (long.as_ref() == Some(last) || short.as_ref() == Some(last))
    };
    root.get_arguments().chain(command.get_arguments()).find(is_it)
}

/// Names that only the cluster or the kubeconfig knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Platforms,
    Components,
    Contexts,
}

/// Which names could stand there.
fn names_wanted(root: &Command, words: &[String]) -> Option<Names> {
    let (typed, before) = split(words);
    let command = command(root, before);
    if typed.starts_with('-') {
        return None;
    }
    if let Some(flag) = flag_before(root, command, before) {
        return match flag.get_id().as_str() {
            "context" => Some(Names::Contexts),
            "platform" => Some(Names::Platforms),
            _ => None,
        };
    }
    let mut positionals = command.get_positionals();
    match positionals.next()?.get_id().as_str() {
        "name" => Some(Names::Platforms),
        "component" => Some(Names::Components),
        _ => None,
    }
}

/// The names, where they can be had. Whatever fails offers nothing: a completion is no place for errors.
async fn names(wanted: Names, words: &[String]) -> Option<Vec<String>> {
    let place = Where::of_words(words);
    match wanted {
        Names::Contexts => place.contexts(),
        Names::Platforms => {
            let cluster = Cluster::connect(place).await.ok()?;
            Some(cluster.all(false).await.ok()?.iter().map(name_of).collect())
        }
        Names::Components => {
            let cluster = Cluster::connect(place).await.ok()?;
            let platforms = cluster.all(false).await.ok()?;
            let components = platforms
                .iter()
                .flat_map(|platform| platform["status"]["components"].as_array().into_iter().flatten());
            Some(
                components
                    .filter_map(|component| Some(component["name"].as_str()?.to_owned()))
                    .collect(),
            )
        }
    }
}

fn text(found: Vec<(String, String)>) -> String {
    let mut text = String::new();
    for (candidate, about) in found {
        let _infallible = writeln!(text, "{candidate}\t{}", about.lines().next().unwrap_or_default());
    }
    text + NO_FILES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn offered(typed: &[&str]) -> Vec<String> {
        let typed = words(typed);
        let last = typed.last().cloned().unwrap_or_default();
        let mut names: Vec<_> = candidates(&Cli::parser(), &typed)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with(&last))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn commands_come_first_and_their_flags_and_values_after_them() {
        assert!(offered(&[""]).contains(&"why".to_owned()));
        assert!(!offered(&[""]).contains(&"__complete".to_owned()));
        assert_eq!(offered(&["-n", "shop", "st"]), ["status"]);
        assert_eq!(
            offered(&["token", "--"]),
            [
                "--context",
                "--email",
                "--kubeconfig",
                "--namespace",
                "--platform",
                "--ttl",
                "--user"
            ]
        );
        assert_eq!(offered(&["token", "--user", "al"]), [""; 0]);
        assert_eq!(offered(&["status", "-o", ""]), ["json", "text", "wide", "yaml"]);
        assert_eq!(offered(&["check", "--fail-on", "w"]), ["warn"]);
    }

    #[test]
    fn names_are_looked_up_only_where_one_could_stand() {
        let wanted = |typed: &[&str]| names_wanted(&Cli::parser(), &words(typed));
        assert_eq!(wanted(&["status", ""]), Some(Names::Platforms));
        assert_eq!(wanted(&["restart", "ta"]), Some(Names::Components));
        assert_eq!(wanted(&["restart", "--platform", ""]), Some(Names::Platforms));
        assert_eq!(wanted(&["--context", ""]), Some(Names::Contexts));
        for none in [
            &["status", "--"][..],
            &["st"],
            &["token", "--user", ""],
            &["check", ""],
        ] {
            assert_eq!(wanted(none), None, "{none:?}");
        }
    }

    #[test]
    fn kubectl_reads_candidates_and_a_directive() {
        let told = text(vec![("status".into(), "Shows.\nMore.".into())]);
        assert_eq!(told, "status\tShows.\n:4\n");
    }
}

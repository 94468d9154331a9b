//! Completion of `kubectl todo`.
//!
//! kubectl completes a plugin by running `kubectl_complete-todo` from the PATH with the words so far, and reads what
//! Cobra's programs answer: one candidate per line with a tab before its description, then `:` and a directive.

use std::fmt::Write;

use clap::Command;

/// Cobra's directive "do not offer file names".
const NO_FILES: &str = ":4\n";

/// What fits the last of `words`, which is the one being typed; it may be empty.
pub(crate) fn candidates(root: &Command, words: &[String]) -> String {
    let (typed, before) = words
        .split_last()
        .map_or(("", words), |(last, before)| (last.as_str(), before));
    let command = before
        .iter()
        .find_map(|word| root.find_subcommand(word))
        .unwrap_or(root);
    let mut found: Vec<(String, String)> = if typed.starts_with('-') {
        let flags = root
            .get_arguments()
            .filter(|flag| flag.is_global_set())
            .chain(command.get_arguments());
        flags
            .filter(|flag| !flag.is_hide_set())
            .filter_map(|flag| {
                let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
                Some((format!("--{}", flag.get_long()?), help))
            })
            .collect()
    } else if command.get_name() == root.get_name() {
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set());
        commands
            .map(|command| {
                let about = command.get_about().map(ToString::to_string).unwrap_or_default();
                (command.get_name().to_owned(), about)
            })
            .collect()
    } else {
        Vec::new()
    };
    found.retain(|(candidate, _)| candidate.starts_with(typed));
    found.sort();
    found.dedup();
    let mut text = String::new();
    for (candidate, about) in found {
        let _infallible = writeln!(text, "{candidate}\t{}", about.lines().next().unwrap_or_default());
    }
    text + NO_FILES
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let text = candidates(&Cli::command(), &words);
        let lines = text.strip_suffix(NO_FILES).unwrap().lines();
        lines
            .map(|line| line.split_once('\t').unwrap().0.to_owned())
            .collect()
    }

    #[test]
    fn commands_come_first_and_their_flags_after_them() {
        assert_eq!(names(&[""]), ["completion", "status", "token"]);
        assert_eq!(names(&["-n", "shop", "st"]), ["status"]);
        assert_eq!(
            names(&["token", "--"]),
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
        assert_eq!(names(&["token", "--user", "al"]), [""; 0]);
    }
}

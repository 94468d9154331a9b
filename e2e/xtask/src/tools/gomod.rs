//! Edits of a `go.mod` taken out of a module archive, so that it builds on its own.

use serde::Serialize;

/// What becomes of `replace` directives that point at a folder: the archive of a module leaves
/// nested modules out, so such a folder is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum Replaces {
    /// The version in `require` holds.
    DropLocal,
    /// `./staging` folders are published under their own names, at this version.
    PublishStaging { version: String },
}

impl Replaces {
    /// The text of a `go.mod` after this treatment.
    pub(super) fn apply(&self, go_mod: &str) -> String {
        let lines = go_mod.lines().filter_map(|line| self.line(line));
        lines.fold(String::with_capacity(go_mod.len()), |text, line| {
            text + &line + "\n"
        })
    }

    fn line(&self, line: &str) -> Option<String> {
        let Some((left, right)) = line.split_once(" => ") else {
            return Some(line.to_owned());
        };
        let is_local = right.starts_with("./") || right.starts_with("../");
        if !is_local || left.trim_start().starts_with("//") {
            return Some(line.to_owned());
        }
        match self {
            Self::PublishStaging { version } if right.starts_with("./staging/") => {
                let module = left.trim().trim_start_matches("replace ").split(' ').next()?;
                Some(format!("{left} => {module} {version}"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_MOD: &str = "\
module example.org/m

require example.org/a v1.0.0

replace example.org/b => ../b

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\texample.org/c => example.org/fork/c v1.2.3
\t// example.org/d => ../d
)
";

    #[test]
    fn local_replaces_are_dropped_and_others_stay() {
        let expected = "\
module example.org/m

require example.org/a v1.0.0


replace (
\texample.org/c => example.org/fork/c v1.2.3
\t// example.org/d => ../d
)
";
        assert_eq!(Replaces::DropLocal.apply(GO_MOD), expected);
    }

    #[test]
    fn staging_folders_become_published_modules() {
        let edited = Replaces::PublishStaging {
            version: "v0.36.3".to_owned(),
        }
        .apply(GO_MOD);
        assert!(
            edited.contains("\tk8s.io/api => k8s.io/api v0.36.3\n"),
            "{edited}"
        );
        assert!(!edited.contains("../b"), "{edited}");
    }
}

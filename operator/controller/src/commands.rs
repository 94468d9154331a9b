//! The commands that need no cluster: thin, since `kubectl todo` does the same by the same code.

pub mod compat;
pub mod database_setup;

use std::path::Path;

use todoplatform_offline::{check, input, lint::Severity, render};
use todoplatform_render::OperatorDefaults;

pub use input::InputError;
pub use render::RenderError;

/// Why such a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The file cannot be used.
    #[error(transparent)]
    Input(InputError),
    /// The roles and databases could not be made.
    #[error(transparent)]
    DatabaseSetup(database_setup::DatabaseSetupError),
    /// The platform in the file cannot be rendered.
    #[error(transparent)]
    Render(RenderError),
    /// Standard output is closed.
    #[error("standard output")]
    Print {
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether every platform of the file is valid.
    pub is_valid: bool,
    /// What was found, platform by platform.
    pub text: String,
}

/// Checks all platforms of a file or folder.
pub fn check(path: &Path, defaults: &OperatorDefaults) -> Result<Checked, CommandError> {
    let mut answer = Checked {
        is_valid: true,
        text: String::new(),
    };
    for document in input::read(path).map_err(CommandError::Input)? {
        let checked = check::check(&document, defaults);
        answer.is_valid &= checked.worst() < Some(Severity::Error);
        answer
            .text
            .push_str(&check::text(&checked, &|_, words| words.to_owned()));
    }
    Ok(answer)
}

/// All objects of all platforms of a file, as one text of many YAML documents in the order of apply.
pub fn render(path: &Path, namespace: &str, defaults: &OperatorDefaults) -> Result<String, CommandError> {
    let mut objects = Vec::new();
    for document in input::read(path).map_err(CommandError::Input)? {
        objects.extend(render::of_document(&document, namespace, defaults).map_err(CommandError::Render)?);
    }
    render::text(&objects).map_err(CommandError::Render)
}

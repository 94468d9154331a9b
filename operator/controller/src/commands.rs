//! The commands that need no cluster.

pub mod check;
pub mod compat;
pub mod database_setup;
pub mod input;
pub mod render;

pub use input::InputError;

/// Why such a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The file cannot be used.
    #[error(transparent)]
    Input(InputError),
    /// The roles and databases could not be made.
    #[error(transparent)]
    DatabaseSetup(database_setup::DatabaseSetupError),
    /// The platform in the file is refused.
    #[error("{name} is refused:\n{violations}")]
    Refused {
        /// Name of the platform.
        name: String,
        /// One line per violation.
        violations: String,
    },
    /// The result cannot be written as YAML.
    #[error("the result cannot be written as YAML")]
    Yaml {
        /// What the writer said.
        source: serde_yaml::Error,
    },
    /// Standard output is closed.
    #[error("standard output")]
    Print {
        /// What the system said.
        source: std::io::Error,
    },
}

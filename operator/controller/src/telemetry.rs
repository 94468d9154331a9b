//! Logs: JSON for machines, text for people at a terminal.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text at a terminal, JSON otherwise.
    Auto,
    /// One JSON object per line.
    Json,
    /// Plain text.
    Text,
}

/// The level is not one that can be understood.
#[derive(Debug, thiserror::Error)]
#[error("--log-level {level}: not a level or a list such as info,todoplatform_operator=debug")]
pub struct LogLevelError {
    level: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging to standard error. Called once, by `main`.
pub fn init(format: LogFormat, level: &str) -> Result<(), LogLevelError> {
    let filter = EnvFilter::try_new(level).map_err(|source| LogLevelError {
        level: level.to_owned(),
        source,
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let is_text = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    if is_text {
        builder.with_ansi(std::io::stderr().is_terminal()).init();
    } else {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .init();
    }
    Ok(())
}

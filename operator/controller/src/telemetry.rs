//! Logs: JSON for machines, text for people at a terminal. Traces by OTLP, when a collector is named.

pub mod args;
pub mod exporter;
pub mod spans;
#[cfg(test)]
mod tests;
pub mod traces;

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use traces::Traces;

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

/// One consumer of spans and log lines.
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging to standard error, and tracing when there is where to. Called once, by `main`.
pub fn init(format: LogFormat, level: &str, traces: Option<&Traces>) -> Result<(), LogLevelError> {
    let filter = EnvFilter::try_new(level).map_err(|source| LogLevelError {
        level: level.to_owned(),
        source,
    })?;
    tracing_subscriber::registry()
        .with(layers(format, filter, std::io::stderr, traces))
        .init();
    Ok(())
}

/// The log, and behind it the traces if there are any. Each has its own filter: a quiet log leaves traces whole.
fn layers<W>(format: LogFormat, filter: EnvFilter, writer: W, traces: Option<&Traces>) -> Vec<BoxedLayer>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let is_text = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let log = if is_text {
        lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_filter(filter)
            .boxed()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_filter(filter)
            .boxed()
    };
    let mut layers = vec![log];
    layers.extend(traces.map(Traces::layer));
    layers
}

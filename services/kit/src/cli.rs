//! The command line that every service has.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Config, ConfigError};
use crate::describe::{Description, Store};
use crate::service::{Ingress, Service};
use crate::{Chain, Environment, run, telemetry};

/// The version of all services: they are released together.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A service of the todo platform.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Configuration: the YAML file that TODO_CONFIG names (/etc/todo/config.yaml), and \
    TODO_… variables over it: TODO_LOG__LEVEL=debug sets log.level."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Check the configuration and the environment, and exit.
    #[arg(long, conflicts_with = "print_config")]
    check_config: bool,
    /// Print the configuration as it is after all defaults, secrets masked, and exit.
    #[arg(long)]
    print_config: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// Run the service (the default).
    Run,
    /// Print as JSON what the service publishes, consumes, calls, stores and serves.
    Describe,
}

/// The whole of a service's `main`: reads the command line, the configuration and the environment, and does as told.
pub fn main<S: Service>() -> ExitCode {
    // Fails only when another provider was installed before, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match execute::<S>(std::env::args_os(), &Environment::of_process()) {
        Ok(output) => {
            print(&output);
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(error)) => error.exit(),
        Err(Failure::Config(error)) => fail(&error),
        Err(Failure::Run(error)) => fail(&error),
        Err(Failure::Runtime(error)) => fail(&error),
    }
}

#[expect(clippy::print_stdout, reason = "the output of a command line")]
fn print(output: &str) {
    if !output.is_empty() {
        println!("{output}");
    }
}

/// On the error stream and as a log line's plain text, so that the tail of the container's log is the reason.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a process that could not do its work"
)]
fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("error: {}", Chain(error));
    ExitCode::FAILURE
}

#[derive(Debug)]
enum Failure {
    Usage(clap::Error),
    Config(ConfigError),
    Run(run::RunError),
    Runtime(std::io::Error),
}

/// What the command line asks for; the text is for standard output.
fn execute<S: Service>(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<String, Failure> {
    let description = S::description();
    let program = format!("todo-{}", description.service);
    let matches = Arguments::command()
        .name(program)
        .try_get_matches_from(arguments)
        .map_err(Failure::Usage)?;
    let arguments = Arguments::from_arg_matches(&matches).map_err(Failure::Usage)?;
    if let Some(Command::Describe) = arguments.command {
        return Ok(pretty(&description));
    }
    let config = config::load::<S::Config>(environment).map_err(Failure::Config)?;
    if arguments.print_config {
        return Ok(serde_yaml::to_string(&config).unwrap_or_default());
    }
    check::<S>(&config, environment, &description).map_err(Failure::Config)?;
    if arguments.check_config {
        return Ok("the configuration is good".to_owned());
    }
    telemetry::init(&config.common.log).map_err(Failure::Config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Runtime)?;
    runtime
        .block_on(run::run::<S>(config, environment.clone()))
        .map_err(Failure::Run)?;
    Ok(String::new())
}

fn pretty(description: &Description) -> String {
    serde_json::to_string_pretty(description).unwrap_or_default()
}

fn check<S: Service>(
    config: &Config<S::Config>,
    environment: &Environment,
    description: &Description,
) -> Result<(), ConfigError> {
    if config.common.service != description.service {
        let message = format!(
            "is {:?}, but this program is the {} service",
            config.common.service, description.service
        );
        return Err(ConfigError::refused("service", message));
    }
    S::check(&config.service)?;
    if S::INGRESS == Ingress::Sidecar {
        environment.secret("APP_API_TOKEN")?;
    }
    for store in &description.stores {
        match store {
            Store::Postgresql => environment.secret("DATABASE_URL").map(|_| ())?,
            Store::Redis => environment.secret("REDIS_URL").map(|_| ())?,
            Store::DaprState => {}
        }
    }
    environment.port("DAPR_HTTP_PORT", 3500)?;
    environment.port("DAPR_GRPC_PORT", 50001)?;
    Ok(())
}

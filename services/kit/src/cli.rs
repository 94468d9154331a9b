//! The command line that every service has.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{self, Config, ConfigError};
use crate::describe::{Description, Store};
use crate::service::{Ingress, Service};
use crate::trace::TraceSettings;
use crate::{Chain, Environment, asyncapi, openapi, postgres, redis, run, telemetry};

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
    /// Print the HTTP API as an OpenAPI 3.1 document.
    Openapi,
    /// Print what the service publishes and receives as an AsyncAPI 3.0 document.
    Asyncapi,
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
        Err(Failure::Print(error)) => fail(&*error),
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
    Print(Box<dyn std::error::Error>),
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
    let print = |document: serde_json::Result<String>| document.map_err(|error| Failure::Print(error.into()));
    match arguments.command {
        Some(Command::Describe) => return print(serde_json::to_string_pretty(&description)),
        Some(Command::Openapi) => {
            let title = format!("Todo platform: {}", description.service);
            return print(openapi::document(&title, description.about, S::api()).to_pretty_json());
        }
        Some(Command::Asyncapi) => {
            return print(serde_json::to_string_pretty(&asyncapi::document(&description)));
        }
        Some(Command::Run) | None => {}
    }
    let config = config::load::<S::Config>(environment).map_err(Failure::Config)?;
    if arguments.print_config {
        return serde_yaml::to_string(&config).map_err(|error| Failure::Print(error.into()));
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
            Store::Postgresql => {
                postgres::Address::of(environment)?;
                postgres::Address::replica_of(environment)?;
            }
            Store::Redis => drop(redis::Address::of(environment)?),
            Store::DaprState => {}
        }
    }
    environment.port("DAPR_HTTP_PORT", 3500)?;
    environment.port("DAPR_GRPC_PORT", 50001)?;
    TraceSettings::of(environment)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::Router;

    use super::*;
    use crate::config::NoConfig;
    use crate::{Context, StartError};

    struct Dummy;

    impl Service for Dummy {
        type Config = NoConfig;

        fn description() -> Description {
            Description {
                stores: vec![Store::Postgresql],
                routes: vec!["/v1/things".to_owned()],
                ..Description::new("dummy")
            }
        }

        async fn start(_: &Context<NoConfig>) -> Result<Router, StartError> {
            Ok(Router::new())
        }
    }

    const FILE: &str = "
platform: todo
namespace: default
service: dummy
appId: todo-dummy
auth: {issuer: https://todo.example, audience: https://todo.example, jwksUrl: https://todo.example/jwks}
";

    fn execute_with(argument: &str, file: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let config = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(config.path(), file).unwrap();
        let path = ("TODO_CONFIG", config.path().to_str().unwrap());
        let environment = variables.iter().copied().chain([path]).collect();
        let arguments = ["todo-dummy", argument].map(OsString::from);
        execute::<Dummy>(arguments, &environment).map_err(|failure| match failure {
            Failure::Usage(error) => error.to_string(),
            Failure::Config(error) => Chain(&error).to_string(),
            Failure::Run(error) => Chain(&error).to_string(),
            Failure::Runtime(error) => error.to_string(),
            Failure::Print(error) => error.to_string(),
        })
    }

    const SECRETS: [(&str, &str); 2] = [
        ("APP_API_TOKEN", "hush-token"),
        ("DATABASE_URL", "postgres://u:hush@h/d"),
    ];

    #[test]
    fn describe_prints_the_members_of_the_contract() {
        let printed = execute_with("describe", "", &[]).unwrap();
        let expected = serde_json::json!({
            "service": "dummy", "httpPort": 8080, "adminPort": 8081, "publishes": [], "consumes": [], "calls": [],
            "stores": ["postgresql"], "routes": ["/v1/things"],
        });
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&printed).unwrap(),
            expected
        );
    }

    #[test]
    fn a_good_configuration_is_called_good() {
        assert_eq!(
            execute_with("--check-config", FILE, &SECRETS).unwrap(),
            "the configuration is good"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let table = [
            (vec![], "environment variable APP_API_TOKEN: is missing or empty"),
            (
                vec![SECRETS[0]],
                "environment variable DATABASE_URL: is missing or empty",
            ),
            (
                vec![SECRETS[0], SECRETS[1], ("DAPR_GRPC_PORT", "x")],
                "environment variable DAPR_GRPC_PORT: is not a port number",
            ),
            (
                vec![
                    SECRETS[0],
                    SECRETS[1],
                    ("OTEL_TRACES_SAMPLER_ARG", "2"),
                    ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ],
                "OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1",
            ),
        ];
        for (variables, expected) in table {
            assert_eq!(
                execute_with("--check-config", FILE, &variables).unwrap_err(),
                expected
            );
        }
        let other = FILE.replace("service: dummy", "service: task");
        let expected = "service: is \"task\", but this program is the dummy service";
        assert_eq!(
            execute_with("--check-config", &other, &SECRETS).unwrap_err(),
            expected
        );
    }

    #[test]
    fn the_printed_configuration_has_the_defaults_and_no_secret() {
        let printed = execute_with("--print-config", FILE, &SECRETS).unwrap();
        assert!(
            printed.contains("drainSeconds: 5") && !printed.contains("hush"),
            "{printed}"
        );
    }

    #[test]
    fn an_unknown_argument_is_a_usage_error() {
        assert!(
            execute_with("--colour", FILE, &SECRETS)
                .unwrap_err()
                .contains("--colour")
        );
    }
}

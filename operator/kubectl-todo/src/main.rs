//! kubectl todo: day-2 work on a TodoPlatform.

mod cli;
mod cluster;
mod complete;
mod failure;
mod look;
mod status;
mod table;
mod token;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use clap::Parser;

use cli::Cli;
use look::Look;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Before any connection: rustls takes no provider by itself. It fails only where one is installed already.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let look = Look::new(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR"));
    match cli::run(Cli::parse(), look, now()).await {
        Ok(answer) => match print(&answer.text) {
            Ok(()) => answer.exit_code,
            Err(error) => fail(&format!("error: the answer could not be written: {error}\n")),
        },
        Err(error) => fail(&failure::text(&error, &error.next_action())),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads the clock; everything else takes the time as an argument"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that has seen enough, as `| head` has, is no failure.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn fail(text: &str) -> ExitCode {
    eprint!("{text}");
    ExitCode::from(cli::FAILED)
}

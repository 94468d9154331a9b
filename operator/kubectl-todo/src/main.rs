//! kubectl todo: day-2 work on a TodoPlatform.

mod answer;
mod cli;
mod cluster;
mod commands;
mod complete;
mod failure;
mod look;
mod request;
mod table;
mod world;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use answer::Terminal;
use cli::Cli;
use look::Look;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Before any connection: rustls takes no provider by itself. It fails only where one is installed already.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let is_interactive = std::io::stdout().is_terminal();
    let terminal = Terminal {
        look: Look::new(is_interactive, std::env::var_os("NO_COLOR")),
        is_interactive,
        now,
        print: |text| print(text).is_ok_and(|is_read| is_read),
        note: |line| eprintln!("{line}"),
    };
    match cli::run(Cli::of_process(), terminal).await {
        Ok(answer) => match print(&answer.text) {
            Ok(_) => answer.exit_code,
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

/// Writes to standard output; false when nobody reads any more.
fn print(text: &str) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // A reader that has seen enough, as `| head` has, is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
        Ok(()) => Ok(true),
    }
}

fn fail(text: &str) -> ExitCode {
    eprint!("{text}");
    ExitCode::from(answer::FAILED)
}

//! The TodoPlatform operator.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use todoplatform_operator::chain::Chain;
use todoplatform_operator::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    // Several dependencies bring TLS; the first thing that opens a connection must find one provider chosen.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("error: another TLS provider was installed first");
        return ExitCode::FAILURE;
    }
    match Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            // Nobody may be listening any more: `… 2>&1 | head`.
            let _closed = writeln!(std::io::stderr(), "error: {}", Chain(&error));
            ExitCode::FAILURE
        }
    }
}

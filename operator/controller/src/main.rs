//! The TodoPlatform operator.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use todoplatform_operator::chain::Chain;
use todoplatform_operator::cli::Cli;

/// Stack of each thread that runs passes. A pass holds the whole resource and what is made of it, and a build without
/// optimisation keeps a copy for every call on the way down: more than the 2 MiB of a thread by default. It is address space;
/// memory is taken only for what is used.
const STACK_BYTES: usize = 16 << 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => {
            eprintln!("error: no threads could be started: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> ExitCode {
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

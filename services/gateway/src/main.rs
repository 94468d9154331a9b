//! The gateway: tokens, rate limits, CORS, routing.

use std::process::ExitCode;

fn main() -> ExitCode {
    todo_kit::main::<todo_gateway::Gateway>()
}

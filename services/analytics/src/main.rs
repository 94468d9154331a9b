//! The binary of analytics.

fn main() -> std::process::ExitCode {
    todo_kit::main::<todo_analytics::Analytics>()
}

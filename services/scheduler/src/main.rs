//! The scheduler's binary.

fn main() -> std::process::ExitCode {
    todo_kit::main::<todo_scheduler::Scheduler>()
}

//! The task service.

fn main() -> std::process::ExitCode {
    todo_kit::main::<todo_task::TaskService>()
}

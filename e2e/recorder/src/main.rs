//! The recorder's binary.

fn main() -> std::process::ExitCode {
    todo_kit::main::<todo_recorder::Recorder>()
}

//! The binary of notification.

fn main() -> std::process::ExitCode {
    todo_kit::main::<todo_notification::Notification>()
}

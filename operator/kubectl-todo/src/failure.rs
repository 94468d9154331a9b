//! How a failure is told: what is wrong, what caused it, what to do.

use std::{error::Error, fmt::Write};

use kube::core::Status;

/// The lines for standard error.
pub(crate) fn text(error: &dyn Error, next_action: &str) -> String {
    let mut told = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        let answer = api_answer(error);
        let line = answer.map_or_else(|| error.to_string(), |status| status.message.clone());
        // Some libraries repeat the cause in their own text.
        if !told.contains(&line) {
            let _infallible = writeln!(told, "  because: {line}");
        }
        // Below an answer of the API server lies the same answer, in the form in which the client holds it.
        cause = if answer.is_some() { None } else { error.source() };
    }
    for (index, line) in next_action.lines().enumerate() {
        let lead = if index == 0 { "next: " } else { "      " };
        let _infallible = writeln!(told, "{lead}{line}");
    }
    told
}

fn api_answer<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Status> {
    let boxed = error.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
    match boxed.or_else(|| error.downcast_ref()) {
        Some(kube::Error::Api(status)) if !status.message.is_empty() => Some(status),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer {
        source: Box<kube::Error>,
    }

    #[test]
    fn the_api_servers_words_come_once_and_the_next_action_last() {
        let status = Status::failure("todoplatforms is forbidden", "Forbidden").with_code(403);
        let error = Outer {
            source: Box::new(kube::Error::Api(Box::new(status))),
        };
        let told = text(&error, "ask\nagain");
        assert_eq!(
            told,
            "error: outer\n  because: todoplatforms is forbidden\nnext: ask\n      again\n"
        );
    }
}

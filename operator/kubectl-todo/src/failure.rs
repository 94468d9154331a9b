//! How a failure is told: what is wrong, what caused it, what to do.

use std::error::Error;

/// The lines for standard error.
pub(crate) fn text(error: &dyn Error, next_action: &str) -> String {
    let mut told = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        let line = one_line(error);
        // Some libraries repeat the cause in their own text.
        if !told.contains(&line) {
            told.push_str(&format!("  because: {line}\n"));
        }
        cause = error.source();
    }
    for (index, line) in next_action.lines().enumerate() {
        let lead = if index == 0 { "next: " } else { "      " };
        told.push_str(&format!("{lead}{line}\n"));
    }
    told
}

/// What the API server says, without the form in which the client's error holds it.
fn one_line(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<kube::Error>() {
        Some(kube::Error::Api(status)) if !status.message.is_empty() => status.message.clone(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer {
        source: kube::Error,
    }

    #[test]
    fn the_api_servers_words_come_once_and_the_next_action_last() {
        let status = kube::core::Status::failure("todoplatforms is forbidden", "Forbidden").with_code(403);
        let error = Outer {
            source: kube::Error::Api(Box::new(status)),
        };
        let told = text(&error, "ask\nagain");
        assert_eq!(
            told,
            "error: outer\n  because: todoplatforms is forbidden\nnext: ask\n      again\n"
        );
    }
}

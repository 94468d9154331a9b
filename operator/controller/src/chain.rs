//! An error with all its causes, on one line.

use std::error::Error;
use std::fmt;

/// Prints an error and each of its causes, joined by `: `.
///
/// A cause whose text the one before already ends with is left out: errors of kube include their causes in
/// their own text. Of an API server's answer only its message is told, which is a sentence by itself.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = text(self.0);
        f.write_str(&last)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let said = text(cause);
            if !last.ends_with(&said) {
                write!(f, ": {said}")?;
                last = said;
            }
            next = cause.source();
        }
        Ok(())
    }
}

fn text(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref() {
        Some(kube::Error::Api(status)) => status.message.clone(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn causes_follow_once_each() {
        let root = Link {
            text: "refused",
            source: None,
        };
        let middle = Link {
            text: "connect: refused",
            source: Some(Box::new(root)),
        };
        let outer = Link {
            text: "Deployment todo-task: no answer",
            source: Some(Box::new(middle)),
        };
        assert_eq!(
            Chain(&outer).to_string(),
            "Deployment todo-task: no answer: connect: refused"
        );
    }

    #[test]
    fn of_an_answer_of_the_api_server_only_the_message_is_told() {
        #[derive(Debug, thiserror::Error)]
        #[error("Service todo-task")]
        struct Refused(#[source] kube::Error);

        let status = kube::core::Status::failure("spec: Forbidden", "Invalid").with_code(422);
        let refused = Refused(kube::Error::Api(Box::new(status)));
        assert_eq!(Chain(&refused).to_string(), "Service todo-task: spec: Forbidden");
    }
}

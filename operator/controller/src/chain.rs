//! An error with all its causes, on one line.

use std::error::Error;
use std::fmt;

use kube::core::Status;

/// Prints an error and each of its causes, joined by `: `.
///
/// A cause whose text the one before already ends with is left out: errors of kube include their causes in
/// their own text. Of an API server's answer only its message is told, which is a sentence by itself.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = text(self.0);
        f.write_str(&last)?;
        let mut next = cause(self.0);
        while let Some(cause) = next {
            let said = text(cause);
            if !last.ends_with(&said) {
                write!(f, ": {said}")?;
                last = said;
            }
            next = self::cause(cause);
        }
        Ok(())
    }
}

fn text(error: &(dyn Error + 'static)) -> String {
    answer(error).map_or_else(|| error.to_string(), |status| status.message.clone())
}

fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match answer(error) {
        Some(_) => None,
        None => error.source(),
    }
}

/// What the API server answered, where the error is such an answer.
fn answer<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Status> {
    let boxed = error.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
    match boxed.or(error.downcast_ref()) {
        Some(kube::Error::Api(status)) => Some(status),
        _ => None,
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
        struct Boxed(#[source] Box<kube::Error>);

        #[derive(Debug, thiserror::Error)]
        #[error("Service todo-task")]
        struct Bare(#[source] kube::Error);

        let refused = || {
            kube::Error::Api(Box::new(
                Status::failure("spec: Forbidden", "Invalid").with_code(422),
            ))
        };
        let told = [
            Chain(&Bare(refused())).to_string(),
            Chain(&Boxed(Box::new(refused()))).to_string(),
        ];
        assert_eq!(told, ["Service todo-task: spec: Forbidden"; 2]);
    }
}

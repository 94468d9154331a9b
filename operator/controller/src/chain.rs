//! An error with all its causes, on one line.

use std::error::Error;
use std::fmt;

/// Prints an error and each of its causes, joined by `: `.
///
/// A cause whose text the one before already ends with is left out: errors of kube include their causes in
/// their own text.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = self.0.to_string();
        f.write_str(&last)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !last.ends_with(&text) {
                write!(f, ": {text}")?;
                last = text;
            }
            next = cause.source();
        }
        Ok(())
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
}

//! An error with its causes, on one line.

use std::error::Error;
use std::fmt;

/// Shows an error and each of its causes, joined by `: `.
///
/// A cause whose text the line already ends with is left out, because several libraries repeat their causes in their
/// own text. Log it as `error.chain = %Chain(&error)`.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.to_string();
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        f.write_str(&line)
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

    fn link(text: &'static str, source: Option<Link>) -> Link {
        Link {
            text,
            source: source.map(Box::new),
        }
    }

    #[test]
    fn causes_follow_and_repeated_ones_are_left_out() {
        let error = link("outer", Some(link("middle: inner", Some(link("inner", None)))));
        assert_eq!(Chain(&error).to_string(), "outer: middle: inner");
    }
}

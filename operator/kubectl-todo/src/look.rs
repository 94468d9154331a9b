//! Colours, where a person looks.

use std::ffi::OsString;

/// Whether the answer is for a person at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    is_coloured: bool,
}

/// What a text is to tell beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing.
    Plain,
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// On its way.
    Waiting,
    /// Somebody has to look.
    Bad,
}

impl Look {
    /// Colours at a terminal, unless `NO_COLOR` has any value but the empty one.
    pub(crate) fn new(is_terminal: bool, no_color: Option<OsString>) -> Self {
        Self {
            is_coloured: is_terminal && no_color.is_none_or(|value| value.is_empty()),
        }
    }

    /// The text in its tone.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.is_coloured || text.is_empty() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Heading => "1",
            Tone::Good => "32",
            Tone::Waiting => "33",
            Tone::Bad => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_for_who_does_not_refuse_them() {
        let cases = [
            (true, None, "\u{1b}[32mReady\u{1b}[0m"),
            (true, Some(""), "\u{1b}[32mReady\u{1b}[0m"),
            (true, Some("1"), "Ready"),
            (false, None, "Ready"),
        ];
        for (is_terminal, no_color, expected) in cases {
            let look = Look::new(is_terminal, no_color.map(OsString::from));
            assert_eq!(
                look.paint(Tone::Good, "Ready"),
                expected,
                "{is_terminal} {no_color:?}"
            );
        }
    }
}

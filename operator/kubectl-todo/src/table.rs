//! A table in columns that are as wide as they must be.

use crate::look::{Look, Tone};

/// Spaces between columns.
const GAP: usize = 3;

/// One field of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A field without a tone.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A field with a tone; one row is one line.
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: one_line(&text.into()),
            tone,
        }
    }
}

/// The text on one line. What containers say ends up in messages: it must not steer the terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The table's lines; nothing without rows. A column without a head is left out.
pub(crate) fn lines<const N: usize>(heads: [&str; N], rows: Vec<[Cell; N]>, look: Look) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = heads.map(|head| Cell::toned(Tone::Heading, head));
    let table: Vec<_> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| {
        let widths = table.iter().map(|row| row[column].text.chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &table {
        let is_shown = |column: usize| !table[0][column].text.is_empty();
        // The last field that says something ends its line.
        let last = (0..N)
            .rfind(|column| is_shown(*column) && !row[*column].text.is_empty())
            .unwrap_or(0);
        let shown = row.iter().enumerate().take(last + 1);
        for (column, Cell { text: words, tone }) in shown.filter(|(column, _)| is_shown(*column)) {
            text.push_str(&look.paint(*tone, words));
            if column < last {
                let filled = words.chars().count();
                text.push_str(&" ".repeat(widths[column] - filled + GAP));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_characters_and_no_line_ends_in_spaces() {
        let rows = vec![
            [Cell::plain("größer"), Cell::plain("x")],
            [Cell::plain("b"), Cell::plain("two\nlines")],
            [Cell::plain("c"), Cell::plain("")],
        ];
        let look = Look::new(false, None);
        assert_eq!(
            lines(["A", "B"], rows, look),
            "A        B\ngrößer   x\nb        two lines\nc\n"
        );
        assert_eq!(lines(["A"], Vec::new(), look), "");
        let rows = vec![[Cell::plain("1"), Cell::plain("hidden"), Cell::plain("3")]];
        assert_eq!(lines(["A", "", "C"], rows, look), "A   C\n1   3\n");
    }
}

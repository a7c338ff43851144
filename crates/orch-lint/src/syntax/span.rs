//! Places in a file: one-based lines, zero-based columns in characters.

use smol_str::SmolStr;

/// A place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Pos {
    /// One-based line.
    pub(crate) line: u32,
    /// Zero-based column, in characters.
    pub(crate) column: u32,
}

/// A stretch of text, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Span {
    /// First character.
    pub(crate) start: Pos,
    /// One past the last character.
    pub(crate) end: Pos,
}

/// An identifier and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Name {
    /// The identifier without `r#`.
    pub(crate) text: SmolStr,
    /// Where it stands.
    pub(crate) span: Span,
}

impl Span {
    /// From the start of `self` to the end of `last`.
    pub(crate) fn to(self, last: Span) -> Span {
        Span {
            start: self.start,
            end: last.end,
        }
    }

    /// Whether `other` lies inside.
    pub(crate) fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The first line, empty: for findings about a whole file.
    pub(crate) fn file_start() -> Span {
        let start = Pos { line: 1, column: 0 };
        Span { start, end: start }
    }
}

/// Byte offsets of the lines of a text.
#[derive(Debug)]
pub(crate) struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// Finds the lines of `text`. A byte order mark belongs to no column.
    pub(crate) fn new(text: &'a str) -> Self {
        let first = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut starts = vec![first];
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        starts.extend(breaks.map(|(at, _)| at + 1));
        LineIndex { text, starts }
    }

    /// The byte offset of a place; places past the end of a line clamp to its end.
    pub(crate) fn byte(&self, pos: Pos) -> usize {
        let line = (pos.line.max(1) as usize - 1).min(self.starts.len() - 1);
        let start = self.starts[line];
        let end = self
            .starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        let mut chars = self.text[start..end.max(start)].char_indices();
        chars
            .nth(pos.column as usize)
            .map_or(end.max(start), |(at, _)| start + at)
    }

    /// The place of a byte offset.
    pub(crate) fn pos(&self, byte: usize) -> Pos {
        let line = self.starts.partition_point(|start| *start <= byte).max(1) - 1;
        let start = self.starts[line].min(byte);
        let column = self.text[start..byte].chars().count();
        Pos {
            line: saturate(line + 1),
            column: saturate(column),
        }
    }

    /// The span of a byte range.
    pub(crate) fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        Span {
            start: self.pos(bytes.start),
            end: self.pos(bytes.end),
        }
    }

    /// The text of a one-based line, without its line break.
    pub(crate) fn line(&self, line: u32) -> &'a str {
        let at = (line.max(1) as usize - 1).min(self.starts.len() - 1);
        let start = self.starts[at];
        let end = self
            .starts
            .get(at + 1)
            .map_or(self.text.len(), |next| next - 1);
        self.text[start..end.max(start)].trim_end_matches('\r')
    }
}

fn saturate(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_places_agree_beyond_ascii() {
        let text = "a\nüber x\n";
        let index = LineIndex::new(text);
        let at = text.find('x').unwrap();
        let pos = index.pos(at);
        assert_eq!((pos.line, pos.column), (2, 5));
        assert_eq!(index.byte(pos), at);
    }

    #[test]
    fn a_byte_order_mark_has_no_column() {
        let index = LineIndex::new("\u{feff}struct A;");
        assert_eq!(index.byte(Pos { line: 1, column: 7 }), 10);
        assert_eq!(index.line(1), "struct A;");
    }
}

//! Fixes: edits that take a finding away.
//!
//! A rule proposes a fix when it reports ([`Proposal`]). The edits are made later, when bytes are known,
//! and a proposal may still turn out to be impossible: what stands there is not of a form that it knows.
//!
//! **Invariant:** the edits of a fix are in the file of its finding, in order, and do not overlap.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Range;

use crate::finding::Place;
use crate::syntax::comments::{Kind, Lexeme, scan};
use crate::syntax::span::LineIndex;
use crate::syntax::{Pos, Span};

/// Who decides whether a fix is applied.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// The program does the same as before: it can be applied unseen.
    Safe,
    /// What the program does changes, or other places have to follow: a person looks at it.
    Unsafe,
}

impl Applicability {
    /// `safe` or `unsafe`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        }
    }
}

/// What takes a finding away.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// What is done, as a command: `write async fn`.
    pub title: String,
    /// Who decides.
    pub applicability: Applicability,
    /// The edits, in the order of the file. At least one.
    pub edits: Vec<Edit>,
}

/// A stretch of a file, and what to put there.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// The bytes that go; empty where something is only put in.
    pub bytes: Range<usize>,
    /// Where they begin.
    pub start: Place,
    /// Where they end, exclusive.
    pub end: Place,
    /// What comes instead, with the line ends of the file.
    pub replacement: String,
    /// The lines that it touches, for rendering.
    pub(crate) lines: Vec<String>,
}

/// What a rule does to the bytes of a file.
pub(crate) type Changes = Vec<(Range<usize>, String)>;

/// Makes the changes of a fix, or finds that it is impossible.
type Write = dyn Fn(&Source<'_>) -> Option<Changes> + Send;

/// A fix whose edits are not made yet.
pub(crate) struct Proposal {
    pub(crate) title: String,
    pub(crate) applicability: Applicability,
    pub(crate) write: Box<Write>,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proposal")
            .field("title", &self.title)
            .field("applicability", &self.applicability)
            .finish_non_exhaustive()
    }
}

impl Proposal {
    /// The fix, when it is possible.
    pub(crate) fn make(self, source: &Source<'_>) -> Option<Fix> {
        let mut changes = (self.write)(source)?;
        changes.sort_by_key(|(bytes, _)| (bytes.start, bytes.end));
        let is_apart = changes.windows(2).all(|two| two[0].0.end <= two[1].0.start);
        if changes.is_empty() || !is_apart {
            return None;
        }
        let edits = changes.into_iter();
        Some(Fix {
            title: self.title,
            applicability: self.applicability,
            edits: edits
                .map(|(bytes, text)| source.edit(bytes, &text))
                .collect(),
        })
    }
}

/// A file, as fixes look at it.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    pub(crate) text: &'t str,
    pub(crate) index: LineIndex<'t>,
    lexemes: OnceCell<Vec<Lexeme>>,
}

impl<'t> Source<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Source {
            text,
            index: LineIndex::new(text),
            lexemes: OnceCell::new(),
        }
    }

    /// Where a place is.
    pub(crate) fn byte(&self, pos: Pos) -> usize {
        self.index.byte(pos)
    }

    /// Where a stretch is.
    pub(crate) fn bytes(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start);
        start..self.byte(span.end).max(start)
    }

    /// An edit of this file.
    pub(crate) fn edit(&self, bytes: Range<usize>, text: &str) -> Edit {
        let (start, end) = (self.index.pos(bytes.start), self.index.pos(bytes.end));
        let lines = (start.line..=end.line).map(|line| self.index.line(line).to_owned());
        let place = |pos: Pos| Place {
            line: pos.line,
            column: pos.column + 1,
        };
        Edit {
            bytes,
            start: place(start),
            end: place(end),
            replacement: self.with_line_ends(text),
            lines: lines.collect(),
        }
    }

    /// The words and signs of Rust before a byte, the nearest first; no comments.
    pub(crate) fn before(&self, byte: usize) -> impl Iterator<Item = &Lexeme> {
        let lexemes = self.lexemes();
        let count = lexemes.partition_point(|of| of.bytes.end <= byte);
        lexemes[..count].iter().rev().filter(|of| is_code(of))
    }

    /// The words and signs of Rust from a byte on; no comments.
    pub(crate) fn from(&self, byte: usize) -> impl Iterator<Item = &Lexeme> {
        let lexemes = self.lexemes();
        let first = lexemes.partition_point(|of| of.bytes.start < byte);
        lexemes[first..].iter().filter(|of| is_code(of))
    }

    /// Where the blanks from a byte on end.
    pub(crate) fn next_word(&self, byte: usize) -> usize {
        self.text.len() - self.text[byte..].trim_start().len()
    }

    /// The whole lines of a stretch that stands alone in them; else the stretch with the blanks behind it.
    pub(crate) fn lines_or(&self, bytes: Range<usize>) -> Range<usize> {
        let is_blank = |c: char| c == ' ' || c == '\t';
        let before = self.text[..bytes.start].trim_end_matches(is_blank);
        let after = self.text[bytes.end..].trim_start_matches(is_blank);
        let line_end = after.strip_prefix("\r\n").or(after.strip_prefix('\n'));
        match line_end {
            Some(rest) if before.ends_with('\n') => before.len()..self.text.len() - rest.len(),
            _ => bytes.start..self.text.len() - after.len(),
        }
    }

    /// The text of a piece.
    pub(crate) fn of(&self, lexeme: &Lexeme) -> &'t str {
        &self.text[lexeme.bytes.clone()]
    }

    fn lexemes(&self) -> &[Lexeme] {
        self.lexemes.get_or_init(|| scan(self.text).collect())
    }

    fn with_line_ends(&self, text: &str) -> String {
        let first = self.text.find('\n');
        let is_crlf = first.is_some_and(|at| self.text[..at].ends_with('\r'));
        if is_crlf {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        }
    }
}

fn is_code(lexeme: &Lexeme) -> bool {
    !matches!(lexeme.kind, Kind::Comment | Kind::Doc)
}

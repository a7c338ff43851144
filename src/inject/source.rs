//! Rust sources as text with syntax: where items begin and end, in bytes.

use std::ops::Range;

use proc_macro2::Span;

use crate::error::{Code, Error, Result};

/// A file that parses, and the text that it was parsed from.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) file: syn::File,
    /// What stands before the syntax: a byte order mark, a `#!` line.
    skipped: usize,
}

impl<'a> Source<'a> {
    /// Parses a text.
    pub(super) fn parse(path: &str, text: &'a str) -> Result<Self> {
        let skipped = skipped(text);
        match syn::parse_str(&text[skipped..]) {
            Ok(file) => Ok(Self {
                text,
                file,
                skipped,
            }),
            Err(error) => {
                let line = error.span().start().line + text[..skipped].matches('\n').count();
                Err(
                    Error::new(Code::NoPlace, format!("{path} does not parse: {error}"))
                        .at(format!("{path}:{line}")),
                )
            }
        }
    }

    /// The bytes of a piece of syntax.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.skipped..range.end + self.skipped
    }

    /// Where the line of `at` begins.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// Behind the end of the line of `at`.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |end| at + end + 1)
    }

    /// Behind the syntax, and behind the inner attributes and comments at the top.
    pub(super) fn top(&self) -> usize {
        let attributes = self.file.attrs.iter().map(|attribute| {
            use syn::spanned::Spanned as _;
            self.range(attribute.span()).end
        });
        attributes
            .max()
            .map_or(self.skipped, |end| self.line_end(end))
    }
}

/// The end of lines of a text.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

fn skipped(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let rest = &text[mark..];
    let is_script = rest.starts_with("#!") && !rest[2..].trim_start().starts_with('[');
    if is_script {
        mark + rest.find('\n').map_or(rest.len(), |end| end + 1)
    } else {
        mark
    }
}

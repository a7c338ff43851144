//! Reading the tokens of a statement.

use super::schema::{Place, fold};
use super::tokens::{Kind, Token, span};
use crate::syntax::span::LineIndex;

/// A place in the tokens of one statement.
pub(super) struct Reader<'r, 't> {
    pub(super) tokens: &'r [Token<'t>],
    pub(super) at: usize,
    pub(super) path: &'r str,
    pub(super) index: &'r LineIndex<'t>,
}

impl<'t> Reader<'_, 't> {
    pub(super) fn peek(&self) -> Option<&Token<'t>> {
        self.tokens.get(self.at)
    }

    pub(super) fn next(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?.clone();
        self.at += 1;
        Some(token)
    }

    /// Whether the next token is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|token| token.is(keyword))
    }

    /// Whether the next token is this punctuation.
    pub(super) fn is_punct(&self, wanted: char) -> bool {
        self.peek().is_some_and(|token| token.is_punct(wanted))
    }

    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let ahead = self.tokens.get(self.at..).unwrap_or_default();
        let found = ahead.len() >= keywords.len()
            && keywords
                .iter()
                .zip(ahead)
                .all(|(keyword, token)| token.is(keyword));
        self.at += if found { keywords.len() } else { 0 };
        found
    }

    pub(super) fn eat_punct(&mut self, wanted: char) -> bool {
        let found = self.is_punct(wanted);
        self.at += usize::from(found);
        found
    }

    /// A reader of some tokens of the same file.
    pub(super) fn part<'p>(&'p self, tokens: &'p [Token<'t>]) -> Reader<'p, 't> {
        Reader {
            tokens,
            at: 0,
            path: self.path,
            index: self.index,
        }
    }

    pub(super) fn place(&self, token: &Token<'t>) -> Place {
        Place {
            path: self.path.into(),
            span: span(self.index, token),
        }
    }

    /// A name; the last part of `schema.name`.
    pub(super) fn name(&mut self) -> Option<Token<'t>> {
        let mut name = self.next().filter(Token::is_name)?;
        while self.eat_punct('.') {
            name = self.next().filter(Token::is_name)?;
        }
        Some(name)
    }

    /// Tokens up to the bracket that closes the one just read.
    pub(super) fn until_close(&mut self) -> Vec<Token<'t>> {
        let mut depth = 1_usize;
        let start = self.at;
        while let Some(token) = self.next() {
            if token.is_punct('(') {
                depth += 1;
            } else if token.is_punct(')') {
                depth -= 1;
                if depth == 0 {
                    return self.tokens[start..self.at - 1].to_vec();
                }
            }
        }
        self.tokens[start..].to_vec()
    }
}

/// Splits at `;`, except inside the body of a trigger.
pub(super) fn split<'s, 't>(all: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut in_trigger = false;
    for (at, token) in all.iter().enumerate() {
        let statement = &all[start..at];
        if token.is("begin") {
            in_trigger |= statement.iter().take(4).any(|of| of.is("trigger"));
        }
        if token.is_punct(';') && (!in_trigger || all[at - 1].is("end")) {
            statements.push(statement);
            start = at + 1;
            in_trigger = false;
        }
    }
    statements.push(&all[start..]);
    statements
}

/// Splits at commas outside brackets.
pub(super) fn split_commas<'s, 't>(all: &'s [Token<'t>]) -> Vec<&'s [Token<'t>]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (at, token) in all.iter().enumerate() {
        if token.is_punct('(') {
            depth += 1;
        } else if token.is_punct(')') {
            depth = depth.saturating_sub(1);
        } else if token.is_punct(',') && depth == 0 {
            parts.push(&all[start..at]);
            start = at + 1;
        }
    }
    parts.push(&all[start..]);
    parts
}

/// The text between the quotes of a string.
pub(super) fn text_of(token: &Token<'_>) -> Option<String> {
    let whole = token.text.trim_start_matches(['e', 'E']);
    let inner = whole.strip_prefix('\'')?.strip_suffix('\'')?;
    (token.kind == Kind::Text).then(|| inner.replace("''", "'"))
}

/// The names among tokens; keywords too, which are no columns.
pub(super) fn names(tokens: &[Token<'_>]) -> Vec<String> {
    let names = tokens.iter().filter(|token| token.is_name());
    names.map(|token| fold(token.text)).collect()
}

/// The columns between the brackets of a key, and whether one of them is an expression.
pub(super) fn columns(body: &[Token<'_>]) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let mut is_expression = false;
    for part in split_commas(body) {
        let has_brackets = part.iter().any(|token| token.is_punct('('));
        match part.first() {
            Some(first) if first.is_name() && !has_brackets => names.push(fold(first.text)),
            _ => is_expression = true,
        }
    }
    (names, is_expression)
}

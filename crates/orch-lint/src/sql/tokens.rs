//! Tokens of SQL: words, literals, punctuation; comments apart.

use std::ops::Range;

use crate::syntax::span::LineIndex;
use crate::syntax::{Mark, Span};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'t> {
    /// What it is.
    pub(super) kind: Kind,
    /// A word without its quotes; other tokens as they are.
    pub(super) text: &'t str,
    /// Its bytes.
    pub(super) bytes: Range<usize>,
}

/// Kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An unquoted word: a keyword or a name.
    Word,
    /// A quoted name.
    Quoted,
    /// A string, also between dollars.
    Text,
    /// One character of punctuation, or a number.
    Punct,
    /// A comment.
    Comment,
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this punctuation.
    pub(super) fn is_punct(&self, wanted: char) -> bool {
        self.kind == Kind::Punct && self.text.starts_with(wanted)
    }

    /// Whether it can name something.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Quoted)
    }
}

/// Splits a text into tokens. Never fails: what is open at the end ends there.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() || first == '\u{feff}' {
            at += first.len_utf8();
            continue;
        }
        let name = found.last().filter(|of| of.is_name());
        let follows = name.is_some_and(|of| of.bytes.end == at);
        let is_array = first == '[' && opens_array(rest, follows);
        let (kind, len) = match is_array {
            true => (Kind::Punct, 1),
            false => token(rest, first),
        };
        let len = len.clamp(first.len_utf8(), rest.len());
        let whole = &rest[..len];
        let text = match kind {
            Kind::Quoted => whole.trim_matches(['"', '`', '[', ']']),
            _ => whole,
        };
        found.push(Token {
            kind,
            text,
            bytes: at..at + len,
        });
        at += len;
    }
    found
}

/// `ARRAY['a']` and `text[]` against the quoted name `[a b]`.
fn opens_array(rest: &str, follows_name: bool) -> bool {
    let inside = rest[1..].trim_start();
    follows_name
        || inside.starts_with(|c: char| matches!(c, '\'' | ']' | '$') || c.is_ascii_digit())
}

fn token(rest: &str, first: char) -> (Kind, usize) {
    if rest.starts_with("--") {
        return (Kind::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Kind::Comment, block_comment(rest));
    }
    match first {
        '\'' => (Kind::Text, quoted(rest, '\'')),
        'e' | 'E' if rest[1..].starts_with('\'') => (Kind::Text, escaped(rest)),
        '"' => (Kind::Quoted, quoted(rest, '"')),
        '`' => (Kind::Quoted, quoted(rest, '`')),
        '[' => (
            Kind::Quoted,
            rest.find(']').map_or(rest.len(), |end| end + 1),
        ),
        '$' => match dollar(rest) {
            Some(len) => (Kind::Text, len),
            None => (Kind::Punct, 1),
        },
        first if first.is_alphabetic() || first == '_' => {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
            (Kind::Word, end.unwrap_or(rest.len()))
        }
        first if first.is_ascii_digit() => {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            (Kind::Punct, end.unwrap_or(rest.len()))
        }
        first => (Kind::Punct, first.len_utf8()),
    }
}

fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// A doubled quote stands for itself.
fn quoted(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, found)) = chars.next() {
        if found == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => {
                    chars.next();
                }
                _ => return at + 1,
            }
        }
    }
    rest.len()
}

/// `E'it\'s'`: a backslash and what follows it stand for a character.
fn escaped(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(2).peekable();
    while let Some((at, found)) = chars.next() {
        let ends = found == '\'' && chars.peek().is_none_or(|(_, next)| *next != '\'');
        match found {
            '\'' if ends => return at + 1,
            '\'' | '\\' => chars.next(),
            _ => None,
        };
    }
    rest.len()
}

/// `$$ .. $$` and `$tag$ .. $tag$`.
fn dollar(rest: &str) -> Option<usize> {
    let end = rest[1..].find('$')? + 2;
    let tag = &rest[..end];
    let is_tag = tag[1..end - 1]
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_');
    let body = is_tag.then(|| rest[end..].find(tag))?;
    Some(body.map_or(rest.len(), |at| end + at + tag.len()))
}

/// Comments that speak to the linter.
pub(crate) fn marks(text: &str) -> Vec<Mark> {
    if !text.contains("orch:") {
        return Vec::new();
    }
    let index = LineIndex::new(text);
    let mut found: Vec<Mark> = Vec::new();
    let mut open = 0;
    for token in tokens(text) {
        if token.kind != Kind::Comment {
            let next = index.pos(token.bytes.start);
            found[open..]
                .iter_mut()
                .for_each(|mark| mark.next = Some(next));
            open = found.len();
            continue;
        }
        let said = token.text.strip_prefix("--").map(str::trim);
        if let Some(said) = said.filter(|said| said.starts_with("orch:")) {
            let before = text[..token.bytes.start].rsplit('\n').next().unwrap_or("");
            found.push(Mark {
                text: said.into(),
                own_line: before.trim().is_empty(),
                span: index.span(token.bytes),
                next: None,
            });
        }
    }
    found
}

/// The span of a token.
pub(super) fn span(index: &LineIndex<'_>, token: &Token<'_>) -> Span {
    index.span(token.bytes.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn quotes_and_dollars_hide_their_content() {
        assert_eq!(texts("a 'it''s; b' \"c;d\""), ["a", "'it''s; b'", "c;d"]);
        assert_eq!(
            texts("DO $x$ a; $$ b; $x$;"),
            ["DO", "$x$ a; $$ b; $x$", ";"]
        );
        assert_eq!(texts("[a b] `c`"), ["a b", "c"]);
        assert_eq!(texts("ARRAY ['a;']"), ["ARRAY", "[", "'a;'", "]"]);
        assert_eq!(texts("text[]"), ["text", "[", "]"]);
        assert_eq!(
            texts(r"E'it\'s; ''a''' e'\\' 'c:\' f"),
            [r"E'it\'s; ''a'''", r"e'\\'", r"'c:\'", "f"]
        );
        assert_eq!(texts(r"E'open\'"), [r"E'open\'"]);
    }

    #[test]
    fn comments_are_tokens_of_their_own() {
        assert_eq!(
            texts("a /* b /* c */ d */ -- e\nf"),
            ["a", "/* b /* c */ d */", "-- e", "f"]
        );
    }
}

//! A scanner that knows comments, strings and brackets, and nothing else of Rust.
//!
//! The parser drops comments, and a search for text would find them inside strings. This is the
//! one place that tells the three apart.

use std::ops::Range;

/// What the scanner tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `//` and `/* */` that document nothing.
    Comment,
    /// `///`, `//!`, `/** */`, `/*! */`.
    Doc,
    /// `(`, `[`, `{`.
    Open,
    /// `)`, `]`, `}`.
    Close,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `<`.
    Less,
    /// `>`.
    Greater,
    /// A word, a literal, any other punctuation.
    Other,
}

/// One scanned piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lexeme {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its bytes.
    pub(crate) bytes: Range<usize>,
}

/// Scans a whole text. Never fails: what is open at the end ends there.
pub(crate) fn scan(text: &str) -> Scanner<'_> {
    Scanner {
        bytes: text.as_bytes(),
        at: 0,
    }
}

/// See [`scan`].
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Scanner<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        while self.peek(0).is_ascii_whitespace() && self.at < self.bytes.len() {
            self.at += 1;
        }
        let start = self.at;
        let first = *self.bytes.get(start)?;
        let kind = match first {
            b'/' if self.peek(1) == b'/' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'"' => self.string(1),
            b'\'' => self.quote(),
            b if b.is_ascii_digit() => self.number(),
            b if is_word(b) => self.word(),
            _ => self.punctuation(first),
        };
        Some(Lexeme {
            kind,
            bytes: start..self.at,
        })
    }
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(b' ')
    }

    fn line_comment(&mut self) -> Kind {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len());
        self.at += length;
        let is_doc =
            rest.starts_with(b"//!") || (rest.starts_with(b"///") && !rest.starts_with(b"////"));
        if is_doc { Kind::Doc } else { Kind::Comment }
    }

    fn block_comment(&mut self) -> Kind {
        let rest = &self.bytes[self.at..];
        let is_doc = rest.starts_with(b"/*!")
            || (rest.starts_with(b"/**")
                && !rest.starts_with(b"/***")
                && !rest.starts_with(b"/**/"));
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        break;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        if is_doc { Kind::Doc } else { Kind::Comment }
    }

    /// A string whose opening quote ends `prefix` bytes ahead.
    fn string(&mut self, prefix: usize) -> Kind {
        self.at += prefix;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        Kind::Other
    }

    fn raw_string(&mut self, prefix: usize, hashes: usize) -> Kind {
        self.at += prefix + hashes + 1;
        while self.at < self.bytes.len() {
            let closes = self.peek(0) == b'"' && (1..=hashes).all(|n| self.peek(n) == b'#');
            if closes {
                self.at += 1 + hashes;
                break;
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        Kind::Other
    }

    /// A character or a lifetime.
    fn quote(&mut self) -> Kind {
        let is_lifetime = is_word(self.peek(1)) && self.peek(1) < 0x80 && self.peek(2) != b'\'';
        if is_lifetime {
            self.at += 1;
            self.skip_word();
            return Kind::Other;
        }
        self.character(1)
    }

    fn character(&mut self, prefix: usize) -> Kind {
        self.at += prefix;
        if self.peek(0) == b'\\' {
            self.at += 2;
        }
        while self.at < self.bytes.len() && self.peek(0) != b'\'' && self.peek(0) != b'\n' {
            self.at += 1;
        }
        self.at = (self.at + 1).min(self.bytes.len());
        Kind::Other
    }

    fn number(&mut self) -> Kind {
        self.skip_word();
        Kind::Other
    }

    /// A word, or a literal that begins with letters: `r"…"`, `br#"…"#`, `c"…"`, `b'x'`.
    fn word(&mut self) -> Kind {
        let rest = &self.bytes[self.at..];
        let letters = rest
            .iter()
            .take(3)
            .take_while(|byte| is_word(**byte))
            .count();
        let prefix = &rest[..letters];
        if matches!(prefix, b"r" | b"br" | b"cr") {
            let hashes = rest[letters..]
                .iter()
                .take_while(|byte| **byte == b'#')
                .count();
            if rest.get(letters + hashes) == Some(&b'"') {
                return self.raw_string(letters, hashes);
            }
        }
        if matches!(prefix, b"b" | b"c") && rest.get(1) == Some(&b'"') {
            return self.string(2);
        }
        if prefix == b"b" && rest.get(1) == Some(&b'\'') {
            return self.character(2);
        }
        self.skip_word();
        Kind::Other
    }

    fn skip_word(&mut self) {
        while self.at < self.bytes.len() && is_word(self.peek(0)) {
            self.at += 1;
        }
    }

    fn punctuation(&mut self, first: u8) -> Kind {
        self.at += 1;
        match first {
            b'(' | b'[' | b'{' => Kind::Open,
            b')' | b']' | b'}' => Kind::Close,
            b',' => Kind::Comma,
            b';' => Kind::Semicolon,
            b'<' => Kind::Less,
            b'>' => Kind::Greater,
            b'-' | b'=' if self.peek(0) == b'>' => {
                self.at += 1;
                Kind::Other
            }
            _ => Kind::Other,
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Vec<&str> {
        let found = scan(text).filter(|lexeme| lexeme.kind == Kind::Comment);
        found.map(|lexeme| &text[lexeme.bytes]).collect()
    }

    #[test]
    fn strings_hide_comments() {
        assert_eq!(comments(r#"let a = "// no"; // yes"#), ["// yes"]);
        assert_eq!(comments("let a = r#\"\" // no \"#; // yes"), ["// yes"]);
        assert_eq!(comments(r#"let a = b"\" // no"; // yes"#), ["// yes"]);
        assert_eq!(
            comments(r#"let a = br"// no"; let b = c"// no"; // yes"#),
            ["// yes"]
        );
    }

    #[test]
    fn characters_are_not_lifetimes() {
        assert_eq!(comments("let a = '\"'; // yes"), ["// yes"]);
        assert_eq!(comments(r"let a = '\''; // yes"), ["// yes"]);
        assert_eq!(comments("fn f<'a>(x: &'a str) {} // yes"), ["// yes"]);
        assert_eq!(comments("let a = b'\\''; let b = 'é'; // yes"), ["// yes"]);
    }

    #[test]
    fn block_comments_nest() {
        assert_eq!(
            comments("/* a /* b */ // c */ x // d"),
            ["/* a /* b */ // c */", "// d"]
        );
    }

    #[test]
    fn doc_comments_are_not_plain_comments() {
        assert_eq!(
            comments("/// a\n//! b\n/** c */ /*! d */ /**/ //// e"),
            ["/**/", "//// e"]
        );
    }

    #[test]
    fn a_raw_identifier_is_a_word() {
        assert_eq!(comments("let r#type = 1; // yes"), ["// yes"]);
    }

    #[test]
    fn what_is_open_at_the_end_ends_there() {
        assert_eq!(comments("/* open"), ["/* open"]);
        assert_eq!(comments("let a = \"open \\"), Vec::<&str>::new());
    }
}

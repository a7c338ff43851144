//! Shapes: Rust files that differ in names only are parsed once.
//!
//! A hundred domains make a hundred files of each kind, and parsing them is most of the work. Whether
//! a text parses depends on its words only as far as they are keywords, or stand beside a quote, a
//! backslash or a `#` in some ways: any other name can be in the place of any other. So a text is reduced to its
//! shape, in which those names are all one, and what has the shape of a text that parsed does parse.

use crate::lock::Hash;
use orch_lint::Cache;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Words with a meaning of their own, in any edition and any place.
/// <https://doc.rust-lang.org/reference/keywords.html>
const KEYWORDS: &[&str] = &[
    "Self",
    "_",
    "abstract",
    "as",
    "async",
    "auto",
    "await",
    "become",
    "box",
    "break",
    "builtin",
    "const",
    "continue",
    "crate",
    "default",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "macro_rules",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "raw",
    "ref",
    "return",
    "safe",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// The shapes of texts that parsed.
#[derive(Debug, Default)]
pub struct Shapes<'f> {
    seen: Mutex<HashSet<Hash>>,
    facts: Option<&'f Cache>,
}

impl<'f> Shapes<'f> {
    /// Of texts that are linted right after: they are parsed one by one, for the linter too.
    #[must_use]
    pub fn linted(facts: Option<&'f Cache>) -> Self {
        Self {
            seen: Mutex::default(),
            facts,
        }
    }

    /// Why a text is no Rust file, with the line.
    pub(super) fn not_rust(&self, text: &str) -> Option<String> {
        let told = |(line, why): (usize, String)| {
            let at = text.lines().nth(line.saturating_sub(1));
            let at = at.unwrap_or_default().trim();
            format!("not Rust, line {line}: {why}: `{at}`")
        };
        match self.facts {
            Some(facts) => facts.check(text).err().map(told),
            None => self.wrong(text, |text| parse(text).err().map(told)),
        }
    }

    /// What `parse` finds wrong with a text, unless one of its shape was found right.
    fn wrong(&self, text: &str, parse: impl Fn(&str) -> Option<String>) -> Option<String> {
        let shape = Hash::of(&shape(text));
        if self.lock().contains(&shape) {
            return None;
        }
        let wrong = parse(text);
        if wrong.is_none() {
            self.lock().insert(shape);
        }
        wrong
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Hash>> {
        // A set is whole whenever its lock is free.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where and why a text is no Rust file.
fn parse(text: &str) -> std::result::Result<(), (usize, String)> {
    let parsed = syn::parse_file(text);
    let wrong = parsed.map_err(|error| (error.span().start().line, error.to_string()));
    // No span of it is asked for any more, and a copy of every text would be kept for those.
    proc_macro2::extra::invalidate_current_thread_spans();
    wrong.map(drop)
}

/// The text with one name in the place of all names.
fn shape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut shape = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !is_word(*byte) {
            shape.push(*byte);
            at += 1;
            continue;
        }
        let length = bytes[at..]
            .iter()
            .take_while(|byte| is_word(**byte))
            .count();
        let end = at + length;
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let word = &text[at..end];
        let is_name = !byte.is_ascii_digit()
            && !KEYWORDS.contains(&word)
            && !before.is_some_and(|byte| is_special(*byte))
            && !bytes.get(end).is_some_and(|byte| begins(word, *byte));
        if is_name {
            shape.push(b'x');
        } else {
            shape.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    shape
}

/// What is no ASCII is a part of words too, and stays as it is: a word with some of it is no name.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a word behind it may be more than a name: a character, a lifetime, an escape, a raw name, or
/// the rest of a word.
const fn is_special(before: u8) -> bool {
    matches!(before, b'\'' | b'#' | b'\\') || !before.is_ascii()
}

/// Whether a word and what is behind it may be the beginning of something else than a name. The end of a
/// text in quotes looks like the prefix of one; only a few words are prefixes.
fn begins(word: &str, behind: u8) -> bool {
    match behind {
        b'"' => matches!(word, "r" | "b" | "c" | "br" | "cr"),
        b'\'' | b'#' => true,
        _ => !behind.is_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(one: &str, other: &str) -> bool {
        shape(one) == shape(other)
    }

    #[test]
    fn names_are_all_one() {
        assert!(same("fn pay(id: OpId) {}", "fn refund(key: Uuid) {}"));
        assert!(same(
            "//! Pays.\nlet a = \"one two\";",
            "//! Refunds.\nlet b = \"one three\";"
        ));
    }

    /// A name in the place of one of these would be another syntax.
    #[test]
    fn what_is_more_than_a_name_is_not() {
        for (one, other) in [
            ("fn pay() {}", "fn loop() {}"),
            ("let _ = 1;", "let a = 1;"),
            ("let a = 'a';", "let a = 'ab';"),
            ("r\"a\\ \"", "x\"a\\ \""),
            ("r#type", "r#crate"),
            ("\"a \\n\"", "\"a \\q\""),
            ("let a = 1u8;", "let a = 1e;"),
            ("let ä = 1;", "let a = 1;"),
            ("union A {}", "struct A {}"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_wrong_text_is_parsed_again_and_a_right_one_is_not() {
        let shapes = Shapes::default();
        let count = std::cell::Cell::new(0);
        let parse = |text: &str| {
            count.set(count.get() + 1);
            syn::parse_file(text).err().map(|error| error.to_string())
        };
        for text in ["fn pay() {}", "fn refund() {}", "fn fn() {}", "fn fn() {}"] {
            assert_eq!(
                shapes.wrong(text, parse).is_some(),
                text.contains("fn fn"),
                "{text}"
            );
        }
        assert_eq!(count.get(), 3);
    }

    /// Every word that syn knows as a token of its own.
    #[test]
    fn no_keyword_of_the_parser_is_missing() {
        for word in [
            "abstract", "unsized", "virtual", "yield", "try", "union", "auto", "default", "raw",
            "safe",
        ] {
            assert!(KEYWORDS.contains(&word), "{word}");
        }
        assert!(KEYWORDS.is_sorted());
        for word in KEYWORDS {
            assert_eq!(shape(word), word.as_bytes());
        }
    }

    const TEXTS: [&str; 2] = [
        include_str!("../../examples/payment/src/payment/generated/command.rs"),
        include_str!("../../examples/payment/tests/payment/outcomes.rs"),
    ];

    proptest! {
        /// Whatever name takes the place of another: what has one shape parses, or does not.
        #[test]
        fn what_has_one_shape_parses_alike(
            which in 0..TEXTS.len(),
            at in any::<prop::sample::Index>(),
            name in "[A-Za-z_'\"#\\\\0-9]{1,6}|loop|union|_|r|br|crate|self",
        ) {
            let text = TEXTS[which];
            let starts: Vec<usize> = text.match_indices(|c: char| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
            let start = starts[at.index(starts.len())];
            let length = text[start..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(0);
            let other = format!("{}{name}{}", &text[..start], &text[start + length..]);
            if same(text, &other) {
                prop_assert!(syn::parse_file(&other).is_ok(), "{name} at {start}");
            }
        }
    }
}

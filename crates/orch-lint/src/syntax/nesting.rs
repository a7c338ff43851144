//! How deep the parser would have to recurse, without parsing.
//!
//! A parser descends for each bracket, and for each token of `!!!!x`, `a + b + c` or
//! `Vec<Vec<Vec<…`. Between two separators of one level it can descend at most once per token, so
//! the sum of the open runs bounds its depth.

use super::comments::{Kind, scan};

/// More than this is not parsed. Of 9 500 published files the deepest has 2 300, the next 620.
pub(crate) const LIMIT: usize = 4_000;

/// Whether a text is flat enough to be parsed on the stack that parsing gets.
pub(crate) fn is_flat_enough(text: &str) -> bool {
    let mut levels = vec![Level::default()];
    let mut depth = 0_usize;
    let mut after_brace = false;
    for lexeme in scan(text) {
        let top = levels.len() - 1;
        let token = &text[lexeme.bytes];
        if after_brace && begins_anew(token) {
            depth -= levels[top].restart();
        }
        after_brace = token == "}";
        match lexeme.kind {
            Kind::Comment | Kind::Doc => continue,
            Kind::Open => {
                depth += 1;
                levels.push(Level { run: 1, angles: 0 });
            }
            Kind::Close if top > 0 => {
                depth -= levels[top].run;
                levels.pop();
                levels[top - 1].run += 1;
                depth += 1;
            }
            Kind::Comma => depth -= levels[top].restart(),
            Kind::Semicolon => {
                levels[top].angles = 0;
                depth -= levels[top].restart();
            }
            kind => {
                levels[top].count(kind);
                depth += 1;
            }
        }
        if depth > LIMIT {
            return false;
        }
    }
    true
}

/// Whether a token behind `}` begins another item or statement.
fn begins_anew(token: &str) -> bool {
    let is_word = token.starts_with(|first: char| first.is_alphabetic() || first == '_');
    (is_word && !matches!(token, "else" | "as")) || matches!(token, "#" | "}")
}

#[derive(Default)]
struct Level {
    /// Tokens since the last separator.
    run: usize,
    /// `<` that are still open, or comparisons.
    angles: usize,
}

impl Level {
    fn count(&mut self, kind: Kind) {
        self.run += 1;
        match kind {
            Kind::Less => self.angles += 1,
            Kind::Greater => self.angles = self.angles.saturating_sub(1),
            _ => {}
        }
    }

    /// Forgets the run, but not the open angle brackets; says by how much the run shrank.
    fn restart(&mut self) -> usize {
        let kept = self.run.min(self.angles * 2);
        let gone = self.run - kept;
        self.run = kept;
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_but_flat_is_fine() {
        assert!(is_flat_enough(&"fn f() { g(1, 2); }\n".repeat(50_000)));
        assert!(is_flat_enough(&format!(
            "const A: &[u8] = &[{}];",
            "1, ".repeat(200_000)
        )));
    }

    #[test]
    fn deep_is_refused_in_every_spelling() {
        for (open, middle, close) in [
            ("(", "1", ")"),
            ("!", "true", ""),
            ("{", "", "}"),
            ("1 + ", "1", ""),
            ("Vec<", "u8", ">"),
            ("Map<u8, ", "u8", ">"),
            ("if a {} else ", "{}", ""),
            ("|a| ", "1", ""),
            ("a.b().", "c", ""),
        ] {
            let text = format!(
                "const A: T = {}{middle}{};",
                open.repeat(100_000),
                close.repeat(100_000)
            );
            assert!(!is_flat_enough(&text), "{open}");
        }
    }

    #[test]
    fn stray_closing_brackets_do_not_matter() {
        assert!(is_flat_enough(")]}"));
    }
}

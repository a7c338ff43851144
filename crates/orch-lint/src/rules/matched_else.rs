//! `if let … else` and `let … else` written as a `match` that names what the `else` stands for.

use crate::fix::{Changes, Source};
use crate::syntax::comments::Lexeme;
use crate::syntax::{Pat, Pos, Span};

/// Where a pattern with an `else` stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// `if let pat = value { .. } else { .. }`.
    If {
        /// Where the `if` is.
        start: Pos,
        /// The first block.
        then: Span,
        /// The other block.
        otherwise: Span,
    },
    /// `let pat = value else { .. };`.
    Let {
        /// The block.
        otherwise: Span,
    },
}

/// The same as a `match`.
#[derive(Debug, Clone)]
pub(super) struct Matched {
    place: Place,
    pat: Span,
    /// The variables of the pattern.
    names: Vec<String>,
    /// A pattern for everything else.
    rest: String,
}

impl Matched {
    /// With a pattern for everything else.
    pub(super) fn new(place: Place, pat: &Pat, rest: String) -> Self {
        let mut names = Vec::new();
        pat.each_name(&mut |name| {
            if name.starts_with(|first: char| !first.is_uppercase())
                && !names.iter().any(|of| of == name)
            {
                names.push(name.to_owned());
            }
        });
        Matched {
            place,
            pat: pat.span,
            names,
            rest,
        }
    }

    /// The edits. `None` where a comment would be lost, or what the pattern binds is changed later.
    pub(super) fn written(&self, source: &Source<'_>) -> Option<Changes> {
        let pat = source.bytes(self.pat);
        let equals = source.from(pat.end).next()?;
        if source.of(equals) != "=" {
            return None;
        }
        let value = equals.bytes.end;
        match self.place {
            Place::If {
                start,
                then,
                otherwise,
            } => {
                let start = source.byte(start);
                self.of_if(source, start, value, [then, otherwise])
            }
            Place::Let { otherwise } => self.of_let(source, value, otherwise),
        }
    }

    fn of_if(
        &self,
        source: &Source<'_>,
        start: usize,
        value: usize,
        blocks: [Span; 2],
    ) -> Option<Changes> {
        let pat = source.bytes(self.pat);
        let [then, otherwise] = blocks.map(|span| source.bytes(span));
        let mut before = source.before(start);
        let is_chained = before.next().is_some_and(|of| source.of(of) == "else");
        let head = source.text[start..pat.start].split_whitespace();
        let between = source.text[then.end..otherwise.start].trim();
        if is_chained || !head.eq(["if", "let"]) || between != "else" {
            return None;
        }
        let value = source.text[value..then.start].trim();
        let pattern = &source.text[pat];
        Some(vec![
            (start..then.start, format!("match {value} {{ {pattern} => ")),
            (then.end..otherwise.start, format!(" {} => ", self.rest)),
            (otherwise.end..otherwise.end, " }".to_owned()),
        ])
    }

    fn of_let(&self, source: &Source<'_>, value: usize, otherwise: Span) -> Option<Changes> {
        let (pat, otherwise) = (source.bytes(self.pat), source.bytes(otherwise));
        let word = |byte, text| {
            let mut before = source.before(byte);
            before.next().filter(|of| source.of(of) == text)
        };
        let (first, last) = (word(pat.start, "let")?, word(otherwise.start, "else")?);
        let is_blank = |from: usize, to: usize| source.text[from..to].trim().is_empty();
        let is_bare = is_blank(first.bytes.end, pat.start)
            && is_blank(last.bytes.end, otherwise.start)
            && !self.is_moved(source);
        if !is_bare {
            return None;
        }
        let value = source.text[value..last.bytes.start].trim();
        let (pattern, rest) = (&source.text[pat], &self.rest);
        let (bound, arm) = match self.names.as_slice() {
            [] => (String::new(), "{}".to_owned()),
            [only] => (format!("let {only} = "), only.clone()),
            all => {
                let all = format!("({})", all.join(", "));
                (format!("let {all} = "), all)
            }
        };
        let begin = format!("{bound}match {value} {{ {pattern} => {arm}, {rest} => ");
        Some(vec![
            (first.bytes.start..otherwise.start, begin),
            (otherwise.end..otherwise.end, " }".to_owned()),
        ])
    }

    /// Whether a variable of the pattern is `mut` or `ref`: it would be another one behind the `match`.
    fn is_moved(&self, source: &Source<'_>) -> bool {
        let pat = source.bytes(self.pat);
        let is_inside = |of: &&Lexeme| of.bytes.end <= pat.end;
        let mut words = source.from(pat.start).take_while(is_inside);
        words.any(|of| matches!(source.of(of), "mut" | "ref"))
    }
}

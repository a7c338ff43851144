//! Patterns: a restricted regular expression over the whole value.
//!
//! A pattern is a row of characters and classes, each with an optional count: `[0-9a-f]{64}`,
//! `[A-Z]{2}\d+`, `INV-[0-9]{4,8}`. There are no groups, alternatives, anchors or negations, and
//! a counted class may not be followed by something it could swallow. So a value is checked in one
//! pass from left to right, no value takes long, and generated code needs no regex engine.

use crate::error::{Code, Error, Result};

/// The largest count in a pattern.
const MAX_COUNT: u32 = 4096;

/// A checked pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

/// Characters of one class, as often as its count says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// The class as inclusive ranges.
    pub ranges: Vec<(char, char)>,
    /// At least so many.
    pub min: u32,
    /// At most so many; `None` is any number.
    pub max: Option<u32>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When the text uses more than classes and counts, or is ambiguous.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().any(is_invisible) {
            return Err(refuse(text, "it holds a character that nobody sees"));
        }
        let mut chars = text.chars().collect::<Vec<_>>();
        chars.reverse();
        let mut parts = Vec::new();
        while let Some(first) = chars.pop() {
            let ranges = class(first, &mut chars).map_err(|why| refuse(text, why))?;
            let (min, max) = count(&mut chars).map_err(|why| refuse(text, why))?;
            parts.push(Part { ranges, min, max });
        }
        if parts.is_empty() {
            return Err(refuse(text, "it is empty"));
        }
        if ambiguous(&parts) {
            return Err(refuse(
                text,
                "a repeated class could swallow what follows it",
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The pattern as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts from left to right.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// A value that matches, made of the first or of the last character of each class.
    #[must_use]
    pub fn sample(&self, last: bool) -> String {
        self.parts.iter().map(|part| part.sample(last)).collect()
    }

    /// Whether the whole of `value` matches.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let mut rest = value.chars().peekable();
        for part in &self.parts {
            let mut count = 0;
            while part.max.is_none_or(|max| count < max)
                && rest.next_if(|c| part.contains(*c)).is_some()
            {
                count += 1;
            }
            if count < part.min {
                return false;
            }
        }
        rest.next().is_none()
    }
}

impl Part {
    fn contains(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&c))
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.ranges.iter().any(|(a, b)| {
            other
                .ranges
                .iter()
                .any(|(first, last)| a <= last && first <= b)
        })
    }

    fn sample(&self, last: bool) -> String {
        let c = if last {
            self.ranges.last().map(|r| r.1)
        } else {
            self.ranges.first().map(|r| r.0)
        };
        let count = self.min.max(self.max.unwrap_or(3).min(3));
        c.map_or_else(String::new, |c| {
            std::iter::repeat_n(c, count as usize).collect()
        })
    }
}

/// Whether a class of variable count is followed by something that it could take as its own.
fn ambiguous(parts: &[Part]) -> bool {
    parts.iter().enumerate().any(|(index, part)| {
        let variable = part.max != Some(part.min);
        let mut reach = parts[index + 1..].iter();
        variable
            && reach.by_ref().try_for_each(|next| {
                if part.overlaps(next) {
                    Err(true)
                } else if next.min > 0 {
                    Err(false)
                } else {
                    Ok(())
                }
            }) == Err(true)
    })
}

/// Whether a character is none to look at: a control, or one that turns the direction of text or has no
/// width. In source code it would hide what is checked.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{feff}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
        )
}

type Why = &'static str;

fn class(first: char, rest: &mut Vec<char>) -> std::result::Result<Vec<(char, char)>, Why> {
    match first {
        '[' => bracket(rest),
        '\\' => escape(rest),
        '.' => Err("`.` matches anything: name the characters, as in `[A-Za-z0-9]`"),
        '^' | '$' => Err("the whole value is matched: leave out `^` and `$`"),
        '(' | ')' | '|' => Err("groups and alternatives are not supported: use `enum(a|b)`"),
        '*' | '+' | '?' | '{' | '}' | ']' => {
            Err("a count or bracket stands alone: write `\\` before it")
        }
        c => Ok(vec![(c, c)]),
    }
}

fn escape(rest: &mut Vec<char>) -> std::result::Result<Vec<(char, char)>, Why> {
    match rest.pop() {
        Some('d') => Ok(vec![('0', '9')]),
        Some('w') => Ok(vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        Some(c) if c.is_ascii_punctuation() => Ok(vec![(c, c)]),
        _ => Err("after `\\` only `d`, `w` and punctuation are known"),
    }
}

fn bracket(rest: &mut Vec<char>) -> std::result::Result<Vec<(char, char)>, Why> {
    let mut ranges = Vec::new();
    loop {
        match rest.pop() {
            None => return Err("`[` is not closed"),
            Some(']') if ranges.is_empty() => return Err("`[]` matches nothing"),
            Some(']') => return Ok(ranges),
            Some('^') if ranges.is_empty() => {
                return Err("`[^…]` is not supported: list what may be there");
            }
            Some('\\') => ranges.extend(escape(rest)?),
            Some(first) => ranges.push(range(first, rest)?),
        }
    }
}

fn range(first: char, rest: &mut Vec<char>) -> std::result::Result<(char, char), Why> {
    let is_range = rest.last() == Some(&'-') && rest.len() > 1 && rest[rest.len() - 2] != ']';
    if !is_range {
        return Ok((first, first));
    }
    rest.pop();
    match rest.pop() {
        Some('\\') => Err("a range ends with a plain character"),
        Some(last) if first <= last => Ok((first, last)),
        _ => Err("a range runs backwards"),
    }
}

fn count(rest: &mut Vec<char>) -> std::result::Result<(u32, Option<u32>), Why> {
    let simple = match rest.last() {
        Some('*') => (0, None),
        Some('+') => (1, None),
        Some('?') => (0, Some(1)),
        Some('{') => return braces(rest),
        _ => return Ok((1, Some(1))),
    };
    rest.pop();
    Ok(simple)
}

fn braces(rest: &mut Vec<char>) -> std::result::Result<(u32, Option<u32>), Why> {
    rest.pop();
    let mut inner = String::new();
    loop {
        match rest.pop() {
            Some('}') => break,
            Some(c) => inner.push(c),
            None => return Err("`{` is not closed"),
        }
    }
    let number = |text: &str| match text.parse::<u32>() {
        Ok(n) if n <= MAX_COUNT => Ok(n),
        _ => Err("a count is a number up to 4096"),
    };
    match inner.split_once(',') {
        None => number(&inner).map(|n| (n, Some(n))),
        Some((min, "")) => Ok((number(min)?, None)),
        Some((min, max)) => match (number(min)?, number(max)?) {
            (min, max) if min <= max => Ok((min, Some(max))),
            _ => Err("a count runs backwards"),
        },
    }
}

fn refuse(text: &str, why: &str) -> Error {
    let what = format!("the pattern `{}` is not usable: {why}", text.escape_debug());
    Error::new(Code::FieldConstraint, what)
        .help("a row of characters and classes with counts, such as `[0-9a-f]{64}`")
}

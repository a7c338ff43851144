//! Just enough of Rust's syntax to see where one line of it may be broken.

use super::INNER_WIDTH;

/// Walks over `code`, leaving out what stands in strings: `(position, character, depth)`, where an
/// opening bracket has the depth outside of it, as its closing one has.
fn walk(code: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    code.char_indices().filter_map(move |(at, c)| {
        if quoted {
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            return None;
        }
        match c {
            '"' => {
                quoted = true;
                None
            }
            '(' | '[' | '{' => {
                depth += 1;
                Some((at, c, depth - 1))
            }
            ')' | ']' | '}' => {
                // A bracket that was opened on a line above.
                depth = depth.checked_sub(1).unwrap_or(usize::MAX / 2);
                Some((at, c, depth))
            }
            _ => Some((at, c, depth)),
        }
    })
}

/// Whether every bracket and string of `code` is closed, and nothing was left open above it.
pub(super) fn is_complete(code: &str) -> bool {
    let mut open = 0_usize;
    for (_, c, _) in walk(code) {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' if open == 0 => return false,
            ')' | ']' | '}' => open -= 1,
            _ => {}
        }
    }
    open == 0 && strings_are_closed(code)
}

fn strings_are_closed(code: &str) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    for c in code.chars() {
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
    }
    !quoted
}

/// The parts of `code` between `separator`s outside of all brackets, generics among them.
pub(super) fn split_at_top(code: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut cuts = Vec::new();
    let mut angles = 0_usize;
    let mut previous = ' ';
    for (at, c, depth) in walk(code) {
        match c {
            '<' => angles += 1,
            '>' if previous != '-' && previous != '=' => angles = angles.saturating_sub(1),
            _ if c == separator && depth == 0 && angles == 0 => cuts.push(at),
            _ => {}
        }
        previous = c;
    }
    let mut start = 0;
    cuts.push(code.len());
    cuts.into_iter().filter_map(move |cut| {
        let part = code.get(start..cut)?;
        start = cut + 1;
        (!part.trim().is_empty()).then_some(part)
    })
}

/// `head(arguments)tail`.
pub(super) struct Call<'a> {
    pub(super) head: &'a str,
    pub(super) arguments: &'a str,
    pub(super) tail: &'a str,
}

impl<'a> Call<'a> {
    /// The first pair of round brackets.
    pub(super) fn first(code: &'a str) -> Option<Self> {
        let (open, ..) = walk(code).find(|(_, c, depth)| *c == '(' && *depth == 0)?;
        Self::at(code, open)
    }

    /// The last pair of round brackets, when nothing but `?` and `.await` follow it.
    pub(super) fn last(code: &'a str) -> Option<Self> {
        let open = walk(code)
            .filter(|(_, c, depth)| *c == '(' && *depth == 0)
            .last()?;
        let call = Self::at(code, open.0)?;
        let called = !call.head.is_empty() && !call.head.ends_with(' ');
        (called
            && call
                .tail
                .trim_end_matches('?')
                .replace(".await", "")
                .is_empty())
        .then_some(call)
    }

    /// Whether it may be broken behind its bracket where it is the only argument of another call.
    pub(super) const fn opens_in_a_call(&self) -> bool {
        self.head.len() < INNER_WIDTH
    }

    fn at(code: &'a str, open: usize) -> Option<Self> {
        let closes = |&(at, c, depth): &(usize, char, usize)| at > open && c == ')' && depth == 0;
        let (close, ..) = walk(code).find(closes)?;
        Some(Self {
            head: &code[..open],
            arguments: &code[open + 1..close],
            tail: &code[close + 1..],
        })
    }
}

/// `root.link.link`; a `?` belongs to the link before it.
pub(super) struct Chain<'a> {
    pub(super) root: &'a str,
    pub(super) links: Vec<&'a str>,
}

impl<'a> Chain<'a> {
    pub(super) fn of(code: &'a str) -> Self {
        let is_link = |&(at, c, depth): &(usize, char, usize)| {
            let next = code[at..].chars().nth(1);
            c == '.'
                && depth == 0
                && next.is_some_and(|next| next.is_ascii_lowercase() || next == '_')
        };
        let mut cuts: Vec<usize> = walk(code).filter(is_link).map(|(at, ..)| at).collect();
        // What another operator joins is no chain.
        let joined = walk(code).any(|(_, c, depth)| depth == 0 && c == ' ');
        if joined {
            cuts.clear();
        }
        let root = &code[..cuts.first().copied().unwrap_or(code.len())];
        cuts.push(code.len());
        let links = cuts
            .windows(2)
            .map(|pair| &code[pair[0]..pair[1]])
            .collect();
        Self { root, links }
    }
}

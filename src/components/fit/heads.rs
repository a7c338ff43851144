//! Heads of functions and impls.

use super::scan::{Call, split_at_top};
use super::{MAX_WIDTH, STEP, spaces};

/// `impl<G: A> B for C<G>`, its parts on lines of their own.
pub(super) fn impl_head(head: &str, indent: usize) -> Option<String> {
    if indent + head.len() + 2 <= MAX_WIDTH {
        return None;
    }
    let (outer, inner) = (spaces(indent), spaces(indent + STEP));
    let generics = head
        .split_once("> ")
        .filter(|(first, _)| !first.contains(" for "));
    let (first, second) = match (head.split_once(" for "), generics) {
        (Some((first, second)), _) if indent + first.len() <= MAX_WIDTH => {
            (first.to_owned(), format!("for {second}"))
        }
        (_, Some((first, second))) => (format!("{first}>"), second.to_owned()),
        (_, None) => return None,
    };
    Some(format!("{outer}{first}\n{inner}{second}\n{outer}{{"))
}

pub(super) fn is_fn_head(code: &str) -> bool {
    let words = code
        .split(' ')
        .take_while(|word| ["pub", "async", "fn"].contains(word));
    words.last() == Some("fn")
}

/// A function's head, one parameter per line.
pub(super) fn fn_head(code: &str, indent: usize) -> Option<String> {
    let width = indent + code.len();
    let declared = code.ends_with(';');
    if width < MAX_WIDTH || (width == MAX_WIDTH && !declared) {
        return None;
    }
    let outer = spaces(indent);
    // A declaration that fills the line to its end: rustfmt moves only the answer down.
    if width == MAX_WIDTH
        && let Some((start, answer)) = code.split_once(" -> ")
    {
        return Some(format!("{outer}{start}\n{outer}-> {answer}"));
    }
    let call = Call::first(code)?;
    let lines: String = split_at_top(call.arguments, ',')
        .map(|text| parameter(text.trim(), &spaces(indent + STEP)))
        .collect();
    let Call { head, tail, .. } = call;
    let tail = match tail.strip_suffix(" {") {
        // rustfmt counts the indent of this line twice.
        Some(answer) if 2 * indent + ")".len() + tail.len() > MAX_WIDTH => {
            format!("{answer}\n{outer}{{")
        }
        _ => tail.to_owned(),
    };
    Some(format!("{outer}{head}(\n{lines}{outer}){tail}"))
}

fn parameter(text: &str, indent: &str) -> String {
    let long = indent.len() + text.len() + 1 > MAX_WIDTH;
    match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        Some((outer, inner)) if long => {
            format!("{indent}{outer}<\n{indent}    {inner},\n{indent}>,\n")
        }
        _ => format!("{indent}{text},\n"),
    }
}

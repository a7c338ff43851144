//! Lines that long names make too long, broken as rustfmt breaks them.
//!
//! Templates hold every head, call and chain on one line; a name of thirty letters must not make the
//! output differ from what `cargo fmt` would write. Only the shapes that templates use are known here:
//! heads of functions and impls, chains, and lists of arguments. A line that is not complete in itself
//! stays as it is.

mod heads;
mod lists;
mod older;
mod place;
mod scan;

use self::heads::{fn_head, impl_head, is_fn_head};
pub(super) use self::lists::{arm, array, import, slice, sort_imports};
pub(super) use self::older::older;
use self::place::Place;
use self::scan::is_complete;

/// The longest line.
const MAX_WIDTH: usize = 100;
/// The longest chain, and the longest list of arguments, on one line (`chain_width`,
/// `fn_call_width`).
const INNER_WIDTH: usize = 60;
const STEP: usize = 4;

/// `text` with its long lines broken.
pub(super) fn fit(text: &str) -> String {
    let mut fitted = String::with_capacity(text.len() + 256);
    for line in text.lines() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        match broken(code, indent) {
            Some(lines) => fitted.push_str(&lines),
            None => fitted.push_str(line),
        }
        fitted.push('\n');
    }
    fitted
}

/// What takes the place of a line; nothing when it may stay.
fn broken(code: &str, indent: usize) -> Option<String> {
    if code.len() <= INNER_WIDTH || code.starts_with("//") {
        return None;
    }
    if let Some(head) = code.strip_suffix(" {").filter(|_| code.starts_with("impl")) {
        return impl_head(head, indent);
    }
    if is_fn_head(code) {
        return fn_head(code, indent);
    }
    if let Some(lines) = long_field(code, indent) {
        return Some(lines);
    }
    let (prefix, value, suffix) = statement(code);
    if !is_complete(value) {
        return None;
    }
    let place = Place {
        indent,
        prefix,
        suffix,
    };
    (!place.holds(value)).then(|| place.lines(value))
}

/// A field of a struct whose type does not fit behind its name.
fn long_field(code: &str, indent: usize) -> Option<String> {
    let (name, ty) = code.split_once(": ")?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_type = ty.starts_with(|c: char| c.is_ascii_uppercase()) && !ty.contains(['(', '"']);
    let is_field = is_name && is_type && ty.ends_with(',');
    if !is_field || indent + code.len() <= MAX_WIDTH {
        return None;
    }
    let (outer, inner) = (spaces(indent), spaces(indent + STEP));
    let parts = ty.strip_suffix(">,").and_then(|ty| ty.split_once('<'));
    match parts.filter(|_| inner.len() + ty.len() > MAX_WIDTH) {
        Some((generic, of)) => Some(format!(
            "{outer}{name}: {generic}<\n{inner}{of},\n{outer}>,"
        )),
        None => Some(format!("{outer}{name}:\n{inner}{ty}")),
    }
}

fn spaces(count: usize) -> String {
    " ".repeat(count)
}

/// `let a = ` or `a: `, the value, `;`.
fn statement(code: &str) -> (&str, &str, &str) {
    let at = if code.starts_with("match ") {
        "match ".len()
    } else if ["let ", "const ", "type "]
        .iter()
        .any(|word| code.starts_with(word))
    {
        code.find(" = ").map_or(0, |at| at + " = ".len())
    } else if code.contains(": row.") {
        code.find(": ").map_or(0, |at| at + ": ".len())
    } else {
        0
    };
    let (prefix, rest) = code.split_at(at);
    let suffix = [" {", ";", ","]
        .into_iter()
        .find(|end| rest.ends_with(end))
        .unwrap_or_default();
    (prefix, &rest[..rest.len() - suffix.len()], suffix)
}

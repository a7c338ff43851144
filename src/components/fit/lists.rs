//! Lists whose layout is decided while they are made: imports and arrays.

use super::place::listed;
use super::{INNER_WIDTH, MAX_WIDTH, STEP, spaces};

/// `use <path>::{…};` with its names sorted and filled as rustfmt does.
pub(in crate::components) fn import(path: &str, names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort_by_key(|name| (name.starts_with(char::is_lowercase), name.clone()));
    names.dedup();
    laid_out(&format!("use {path}"), &names)
}

/// Whole imports in rustfmt's order: a path stands before one whose segment goes on, `a::b` before
/// `a1::b`.
pub(in crate::components) fn sort_imports(imports: &mut [String]) {
    imports.sort_by_key(|import| import.trim_end_matches(';').replace("::", "\0"));
}

/// `<head>::{…};` with its names in this order.
pub(super) fn laid_out(head: &str, names: &[String]) -> String {
    if let [name] = names {
        return format!("{head}::{name};");
    }
    let line = format!("{head}::{{{}}};", names.join(", "));
    // rustfmt keeps two columns for the braces it may have to move.
    if line.len() + 2 <= MAX_WIDTH {
        return line;
    }
    let mut text = format!("{head}::{{\n   ");
    let mut width = 3;
    for (at, name) in names.iter().enumerate() {
        // A line is full one column early, but for the last name.
        let room = MAX_WIDTH - usize::from(at + 1 < names.len());
        if width + name.len() + 2 > room {
            text.push_str("\n   ");
            width = 3;
        }
        text.push(' ');
        text.push_str(name);
        text.push(',');
        width += name.len() + 2;
    }
    text.push_str("\n};");
    text
}

/// `[a, b]` where it fits in a line that has `used` characters besides, else one item per line at
/// `indent` (`array_width`), or filled lines when all of them are short.
pub(in crate::components) fn array(items: &[String], indent: usize, used: usize) -> String {
    let line = items.join(", ");
    if line.len() <= INNER_WIDTH && used + line.len() + 2 <= MAX_WIDTH {
        return format!("[{line}]");
    }
    let inner = spaces(indent + STEP);
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    format!("[\n{}{}]", listed(&items, &inner), spaces(indent))
}

/// ` &[a, b]` behind the `=` of a line that has `used` characters besides; a short list that does not fit
/// goes to a line of its own.
pub(in crate::components) fn slice(items: &[String], indent: usize, used: usize) -> String {
    let line = items.join(", ");
    if line.len() <= INNER_WIDTH && used + line.len() + 2 > MAX_WIDTH {
        return format!("\n{}&[{line}]", spaces(indent + STEP));
    }
    format!(" &{}", array(items, indent, used))
}

/// `<pattern> => <value>,` at `indent`, its value in a block where it is too long for a line.
pub(in crate::components) fn arm(pattern: &str, value: &str, indent: usize) -> String {
    let line = format!("{pattern} => {value},");
    if indent + line.len() <= MAX_WIDTH {
        return line;
    }
    let (outer, inner) = (spaces(indent), spaces(indent + STEP));
    format!("{pattern} => {{\n{inner}{value}\n{outer}}}")
}

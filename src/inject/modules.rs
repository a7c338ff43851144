//! `pub mod payment;` in the root of a crate.

use std::ops::Range;

use syn::spanned::Spanned as _;
use syn::{Item, ItemMod};

use super::source::{Source, newline};
use crate::error::{Code, Error, Result};

/// Declares a module; whether it was not declared before.
pub(super) fn declare(path: &str, text: &mut String, name: &str) -> Result<bool> {
    let line = format!("pub mod {name};");
    let source = Source::parse(path, text).map_err(|error| paste(error, &line))?;
    if let Some(known) = outer(&source, name) {
        return match known.content {
            None => Ok(false),
            Some(_) => Err(Error::new(
                Code::Occupied,
                format!("a module `{name}` is there already"),
            )
            .at(path)
            .help("rename it, or choose another name for the domain")),
        };
    }
    let end = newline(text);
    let (at, line) = match neighbour(&source, name) {
        Some(Place::After(at)) if text[..at].ends_with('\n') => (at, format!("{line}{end}")),
        Some(Place::After(at)) => (at, format!("{end}{line}{end}")),
        Some(Place::Before(at)) => (at, format!("{line}{end}")),
        None => alone(&source, &line, end),
    };
    text.insert_str(at, &line);
    Ok(true)
}

/// Whether a library declares a module in a file of its own. One that does not parse declares none.
#[must_use]
pub fn declares(text: &str, name: &str) -> bool {
    let source = Source::parse("", text);
    source.is_ok_and(|source| outer(&source, name).is_some_and(|known| known.content.is_none()))
}

/// The text without the declaration, and without the blank line behind the last one.
pub(super) fn remove(path: &str, text: &str, name: &str) -> Result<String> {
    let source = Source::parse(path, text)?;
    let Some(known) = outer(&source, name).filter(|known| known.content.is_none()) else {
        return Ok(text.to_owned());
    };
    let Range { start, end } = whole(&source, known);
    let before = &text[source.line_start(start)..start];
    let after = &text[end..source.line_end(end)];
    if !before.trim().is_empty() || !after.trim().is_empty() {
        return Ok(text[..start].to_owned() + &text[end..]);
    }
    let (from, mut to) = (source.line_start(start), source.line_end(end));
    let was_alone = !source
        .file
        .items
        .iter()
        .any(|item| is_outer(item, |other| other.ident != name));
    if was_alone
        && text[to..]
            .lines()
            .next()
            .is_some_and(|line| line.trim().is_empty())
    {
        to = source.line_end(to);
    }
    Ok(text[..from].to_owned() + &text[to..])
}

fn paste(error: Error, line: &str) -> Error {
    error.help(format!(
        "put this line there yourself, then run the command again:\n  {line}"
    ))
}

fn outer<'a>(source: &'a Source<'_>, name: &str) -> Option<&'a ItemMod> {
    source.file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => Some(module),
        _ => None,
    })
}

fn is_outer(item: &Item, wanted: impl Fn(&ItemMod) -> bool) -> bool {
    matches!(item, Item::Mod(module) if module.content.is_none() && wanted(module))
}

/// The bytes of an item with its attributes and doc comments.
fn whole(source: &Source<'_>, module: &ItemMod) -> Range<usize> {
    source.range(module.span())
}

enum Place {
    /// Behind a line, or a piece of syntax.
    After(usize),
    Before(usize),
}

/// Beside the declarations that are there: in the order of names in the last group of them.
fn neighbour(source: &Source<'_>, name: &str) -> Option<Place> {
    let group = last_group(source);
    let before = group
        .iter()
        .rev()
        .find(|module| module.ident.to_string().as_str() < name);
    match (before, group.first()) {
        (Some(module), _) => Some(after(source, whole(source, module).end)),
        (None, Some(first)) => {
            let start = whole(source, first).start;
            let line = source.line_start(start);
            let is_free = source.text[line..start].trim().is_empty();
            Some(Place::Before(if is_free { line } else { start }))
        }
        (None, None) => None,
    }
}

/// Behind the line of `end`, unless another item goes on there.
fn after(source: &Source<'_>, end: usize) -> Place {
    let line = source.line_end(end);
    let goes_on = source.file.items.iter().any(|item| {
        let item = source.range(item.span());
        item.start < line && line < item.end
    });
    Place::After(if goes_on { end } else { line })
}

/// The declarations that stand together last.
fn last_group<'a>(source: &'a Source<'_>) -> Vec<&'a ItemMod> {
    let mut group: Vec<&ItemMod> = Vec::new();
    let mut is_open = false;
    for item in &source.file.items {
        let Item::Mod(module) = item else {
            is_open = false;
            continue;
        };
        if module.content.is_some() {
            is_open = false;
            continue;
        }
        let is_next = is_open
            && group.last().is_some_and(|last| {
                let between = whole(source, last).end..whole(source, module).start;
                source.text[between].matches('\n').count() <= 1
            });
        if !is_next {
            group.clear();
        }
        group.push(module);
        is_open = true;
    }
    group
}

/// Where there is no other declaration: in front of the first item.
fn alone(source: &Source<'_>, line: &str, end: &str) -> (usize, String) {
    match source.file.items.first() {
        Some(first) => {
            let start = source.range(first.span()).start;
            let free = source.line_start(start);
            let is_free = source.text[free..start].trim().is_empty();
            (
                if is_free { free } else { start },
                format!("{line}{end}{end}"),
            )
        }
        None => {
            let top = source.top().max(source.text.len());
            let is_ended = source.text.is_empty() || source.text.ends_with('\n');
            let begin = if is_ended { "" } else { end };
            (top, format!("{begin}{line}{end}"))
        }
    }
}

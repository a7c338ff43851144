//! Lines of ours in files of somebody else.
//!
//! A package that was there before keeps its files. What has to be in them (a `mod` line, a dependency,
//! the API in the program's router) is put in by syntax, where a person would put it, and taken out
//! again by syntax. Every edit is a pure function from a text to a text; doing it twice changes nothing.
//!
//! What was put in is remembered in `orch.lock` by [`Item`], so that only that is ever taken out. Where
//! the place for an item is not found, nothing is written, and the lines to paste are the error's help.

mod item;
mod manifest;
mod modules;
mod router;
mod source;
#[cfg(test)]
mod tests;
mod workspace;

pub use item::{Dependency, Injected, Item};
pub use modules::declares;
pub use router::{needs_router, router_lines};

use crate::error::Result;

/// A text with the wanted items in it, and without those that were put in earlier and are not wanted.
///
/// # Errors
/// When the place for an item is not found; the error says what to paste.
pub fn edit(path: &str, text: &str, before: &[Item], wanted: &[Item]) -> Result<Injected> {
    let mut injected = Injected {
        text: text.to_owned(),
        items: Vec::new(),
    };
    for item in before
        .iter()
        .filter(|item| !wanted.iter().any(|other| item.is(other)))
    {
        injected.text = item.take_out(path, &injected.text)?;
    }
    for item in wanted {
        let is_ours = before.iter().any(|known| known.is(item));
        if item.put_in(path, &mut injected.text)? || is_ours {
            injected.items.push(item.clone());
        }
    }
    Ok(injected)
}

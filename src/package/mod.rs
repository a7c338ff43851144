//! Packages: which one a command works on, and what is known about it.

mod clippy;
mod edition;
mod find;
mod host;
mod name;
mod workspace;

pub use clippy::CLIPPY;
pub use find::{Found, find};
pub use host::{Host, Server};
pub use name::package_name;
pub use workspace::{is_standalone, member};

use crate::disk::Tree;
use crate::error::{Code, Error, Result};
use toml_edit::Document;

/// The name in the tree's `Cargo.toml`, if there is one.
///
/// # Errors
/// When the file cannot be read or has no package.
pub fn name_in_manifest(tree: Tree<'_>) -> Result<Option<String>> {
    let Some(text) = tree.read_text("Cargo.toml")? else {
        return Ok(None);
    };
    let document = parsed(tree, &text)?;
    let name = document
        .get("package")
        .and_then(|package| package.get("name"));
    name.and_then(|name| name.as_str())
        .map(|name| Some(name.to_owned()))
        .ok_or_else(|| {
            Error::new(Code::NoPackage, "Cargo.toml has no `[package]` with a name")
                .at(tree.path("Cargo.toml").display().to_string())
                .help("name one of the workspace's packages with `-p NAME`")
        })
}

fn parsed<'a>(tree: Tree<'_>, text: &'a str) -> Result<Document<&'a str>> {
    Document::parse(text).map_err(|error| {
        Error::new(
            Code::SpecSyntax,
            format!("Cargo.toml is not TOML: {}", error.message()),
        )
        .at(tree.path("Cargo.toml").display().to_string())
        .help("correct it; nothing was changed")
    })
}

//! The edition of a package that was there before, and what follows for how it is formatted.

use std::path::Path;

use toml_edit::{Document, Item};

use super::parsed;
use crate::disk::{Read, Tree};
use crate::error::{Code, Error, Result};
use crate::model::Style;

/// How rustfmt writes the package of this manifest: by its edition, which may be the workspace's, or by
/// what a `rustfmt.toml` says.
pub(super) fn style(
    disk: &dyn Read,
    tree: Tree<'_>,
    manifest: &Document<&str>,
    workspace: Option<&str>,
) -> Result<Style> {
    let edition = edition(tree, manifest, workspace)?;
    if !matches!(edition.as_str(), "2021" | "2024") {
        return Err(Error::new(
            Code::Unavailable,
            format!(
                "the package is of edition {edition}, and the code is generated for 2021 or 2024"
            ),
        )
        .at("Cargo.toml")
        .help(
            "`cargo fix --edition` moves it on, or generate a package of its own with `--out DIR`",
        ));
    }
    let configured = tree
        .root()
        .ancestors()
        .find_map(|folder| configured(disk, folder));
    Ok(match configured.unwrap_or(edition).as_str() {
        "2024" => Style::Edition2024,
        _ => Style::Edition2021,
    })
}

fn edition(tree: Tree<'_>, manifest: &Document<&str>, workspace: Option<&str>) -> Result<String> {
    let edition = manifest
        .get("package")
        .and_then(|package| package.get("edition"));
    let Some(edition) = edition else {
        return Ok("2015".to_owned());
    };
    if let Some(edition) = edition.as_str() {
        return Ok(edition.to_owned());
    }
    let text = match workspace {
        Some(path) => tree.read_text(path)?.unwrap_or_default(),
        None => String::new(),
    };
    let root = parsed(tree, &text)?;
    let inherited = root
        .get("workspace")
        .and_then(|workspace| workspace.get("package"))
        .and_then(|package| package.get("edition"))
        .and_then(Item::as_str);
    Ok(inherited.unwrap_or("2015").to_owned())
}

/// What the rustfmt configuration of a folder says, if there is one.
fn configured(disk: &dyn Read, folder: &Path) -> Option<String> {
    let texts = ["rustfmt.toml", ".rustfmt.toml"].map(|name| disk.read(&folder.join(name)).ok());
    let text = String::from_utf8(texts.into_iter().flatten().next()?).ok()?;
    let document = Document::parse(text).ok()?;
    let value = document
        .get("style_edition")
        .or_else(|| document.get("edition"));
    value.and_then(Item::as_str).map(str::to_owned)
}

//! Reading a package's own templates.

use super::{FOLDER, built_in};
use crate::disk::{Entry, Tree, refused};
use crate::error::{Code, Error, Result};
use std::collections::BTreeMap;

/// What an editor or a merge leaves beside a file.
const BESIDE: [&str; 4] = [".orig", ".rej", "~", ".swp"];

/// The texts of a package's own templates by path.
///
/// # Errors
/// When a file there is in the place of no template, or cannot be read.
pub fn read(tree: Tree<'_>) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![FOLDER.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in tree.list(&folder)? {
            let path = format!("{folder}/{name}");
            let there = tree.path(&path);
            let entry = tree.disk().entry(&there);
            if entry.map_err(|error| refused("look at", &there, &error))? == Some(Entry::Folder) {
                folders.push(path);
            } else if !BESIDE.iter().any(|end| name.ends_with(end)) {
                let template = path[FOLDER.len() + 1..].to_owned();
                if built_in::find(&template).is_none() {
                    return Err(stray(&path, &name));
                }
                if let Some(text) = tree.read_text(&path)? {
                    texts.insert(template, text.replace("\r\n", "\n"));
                }
            }
        }
    }
    Ok(texts)
}

fn stray(path: &str, name: &str) -> Error {
    let twin = built_in::all().find(|template| template.path.ends_with(&format!("/{name}")));
    let help = match twin {
        Some(twin) => format!("move it to {FOLDER}/{}, or delete it", twin.path),
        None => {
            "`orch-gen templates` lists those that there are; delete it, or move it away".into()
        }
    };
    Error::new(Code::OwnTemplate, "there is no template of this name")
        .at(path)
        .help(help)
}

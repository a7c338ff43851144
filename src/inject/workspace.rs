//! `members` and `exclude` of a workspace.

use toml_edit::{Array, Item, Value};

use super::manifest::{parse, written};
use crate::error::{Code, Error, Result};

/// Adds a folder to a list of `[workspace]`; whether it was not there.
pub(super) fn add(path: &str, text: &mut String, list: &str, folder: &str) -> Result<bool> {
    let mut document = parse(path, text)?;
    let Some(workspace) = document
        .get_mut("workspace")
        .and_then(Item::as_table_like_mut)
    else {
        return Err(
            Error::new(Code::NoPlace, "there is no `[workspace]` any more")
                .at(path)
                .help(format!(
                    "add `{list} = [\"{folder}\"]` to the workspace's Cargo.toml"
                )),
        );
    };
    let item = workspace
        .entry(list)
        .or_insert(toml_edit::value(Array::new()));
    let Some(array) = item.as_array_mut() else {
        return Err(Error::new(Code::NoPlace, format!("`{list}` is no list"))
            .at(path)
            .help(format!("make it `{list} = [\"{folder}\"]`")));
    };
    if array.iter().any(|value| value.as_str() == Some(folder)) {
        return Ok(false);
    }
    let at = sorted_place(array, folder);
    insert(array, at, folder);
    *text = written(text, &document);
    Ok(true)
}

/// The text without a folder in a list of `[workspace]`.
pub(super) fn remove(path: &str, text: &str, list: &str, folder: &str) -> Result<String> {
    let mut document = parse(path, text)?;
    let Some(workspace) = document
        .get_mut("workspace")
        .and_then(Item::as_table_like_mut)
    else {
        return Ok(text.to_owned());
    };
    let Some(array) = workspace.get_mut(list).and_then(Item::as_array_mut) else {
        return Ok(text.to_owned());
    };
    let Some(at) = array
        .iter()
        .position(|value| value.as_str() == Some(folder))
    else {
        return Ok(text.to_owned());
    };
    take_out(array, at);
    if array.is_empty() && list == "exclude" {
        workspace.remove(list);
    }
    Ok(written(text, &document))
}

/// Where the folder goes: by the order of names where the list has it, else at the end.
fn sorted_place(array: &Array, folder: &str) -> usize {
    let names: Vec<&str> = array.iter().filter_map(Value::as_str).collect();
    if names.is_sorted() && names.len() == array.len() {
        names.partition_point(|name| *name < folder)
    } else {
        array.len()
    }
}

/// Inserts an entry where the one at `at` stands, which goes behind it. A comment at the end of a line
/// stays there: the syntax counts it to what follows.
fn insert(array: &mut Array, at: usize, folder: &str) {
    let mut value = Value::from(folder);
    let old = array.get(at).map(prefix);
    let model = array.get(at.min(array.len().saturating_sub(1))).map(prefix);
    match (old, model) {
        (Some(old), _) => {
            let next = last_line(&old, array, at);
            value.decor_mut().set_prefix(old);
            if let Some(entry) = array.get_mut(at) {
                entry.decor_mut().set_prefix(next);
            }
        }
        (None, Some(model)) => {
            let behind = array.trailing().as_str().unwrap_or_default().to_owned();
            let (comment, rest) = behind.rsplit_once('\n').unwrap_or(("", &behind));
            let (comment, rest) = (comment.to_owned(), rest.to_owned());
            value
                .decor_mut()
                .set_prefix(comment + &last_line(&model, array, at));
            if behind.contains('\n') {
                array.set_trailing(format!("\n{rest}"));
            }
            let last = array.len() - 1;
            if let Some(entry) = array.get_mut(last) {
                let suffix = entry
                    .decor()
                    .suffix()
                    .and_then(|raw| raw.as_str().map(str::to_owned));
                value.decor_mut().set_suffix(suffix.unwrap_or_default());
                entry.decor_mut().set_suffix("");
            }
        }
        (None, None) => {}
    }
    array.insert_formatted(at, value);
}

/// Takes an entry out; what stood before it stands before the next one.
fn take_out(array: &mut Array, at: usize) {
    let value = array.remove(at);
    let before = prefix(&value);
    let suffix = value
        .decor()
        .suffix()
        .and_then(|raw| raw.as_str().map(str::to_owned));
    if let Some(next) = array.get_mut(at) {
        next.decor_mut().set_prefix(before);
        return;
    }
    let comment = before.rsplit_once('\n').map_or("", |(comment, _)| comment);
    let behind = array.trailing().as_str().unwrap_or_default().to_owned();
    array.set_trailing(comment.to_owned() + &behind);
    if let Some(last) = at.checked_sub(1).and_then(|last| array.get_mut(last)) {
        last.decor_mut().set_suffix(suffix.unwrap_or_default());
    }
}

/// What stands between an entry and the comma before it.
fn prefix(value: &Value) -> String {
    let raw = value.decor().prefix().and_then(|raw| raw.as_str());
    raw.unwrap_or_default().to_owned()
}

/// The line break and the indentation of a prefix, or the space between entries on one line.
fn last_line(prefix: &str, array: &Array, at: usize) -> String {
    let broken = prefix.rfind('\n').map(|line| prefix[line..].to_owned());
    let spaced = if array.is_empty() && at == 0 { "" } else { " " };
    broken.unwrap_or_else(|| spaced.to_owned())
}

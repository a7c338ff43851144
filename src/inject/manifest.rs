//! Dependencies in a `Cargo.toml` of somebody else, with every comment kept.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::item::Dependency;
use super::source::newline;
use crate::error::{Code, Error, Result};

/// Puts a dependency in; whether it was not there.
pub(super) fn depend(path: &str, text: &mut String, wanted: &Dependency) -> Result<bool> {
    let mut document = parse(path, text)?;
    let value = value_of(path, wanted)?;
    let is_new = !document.contains_key(&wanted.table);
    let item = document
        .entry(&wanted.table)
        .or_insert(Item::Table(Table::new()));
    let Some(table) = item.as_table_like_mut() else {
        return Err(
            Error::new(Code::NoPlace, format!("`{}` is no table", wanted.table))
                .at(path)
                .help(format!("add `{} = {}` to it", wanted.name, wanted.value)),
        );
    };
    let added = match table.get_mut(&wanted.name) {
        Some(known) if wanted.shared => {
            add_features(known, &value);
            false
        }
        Some(known) => {
            replace(known, value);
            false
        }
        None => {
            let is_sorted = !is_new && is_sorted(table);
            table.insert(&wanted.name, Item::Value(value));
            if is_sorted {
                table.sort_values();
            }
            true
        }
    };
    *text = written(text, &document);
    Ok(added)
}

/// The text without a dependency; its table goes when nothing else is in it.
pub(super) fn remove(path: &str, text: &str, known: &Dependency) -> Result<String> {
    let mut document = parse(path, text)?;
    let Some(table) = document
        .get_mut(&known.table)
        .and_then(Item::as_table_like_mut)
    else {
        return Ok(text.to_owned());
    };
    if table.remove(&known.name).is_none() {
        return Ok(text.to_owned());
    }
    if table.is_empty() {
        document.remove(&known.table);
    }
    Ok(written(text, &document))
}

pub(super) fn parse(path: &str, text: &str) -> Result<DocumentMut> {
    text.parse::<DocumentMut>().map_err(|error| {
        Error::new(
            Code::NoPlace,
            format!("{path} is not TOML: {}", error.message()),
        )
        .at(path)
        .help("correct it; nothing was written")
    })
}

/// The document with the line ends of the text.
pub(super) fn written(text: &str, document: &DocumentMut) -> String {
    let new = document.to_string();
    if newline(text) == "\n" {
        return new;
    }
    new.replace("\r\n", "\n").replace('\n', "\r\n")
}

fn value_of(path: &str, wanted: &Dependency) -> Result<Value> {
    wanted.value.parse().map_err(|_| {
        Error::new(Code::Render, format!("`{}` is no TOML value", wanted.value)).at(path)
    })
}

fn replace(known: &mut Item, value: Value) {
    let same = known
        .as_value()
        .is_some_and(|known| plain(known) == plain(&value));
    if same {
        return;
    }
    let decor = known.as_value().map(|known| known.decor().clone());
    let mut value = value;
    if let Some(decor) = decor {
        *value.decor_mut() = decor;
    }
    *known = Item::Value(value);
}

fn plain(value: &Value) -> String {
    let mut value = value.clone();
    value.decor_mut().clear();
    value.to_string()
}

/// The features of `value` that an entry of the package's own lacks.
fn add_features(known: &mut Item, value: &Value) {
    let wanted = value
        .as_inline_table()
        .and_then(|table| table.get("features"));
    let wanted = wanted.and_then(Value::as_array).into_iter().flatten();
    let wanted: Vec<&str> = wanted.filter_map(Value::as_str).collect();
    if let Some(version) = known.as_str().map(str::to_owned) {
        let mut table = toml_edit::InlineTable::new();
        table.insert("version", version.into());
        *known = Item::Value(Value::InlineTable(table));
    }
    let Some(table) = known.as_table_like_mut() else {
        return;
    };
    let features = table
        .entry("features")
        .or_insert(toml_edit::value(toml_edit::Array::new()));
    let Some(features) = features.as_array_mut() else {
        return;
    };
    for feature in wanted {
        let has = features.iter().any(
            |value| matches!(value.as_str(), Some(known) if known == feature || known == "full"),
        );
        if !has {
            features.push(feature);
        }
    }
}

fn is_sorted(table: &dyn TableLike) -> bool {
    let names: Vec<&str> = table.iter().map(|(name, _)| name).collect();
    names.len() > 1 && names.is_sorted()
}

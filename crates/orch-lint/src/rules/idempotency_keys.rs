//! What keeps the idempotency keys of an operation table unique. Shared by the rules about it, so that
//! one problem gives one finding.

use super::Check;
use crate::model::DefId;
use crate::sql::{Place, Table, Unique};
use crate::syntax::ItemKind;

/// What stands behind a key.
#[derive(Debug)]
pub(super) enum Guard<'w> {
    /// A unique key that every row is under.
    Holds,
    /// No unique key, and there never was one.
    Missing,
    /// A unique key that some rows escape, or that ended.
    Hole(&'w Unique, Hole<'w>),
}

/// How rows escape.
#[derive(Debug)]
pub(super) enum Hole<'w> {
    /// It is for some rows, or for an expression.
    Partial,
    /// A column of it may be NULL, and two NULLs are not equal.
    Null(&'w str, &'w Place),
    /// It ended here.
    Dropped(&'w Place),
}

/// The guard of an operation's key in a table, and the column of the key.
pub(super) fn guard<'w>(
    check: &Check<'_, '_>,
    entity: DefId,
    table: &'w Table,
) -> (Guard<'w>, String) {
    let keys = columns(check, entity, "IdemKey", "idem_key");
    let owners = columns(check, entity, "OwnerId", "owner_id");
    let key = keys.first().cloned().unwrap_or_default();
    let covers = |of: &Unique| {
        let known = |name| keys.contains(name) || owners.contains(name);
        !is_partial(table, of)
            && of.columns.iter().filter(|of| keys.contains(of)).count() == 1
            && of.columns.iter().all(known)
    };
    let mut escaped = None;
    for unique in table.uniques.iter().filter(|of| covers(of)) {
        match null_in(table, unique) {
            None => return (Guard::Holds, key),
            Some((name, place)) => escaped = Some((unique, Hole::Null(name, place))),
        }
    }
    let dropped = || {
        let (of, place) = table.lost.iter().rev().find(|(of, _)| covers(of))?;
        Some((of, Hole::Dropped(place)))
    };
    let partial = || {
        let mentions = |of: &Unique| {
            of.columns.is_empty() || of.columns.iter().any(|name| keys.contains(name))
        };
        let mut partial = table.uniques.iter().filter(|of| is_partial(table, of));
        Some((partial.find(|of| mentions(of))?, Hole::Partial))
    };
    let hole = escaped.or_else(dropped).or_else(partial);
    let guard = hole.map_or(Guard::Missing, |(of, hole)| Guard::Hole(of, hole));
    (guard, key)
}

/// Whether rows of a table escape a unique key by its condition.
fn is_partial(table: &Table, unique: &Unique) -> bool {
    let is_there = |name: &String| table.column(name).is_some() && table.nullable(name).is_none();
    unique.partial || !unique.present.iter().all(is_there)
}

/// The column of a unique key that lets NULL in.
fn null_in<'w>(table: &'w Table, unique: &'w Unique) -> Option<(&'w str, &'w Place)> {
    let mut names = unique.columns.iter().filter(|_| !unique.covers_null);
    names.find_map(|name| Some((name.as_str(), table.nullable(name)?)))
}

/// Names of the fields of a runtime type, which are the names of the columns.
fn columns(check: &Check<'_, '_>, entity: DefId, ty: &str, default: &str) -> Vec<String> {
    let workspace = check.workspace;
    let scope = workspace.def_scope(entity, &[]);
    let mut names = vec![default.to_owned()];
    if let ItemKind::Struct(_, fields) = &workspace.def(entity).item.kind {
        let holding = fields
            .list
            .iter()
            .filter(|field| workspace.holds_runtime(&workspace.lower(&field.ty, &scope), ty, 1));
        names.extend(holding.map(|field| field.name.text.to_lowercase()));
    }
    names.reverse();
    names.dedup();
    names
}

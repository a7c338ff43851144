//! The tables that the project's entities are kept in, in every history that creates them. Shared by
//! the rules about migrations.

use std::collections::BTreeSet;

use super::{At, Check};
use crate::known;
use crate::model::{DefId, RTy};
use crate::sql::{History, Place, Table};
use crate::syntax::ItemKind;

/// One entity and its tables.
#[derive(Debug)]
pub(super) struct Kept<'w, 'a> {
    /// The entity.
    pub(super) entity: DefId,
    /// The name of the table.
    pub(super) name: &'a str,
    /// The table, by the history that creates it.
    pub(super) created: Vec<(&'w History, &'w Table)>,
}

/// The tables of operations.
pub(super) fn of_operations<'w, 'a>(check: &Check<'w, 'a>) -> Vec<Kept<'w, 'a>> {
    let operations = check.workspace.operations().into_iter();
    let named = operations.filter_map(|of| Some((of.def, of.table?)));
    named.map(|of| kept(check, of)).collect()
}

/// The tables of write-ahead logs.
pub(super) fn of_logs<'w, 'a>(check: &Check<'w, 'a>) -> Vec<Kept<'w, 'a>> {
    let tables = check.workspace.entity_tables().into_iter();
    let logs = tables.filter(|(_, name)| name.ends_with(known::LOG_TABLE));
    logs.map(|of| kept(check, of)).collect()
}

/// The names of write-ahead logs: those of entities, and those that migrations create.
pub(super) fn names_of_logs(check: &Check<'_, '_>) -> BTreeSet<String> {
    let entities = of_logs(check).into_iter();
    let created = check.migrations.histories.iter();
    let created = created.flat_map(|of| of.schema.tables());
    let created = created.map(|(name, _)| name.to_owned());
    entities
        .map(|of| of.name.to_lowercase())
        .chain(created.filter(|name| name.ends_with(known::LOG_TABLE)))
        .collect()
}

fn kept<'w, 'a>(check: &Check<'w, 'a>, (entity, name): (DefId, &'a str)) -> Kept<'w, 'a> {
    let workspace = check.workspace;
    let package = workspace.krate(workspace.def(entity).module).package;
    let histories = check.migrations.histories_of(package).into_iter();
    let created = histories.filter_map(|of| Some((of, of.schema.table(name)?)));
    Kept {
        entity,
        name,
        created: created.collect(),
    }
}

/// A place in a migration, for a finding about a column or a table.
pub(super) fn at(place: &Place, history: &History, what: &str) -> At {
    At {
        path: place.path.clone(),
        span: place.span,
        item: format!("{}:{what}", history.dir),
    }
}

/// The field of an entity that says where it stands, and its type.
pub(super) fn state_field(check: &Check<'_, '_>, entity: DefId) -> Option<(String, RTy)> {
    let workspace = check.workspace;
    let ItemKind::Struct(_, fields) = &workspace.def(entity).item.kind else {
        return None;
    };
    let scope = workspace.def_scope(entity, &[]);
    let typed = fields.list.iter().map(|field| {
        let ty = workspace.lower(&field.ty, &scope);
        (field.name.text.to_lowercase(), ty)
    });
    let typed: Vec<(String, RTy)> = typed.collect();
    let is_known = |ty: &RTy| ty.external().and_then(known::stored_states).is_some();
    let by_type = typed.iter().find(|(_, ty)| is_known(ty));
    let by_name = || typed.iter().find(|(name, _)| is_state(name));
    by_type.or_else(by_name).cloned()
}

/// Whether a column is called what columns of states are called.
pub(super) fn is_state(column: &str) -> bool {
    matches!(column, "state" | "status")
}

/// The column of a table that says where a row stands.
pub(super) fn state_column(check: &Check<'_, '_>, entity: DefId, table: &Table) -> Option<String> {
    let by_field = state_field(check, entity).map(|(name, _)| name);
    let by_field = by_field.filter(|name| table.column(name).is_some());
    let by_name = || {
        let names = table.columns.iter().map(|of| &of.name);
        names.into_iter().find(|name| is_state(name)).cloned()
    };
    by_field.or_else(by_name)
}

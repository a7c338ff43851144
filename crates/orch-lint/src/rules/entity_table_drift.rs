//! ORC704.

use std::collections::BTreeSet;

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::statements::SqlText;
use crate::model::{DefId, RTy, Workspace};
use crate::sql::{History, Query, Table};
use crate::syntax::{Expr, ExprKind, Field, ItemKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC704",
    name: "entity-table-drift",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Compares what is read with the replayed migrations: the `COLUMNS` of an `Entity` with its table, and the
fields of a `sqlx::FromRow` struct with what `query_as(\"SELECT …\")` selects from one table, where the struct is
written with the query, the variable or the result of the function that gets the rows. Found are columns that
are not there, and fields that are no `Option` of columns that may be NULL.

## Why is this bad?
Decoding fails when the row is read, not when the program is built: in the Finalizer, which then
finalizes nothing, and often only for the first row that has a NULL.

## Example
```rust
#[derive(sqlx::FromRow)]
struct PaymentRow { op_id: String, lease_owner: String } // lease_owner TEXT
```
Use instead:
```rust
#[derive(sqlx::FromRow)]
struct PaymentRow { op_id: String, lease_owner: Option<String> }
```
",
    check,
};

/// Types that have no place for NULL.
const WITHOUT_NULL: &str = "String str bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 Uuid DateTime \
    NaiveDate NaiveDateTime OffsetDateTime Timestamp Decimal BigDecimal";

/// What is wrong, and where.
type Drift = (DefId, Span, String);

fn check(check: &mut Check<'_, '_>) {
    let mut found: BTreeSet<Drift> = BTreeSet::new();
    columns_of_entities(check, &mut found);
    for text in check.workspace.statements(check.functions) {
        fields_of_rows(check, text, &mut found);
    }
    for (id, span, message) in found {
        let workspace = check.workspace;
        let at = check.at(workspace.file_of(id), span, workspace.path_of(id));
        check
            .flag(at, message)
            .help("change the type, or add a migration that changes the table");
    }
}

/// The histories that create a table and say for certain what is in it.
fn tables<'w>(check: &Check<'w, '_>, of: DefId, name: &str) -> Vec<(&'w History, &'w Table)> {
    let workspace = check.workspace;
    let package = workspace.krate(workspace.def(of).module).package;
    let histories = check.migrations.histories_of(package).into_iter();
    histories
        .filter(|history| !check.migrations.is_uncertain(history, name))
        .filter_map(|history| Some((history, history.schema.table(name)?)))
        .filter(|(_, table)| !table.open)
        .collect()
}

fn columns_of_entities(check: &Check<'_, '_>, found: &mut BTreeSet<Drift>) {
    let workspace = check.workspace;
    let named = workspace.entity_tables();
    for block in workspace.runtime_impls("Entity") {
        let (RTy::Local(id, _), Some(columns)) =
            (workspace.self_type(block), block.def.constant("COLUMNS"))
        else {
            continue;
        };
        let Some((_, name)) = named.iter().find(|(of, _)| *of == id) else {
            continue;
        };
        for (history, table) in tables(check, id, name) {
            for (column, span) in texts(columns) {
                if table.column(column).is_none() {
                    let dir = &history.dir;
                    let message = format!("`{name}` has no column `{column}` in {dir}");
                    found.insert((id, span, message));
                }
            }
        }
    }
}

/// The texts of a list.
fn texts(list: &Expr) -> Vec<(&str, Span)> {
    match &list.kind {
        ExprKind::Place(inner) => texts(inner),
        ExprKind::Group(parts) => {
            let texts = parts.iter();
            texts
                .filter_map(|of| Some((of.as_text()?, of.span)))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn fields_of_rows(check: &Check<'_, '_>, text: &SqlText, found: &mut BTreeSet<Drift>) {
    let workspace = check.workspace;
    let ([query], Some(RTy::Local(id, _))) = (text.queries.as_slice(), &text.row) else {
        return;
    };
    let (Some(selected), true) = (Selected::of(query), is_row(workspace, *id)) else {
        return;
    };
    let ItemKind::Struct(_, fields) = &workspace.def(*id).item.kind else {
        return;
    };
    for (history, table) in tables(check, *id, selected.table) {
        for field in fields.list.iter().filter(|of| is_plain(of)) {
            if let Some(why) = drift(workspace, *id, field, &selected, table) {
                let column = column_of(field);
                let message = format!("`{}.{column}` {why} in {}", selected.table, history.dir);
                found.insert((*id, field.name.span, message));
            }
        }
    }
}

/// Whether a struct derives `sqlx::FromRow` and names its columns as its fields.
fn is_row(workspace: &Workspace<'_>, id: DefId) -> bool {
    let def = workspace.def(id);
    let is_it = |path| match workspace.resolve_type(def.module, path).external() {
        Some([krate, .., last]) => krate.starts_with("sqlx") && last == "FromRow",
        _ => false,
    };
    let form = def.item.attrs.sqlx("rename_all");
    !def.test
        && def.item.attrs.derives.iter().any(is_it)
        && form.is_none_or(|form| form == "snake_case")
        && def.item.attrs.sqlx("default").is_none()
}

fn is_plain(field: &Field) -> bool {
    let special = ["skip", "flatten", "default", "try_from", "json"];
    special.iter().all(|key| field.attrs.sqlx(key).is_none())
}

fn column_of(field: &Field) -> String {
    let given = field.attrs.sqlx("rename").unwrap_or(&field.name.text);
    given.to_lowercase()
}

fn drift(
    workspace: &Workspace<'_>,
    of: DefId,
    field: &Field,
    selected: &Selected<'_>,
    table: &Table,
) -> Option<&'static str> {
    let column = column_of(field);
    let is_in_table = table.column(&column).is_some();
    match selected.names.contains(&column.as_str()) {
        false if !selected.all => return Some("is not selected"),
        false if !is_in_table => return Some("does not exist"),
        _ => {}
    }
    let is_looked_at = selected.condition.contains(&column);
    let ty = workspace.lower(&field.ty, &workspace.def_scope(of, &[]));
    let last = ty.external().and_then(|path| path.last());
    let has_no_null = last.is_some_and(|last| crate::known::has(WITHOUT_NULL, last));
    let is_null = selected.plain(&column) && table.nullable(&column).is_some() && !is_looked_at;
    (has_no_null && is_null).then_some("may be NULL, and the field is no `Option`")
}

/// What a `SELECT` from one table gives.
struct Selected<'q> {
    table: &'q str,
    /// Whether it gives all columns of the table: `*`.
    all: bool,
    /// The names of the columns it gives beside these.
    names: Vec<&'q str>,
    /// Those that are columns of the table as they are.
    plain: Vec<&'q str>,
    /// What is behind the table.
    condition: &'q [String],
}

impl<'q> Selected<'q> {
    fn of(query: &'q Query) -> Option<Self> {
        let words = &query.words;
        let is_set = |word: &String| {
            matches!(
                word.as_str(),
                "join" | "union" | "except" | "intersect" | "group" | "{"
            )
        };
        let mut froms = words.iter().enumerate().filter(|(_, word)| *word == "from");
        let (from, _) = froms.next()?;
        let is_one = froms.next().is_none() && !words.iter().any(is_set);
        if words.first()? != "select" || !is_one {
            return None;
        }
        let mut at = from + 1;
        while words.get(at + 1).is_some_and(|word| word == ".") {
            at += 2;
        }
        let condition = &words[at + 1..];
        if condition.first().is_some_and(|word| word == ",") {
            return None;
        }
        let items: Vec<&[String]> = items(&words[1..from]);
        let is_all = |item: &&[String]| item.last().is_some_and(|word| word == "*");
        let is_named = |item: &&[String]| {
            let before = item.len().checked_sub(2).and_then(|at| item.get(at));
            is_column(item) || is_all(item) || before.is_some_and(|word| word == "as")
        };
        if !items.iter().all(is_named) {
            return None;
        }
        let all = items.iter().any(is_all);
        let names = items.iter().filter(|item| !is_all(item));
        let plain = items.iter().filter(|item| is_column(item));
        Some(Selected {
            table: &words[at],
            all,
            names: names
                .filter_map(|item| item.last())
                .map(String::as_str)
                .collect(),
            plain: plain
                .filter_map(|item| item.last())
                .map(String::as_str)
                .collect(),
            condition,
        })
    }

    /// Whether it gives a column of the table as it is.
    fn plain(&self, column: &str) -> bool {
        self.all && !self.names.contains(&column) || self.plain.contains(&column)
    }
}

/// Splits at commas outside brackets.
fn items(words: &[String]) -> Vec<&[String]> {
    let mut depth = 0_i32;
    let items = words.split(|word| {
        depth += i32::from(word == "(") - i32::from(word == ")");
        depth == 0 && word == ","
    });
    items.collect()
}

/// `a`, `t.a`.
fn is_column(item: &[String]) -> bool {
    matches!(item, [_]) || matches!(item, [_, dot, _] if dot == ".")
}

//! ORC102.

use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::model::orchestration::OperationEntity;
use crate::sql::{History, Table};
use crate::syntax::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC102",
    name: "idemkey-no-unique",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Replays the migrations and finds operation tables that end up without a unique key on the
idempotency key, alone or together with the owner. Where an orchestrator runs operations, it is
found too that there are no migrations at all; a table that none of them creates is undecided.

## Why is this bad?
Two requests with the same key arrive at the same moment on two machines; both look, both find
nothing, both insert. Only the database can refuse the second. A key that holds for some rows only
leaves the same hole for the others.

## Example
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, owner_id TEXT, idem_key TEXT);
```
Use instead:
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, owner_id TEXT, idem_key TEXT,
    CONSTRAINT uk_payment_operations_idem_key UNIQUE (owner_id, idem_key));
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    for operation in check.workspace.operations() {
        let Some(name) = operation.table else {
            continue;
        };
        let package = check
            .workspace
            .krate(check.workspace.def(operation.def).module)
            .package;
        let migrations = check.migrations;
        let own = migrations
            .histories
            .iter()
            .filter(|of| of.package == Some(package));
        let own: Vec<&History> = own.collect();
        let all = || migrations.histories.iter().collect();
        let histories: Vec<&History> = if own.is_empty() { all() } else { own };
        let mut is_created = false;
        for history in histories {
            if let Some(table) = history.schema.table(name) {
                is_created = true;
                judge(check, &operation, name, history, table);
            }
        }
        if !is_created {
            let item = check.workspace.def(operation.def).item;
            let file = check.workspace.file_of(operation.def);
            let at = check.at(file, item.name.span, name);
            not_created(check, at, name);
        }
    }
}

/// A table that no migration creates may be made elsewhere. Without any migration, nothing stands
/// behind the key of the operations that an orchestrator runs.
fn not_created(check: &mut Check<'_, '_>, at: At, name: &str) {
    let is_run = check
        .workspace
        .runtime_impls("Orchestrator")
        .next()
        .is_some();
    if check.migrations.histories.is_empty() && is_run {
        check
            .flag(
                at,
                format!(
                    "nothing makes the key of `{name}` unique: `migrations/` holds no migration"
                ),
            )
            .help("put the migrations that create the table into `migrations/` of the package");
        return;
    }
    check.unknown(&at, format!("no migration creates the table `{name}`"));
}

fn judge(
    check: &mut Check<'_, '_>,
    operation: &OperationEntity<'_>,
    name: &str,
    history: &History,
    table: &Table,
) {
    let keys = columns(check, operation, "IdemKey", "idem_key");
    let owners = columns(check, operation, "OwnerId", "owner_id");
    let covers = |columns: &[String]| {
        columns.iter().filter(|of| keys.contains(of)).count() == 1
            && columns
                .iter()
                .all(|of| keys.contains(of) || owners.contains(of))
    };
    if table
        .uniques
        .iter()
        .any(|of| !of.partial && covers(&of.columns))
    {
        return;
    }
    let partial = table
        .uniques
        .iter()
        .find(|of| of.partial && mentions(&of.columns, &keys));
    let lost = table
        .lost
        .iter()
        .rev()
        .find(|(of, _)| !of.partial && covers(&of.columns));
    let (place, why) = match (lost, partial) {
        (Some((of, place)), _) => (place, format!("`{}` is dropped here", of.name)),
        (_, Some(of)) => (
            &of.place,
            format!("`{}` does not hold for every row", of.name),
        ),
        _ => (&table.origin, "nothing makes it unique".to_owned()),
    };
    let key = keys.first().cloned().unwrap_or_default();
    let at = At {
        path: place.path.clone(),
        span: place.span,
        item: format!("{}:{name}.{key}", history.dir),
    };
    if check.migrations.is_uncertain(history, name) {
        check.unknown(
            &at,
            format!("a statement that is not understood may make `{name}.{key}` unique"),
        );
        return;
    }
    check
        .flag(
            at,
            format!("`{name}.{key}` is not unique in {}: {why}", history.dir),
        )
        .help(format!(
            "add `CONSTRAINT uk_{name}_{key} UNIQUE (owner_id, {key})`; on a live PostgreSQL table \
             `CREATE UNIQUE INDEX CONCURRENTLY` first"
        ));
}

fn mentions(columns: &[String], keys: &[String]) -> bool {
    columns.is_empty() || columns.iter().any(|of| keys.contains(of))
}

/// Names of the fields of a runtime type, which are the names of the columns.
fn columns(
    check: &Check<'_, '_>,
    operation: &OperationEntity<'_>,
    ty: &str,
    default: &str,
) -> Vec<String> {
    let workspace = check.workspace;
    let scope = workspace.def_scope(operation.def, &[]);
    let mut names = vec![default.to_owned()];
    if let ItemKind::Struct(_, fields) = &workspace.def(operation.def).item.kind {
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

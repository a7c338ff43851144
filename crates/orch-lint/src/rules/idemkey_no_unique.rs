//! ORC102.

use super::idempotency_keys::{Guard, guard};
use super::tables::{self, Kept};
use super::{Check, Rule, Status, further_migrations};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC102",
    name: "idemkey-no-unique",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Replays the migrations and finds operation tables that end up without a unique key on the
idempotency key, alone or together with the owner. Where an orchestrator runs operations, it is
found too that there are no migrations at all; a table that none of them creates is undecided. A
unique key that was dropped, or that some rows escape, is ORC103.

## Why is this bad?
Two requests with the same key arrive at the same moment on two machines; both look, both find
nothing, both insert. Only the database can refuse the second.

## Example
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, owner_id TEXT, idem_key TEXT);
```
Use instead:
```sql
CREATE TABLE payment_operations (op_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL,
    idem_key TEXT NOT NULL, CONSTRAINT uk_payment_operations_idem_key UNIQUE (owner_id, idem_key));
```

## Why there is no fix
A migration that was applied somewhere is never edited, and the number of the next one is not the linter's to
give. The finding says the statement of a further migration where it knows one.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    for kept in tables::of_operations(check) {
        if kept.created.is_empty() {
            not_created(check, &kept);
        }
        judge(check, &kept);
    }
}

/// A table that no migration creates may be made elsewhere. Without any migration, nothing stands
/// behind the key of the operations that an orchestrator runs.
fn not_created(check: &mut Check<'_, '_>, kept: &Kept<'_, '_>) {
    let name = kept.name;
    let item = check.workspace.def(kept.entity).item;
    let file = check.workspace.file_of(kept.entity);
    let at = check.at(file, item.name.span, name);
    let is_run = check
        .workspace
        .runtime_impls("Orchestrator")
        .next()
        .is_some();
    if let Some(path) = &check.migrations.in_rust {
        let message = format!("`{name}` may be created by migrations in Rust: {path}");
        check.unknown(&at, message);
    } else if check.migrations.histories.is_empty() && is_run {
        check
            .flag(
                at,
                format!(
                    "nothing makes the key of `{name}` unique: `migrations/` holds no migration"
                ),
            )
            .help("put the migrations that create the table into `migrations/` of the package");
    } else {
        check.unknown(&at, format!("no migration creates the table `{name}`"));
    }
}

fn judge(check: &mut Check<'_, '_>, kept: &Kept<'_, '_>) {
    let name = kept.name;
    for (history, table) in &kept.created {
        let (Guard::Missing, key) = guard(check, kept.entity, table) else {
            continue;
        };
        let at = tables::at(&table.origin, history, &format!("{name}.{key}"));
        if check.migrations.is_uncertain(history, name) {
            check.unknown(
                &at,
                format!("a statement that is not understood may make `{name}.{key}` unique"),
            );
            continue;
        }
        if table.has_other_keys {
            let message = format!("`{name}.{key}` may be unique as in the table it is made of");
            check.unknown(&at, message);
            continue;
        }
        let message = format!(
            "`{name}.{key}` is not unique in {}: nothing makes it unique",
            history.dir
        );
        let on = match table.column("owner_id") {
            Some(_) => format!("{name} (owner_id, {key})"),
            None => format!("{name} ({key})"),
        };
        let uk = format!("uk_{name}_{key}");
        let help = further_migrations::index(history, "UNIQUE INDEX", &uk, &on);
        check.flag(at, message).help(help);
    }
}

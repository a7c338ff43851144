//! ORC103.

use super::idempotency_keys::{Guard, Hole, guard};
use super::tables::{self, Kept};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::sql::{History, Table};

pub(super) static RULE: Rule = Rule {
    code: "ORC103",
    name: "idemkey-unique-partial-or-nullable",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Replays the migrations and finds operation tables whose unique key on the idempotency key has a hole:
it is for some rows only (other than `WHERE idem_key IS NOT NULL` on a column that never is), or for an
expression; a column of it may be NULL (and it does not say `NULLS NOT DISTINCT`); or a later migration
drops it. Tables that never had one are ORC102: a table has one of the two, never both.

## Why is this bad?
It looks as if the key was guarded. But a partial key lets the same key in again once the first
operation left its condition, an expression guards another value than the one that is looked up, and to
a unique key two NULLs are two different values. The second request then inserts, and calls.

## Example
```sql
CREATE UNIQUE INDEX uk_payment_operations_idem_key
    ON payment_operations (owner_id, idem_key) WHERE state = 'PENDING';
```
Use instead:
```sql
CREATE UNIQUE INDEX uk_payment_operations_idem_key ON payment_operations (owner_id, idem_key);
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    for kept in tables::of_operations(check) {
        for (history, table) in &kept.created {
            judge(check, &kept, history, table);
        }
    }
}

fn judge(check: &mut Check<'_, '_>, kept: &Kept<'_, '_>, history: &History, table: &Table) {
    let (Guard::Hole(unique, hole), key) = guard(check, kept.entity, table) else {
        return;
    };
    let name = kept.name;
    let (place, why, help) = match hole {
        Hole::Partial => (
            &unique.place,
            format!("`{}` does not hold for every row", unique.name),
            format!("make it unique in all rows: `UNIQUE (owner_id, {key})` without a condition"),
        ),
        Hole::Null(column, place) => (
            place,
            format!("`{}` does not hold where `{column}` is NULL", unique.name),
            format!("add `NOT NULL` to `{column}`"),
        ),
        Hole::Dropped(place) => (
            place,
            format!("`{}` is dropped here", unique.name),
            format!("keep it, or add `UNIQUE (owner_id, {key})` in the same migration"),
        ),
    };
    let at = tables::at(place, history, &format!("{name}.{key}"));
    if check.migrations.is_uncertain(history, name) {
        let what = format!("a statement that is not understood may make `{name}.{key}` unique");
        check.unknown(&at, what);
        return;
    }
    if table.has_other_keys {
        let message = format!("`{name}.{key}` may be unique as in the table it is made of");
        check.unknown(&at, message);
        return;
    }
    let message = format!("`{name}.{key}` is not unique in {}: {why}", history.dir);
    check.flag(at, message).help(help);
}

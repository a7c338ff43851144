//! ORC004.

use super::open_transactions::across_awaits;
use super::transaction_openers::OPENERS;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::Function;

pub(super) static RULE: Rule = Rule {
    code: "ORC004",
    name: "txn-held-across-foreign-await",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds `.await` on something that does not get the database transaction which is open there.

## Why is this bad?
The transaction keeps its connection and its row locks for as long as the other call takes. When that is
a provider that is slow today, a few requests empty the pool, and everybody who wants one of the locked
rows waits too. Two transactions at the same time can wait for each other for ever.

## Example
```rust
let mut tx = pool.begin().await?;
let order = load(&mut tx, id).await?;
let receipt = client.charge(&order).await?;
save(&mut tx, &receipt).await?;
tx.commit().await?;
```
Use instead:
```rust
let order = load(&pool, id).await?;
let receipt = client.charge(&order).await?;
let mut tx = pool.begin().await?;
save(&mut tx, &receipt).await?;
tx.commit().await?;
```
Where the call is to a provider, make it an operation: then a crash between the call and the commit loses
nothing either.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    // Functions that are not async may make futures that open one.
    let may_wait = |of: &&Function<'_>| of.def.is_async || of.body.mentions(OPENERS);
    for function in check.functions.iter().filter(may_wait) {
        for held in across_awaits(workspace, function) {
            let at = check.at(function.file, held.span, function.path(workspace));
            if held.perhaps {
                let message = format!("may get the transaction `{}`, which is open", held.name);
                check.unknown(&at, message);
                continue;
            }
            check
                .flag(
                    at,
                    format!("the transaction `{}` is open while this is awaited", held.name),
                )
                .help("await it before the transaction begins or after it ends, or give it the transaction");
        }
    }
}

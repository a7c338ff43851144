//! ORC203.

use super::{Check, Rule, Status, schedulers};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC203",
    name: "finalizer-missing",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds orchestrators whose domain registers no Finalizer.

It is registered where it is made and given to a call of `.with(..)` in the same function, right
there or through a local binding. One that is returned, stored or passed to another function is
counted as undecided, and so is one that is registered where it was stored or is given. A function
that registers it counts for nothing when nothing uses it and the domain starts with
`Parts { workers: Workers::new(), .. }`.

## Why is this bad?
Between the provider's answer and the final state lies a crash. The answer is in the write-ahead
log, but nobody reads it: the operation stays in progress and the client waits for ever.

## Example
```rust
pub fn workers(engine: &Engine) -> Workers {
    Workers::new().with(PaymentReaper::new(engine))
}
```
Use instead:
```rust
pub fn workers(engine: &Engine) -> Workers {
    Workers::new().with(PaymentFinalizer::new(engine)).with(PaymentReaper::new(engine))
}
```

## Why there is no fix
`orch-gen apply` writes the registration where it is generated. In code of your own it stands in another file
than the orchestrator, with an engine and settings that only you know.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    schedulers::missing(
        check,
        "Finalizer",
        "register one in the domain's `workers()`: without it a recorded answer is never finalized",
    );
}

//! ORC204.

use super::{Check, Rule, Status, schedulers};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC204",
    name: "reaper-missing",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds orchestrators whose domain registers no Reaper.

It is registered where it is made and given to a call of `.with(..)` in the same function, right
there or through a local binding. One that is returned, stored or passed to another function is
counted as undecided, and so is one that is registered where it was stored or is given. A function
that registers it counts for nothing when nothing uses it and the domain starts with
`Parts { workers: Workers::new(), .. }`.

## Why is this bad?
A process dies in the middle of a call. Its lease runs out, and nobody asks the provider what
happened: the operation stays in progress for ever.

## Example
```rust
pub fn workers(engine: &Engine) -> Workers {
    Workers::new().with(PaymentFinalizer::new(engine))
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
        "Reaper",
        "register one in the domain's `workers()`: without it an interrupted operation is never settled",
    );
}

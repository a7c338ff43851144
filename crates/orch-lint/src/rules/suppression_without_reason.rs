//! ORC903.

use super::{Rule, Status, by_engine};
use crate::finding::Severity;

pub(crate) static RULE: Rule = Rule {
    code: "ORC903",
    name: "suppression-without-reason",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `// orch:` comments that are no valid exception: without a reason, with a rule that does not
exist, a date that is none, or misspelled.

## Why is this bad?
An exception without a reason cannot be judged later, and one that is misspelled makes its author
believe that it works. The finding stays in all these cases.

## Example
```rust
// orch: allow(ORC302)
_ => failed(),
```
Use instead:
```rust
// orch: allow(ORC302, until = 2026-12-31) the legacy provider cannot answer more
_ => failed(),
```
",
    check: by_engine,
};

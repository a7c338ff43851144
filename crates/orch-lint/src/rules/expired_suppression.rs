//! ORC904.

use super::{Rule, Status, by_engine};
use crate::finding::Severity;

pub(crate) static RULE: Rule = Rule {
    code: "ORC904",
    name: "expired-suppression",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds `// orch: allow(.., until = DATE)` comments whose last day has passed, in UTC.

## Why is this bad?
Somebody promised to mend this by that day, and it is not mended. The exception holds back nothing from
then on: what it was written for is a finding again.

## Example
```rust
// orch: allow(ORC302, until = 2020-12-31) the legacy provider cannot answer more
_ => failed(),
```
Use instead:
```rust
Outcome::Fail { .. } => failed(),
```
",
    check: by_engine,
};

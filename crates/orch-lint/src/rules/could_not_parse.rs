//! ORC906.

use super::{Rule, Status, by_engine};
use crate::finding::Severity;

pub(crate) static RULE: Rule = Rule {
    code: "ORC906",
    name: "could-not-parse",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds files that could not be read or parsed: syntax errors, binary files, files over 4 MiB, files
nested too deeply. Statements of migrations that are not understood and name a table are warnings, and so is a
rule that gave up.

## Why is this bad?
Nothing in such a file was checked. A run that passes it over in silence would call a broken
project clean. What a `DO` block does to a table is unknown: the rules about that table do not speak.

## Example
```rust
fn execute( {
```
Use instead:
```rust
fn execute() {
```
",
    check: by_engine,
};

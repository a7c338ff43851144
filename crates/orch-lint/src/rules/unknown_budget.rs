//! ORC905.

use super::{Rule, Status, by_engine};
use crate::finding::Severity;

pub(crate) static RULE: Rule = Rule {
    code: "ORC905",
    name: "unknown-budget",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Counts the questions that rules could not decide, and finds more of them than `unknown-budget` in section
`[lint]` of `orch.toml` allows. Without that key there is no budget.

## Why is this bad?
What cannot be decided is not checked: a blind spot. One more of them looks like nothing in a review,
and after a year the rules look at half of the code.

## Example
```toml
[lint]
unknown-budget = 3   # and 4 questions are undecided
```
Use instead: code whose types and calls can be followed, such as a named function in the place of a macro; or
a higher budget, with a comment that says why.
",
    check: by_engine,
};

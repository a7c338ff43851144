//! ORC305.

use super::answers::{Answers, Decided, ErrorOf};
use super::{Check, Rule, Status};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC305",
    name: "question-mark-swallows-outcome",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds errors of calls with an effect at the provider that become `Ok`, `Fail` or `Retry`, or `Refused` or
`Unavailable`, without being looked at: `Err(_) => Outcome::fail(..)`, `let Ok(..) = .. else`,
`unwrap_or`, `map_err`, or `?` in an inner `async` block before one of them.

## Why is this bad?
One of these errors is that no answer came. The money may be gone, and the operation is recorded as failed,
or made again. Only `Unknown` holds for every error; everything else needs to know which one it is.

## Example
```rust
match self.gateway.charge(op_id, command).await {
    Ok(receipt) => done(receipt),
    Err(error) => Outcome::fail(\"CHARGE_FAILED\", error.to_string()),
}
```
Use instead:
```rust
match self.gateway.charge(op_id, command).await {
    Ok(receipt) => done(receipt),
    Err(GatewayError::Unavailable { reason, after }) => Outcome::Retry { reason, after },
    Err(GatewayError::Refused { code, message }) => Outcome::fail(code, message),
    Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        let Some(answers) = Answers::of(workspace, function) else {
            continue;
        };
        for found in answers.ignored() {
            let said = match found.decided {
                Decided::Done => "done",
                Decided::Refused => "refused",
                Decided::NotNow => "not done",
                Decided::Unknown => continue,
            };
            if found.error == ErrorOf::Timeout {
                continue;
            }
            let at = check.at(function.file, found.span, function.path(workspace));
            check
                .flag(at, format!("every error of the call counts as {said}"))
                .help("match on the error: a lost answer is `Unknown`, whatever else it is");
        }
    }
}

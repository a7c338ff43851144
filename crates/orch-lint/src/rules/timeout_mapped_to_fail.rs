//! ORC303.

use super::answers::{Answers, Decided, ErrorOf};
use super::lost_answers::{LostAnswers, is_status};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{Function, Workspace};
use crate::syntax::{ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC303",
    name: "timeout-mapped-to-fail",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds lost answers that count as refused or as done: `GatewayError::NoAnswer`, `is_timeout()`, `Elapsed`,
`is_server_error()` and the status codes of failing servers, where they become `Outcome::Fail`, `Outcome::Ok`
or `GatewayError::Refused`. With `is_connect()` nothing was sent, and nothing is found.

## Why is this bad?
A provider that did not answer, or that broke down while it worked, may have made the payment. Recorded as
failed, nobody asks about it again: the money is gone and the order, too.

## Example
```rust
Err(GatewayError::NoAnswer { reason }) => Outcome::fail(\"TIMEOUT\", reason),
```
Use instead:
```rust
Err(GatewayError::NoAnswer { reason }) => Outcome::unknown(reason),
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let executes = workspace.executes();
    for function in check.functions {
        let Some(answers) = Answers::of(workspace, function) else {
            continue;
        };
        let mut found = lost(workspace, function, &answers);
        // Inside of `execute` that is the business of ORC009.
        if !executes.contains(&std::ptr::from_ref(function.def)) {
            let ignored = answers.ignored().into_iter();
            let late = ignored.filter(|of| of.error == ErrorOf::Timeout);
            found.extend(late.map(|of| (of.decided, of.span)));
        }
        for (decided, span) in found {
            let said = match decided {
                Decided::Refused => "refused",
                Decided::Done => "done",
                Decided::NotNow | Decided::Unknown => continue,
            };
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, format!("a lost answer counts as {said}"))
                .help("it may have happened: say `Unknown`, or `NoAnswer` in a gateway");
        }
    }
}

/// What is decided about answers that did not come.
fn lost<'e>(
    workspace: &Workspace<'e>,
    function: &Function<'e>,
    answers: &Answers<'e>,
) -> Vec<(Decided, Span)> {
    let lost = LostAnswers::of(workspace, function);
    let mut found = Vec::new();
    visit::each_in_block(function.body, &mut |expr| match &expr.kind {
        ExprKind::Match { scrutinee, arms } => {
            let is_number = is_status(scrutinee);
            for arm in arms {
                let guard = arm.guard.as_ref();
                if guard.is_some_and(|guard| lost.are_asked_for(guard, true))
                    || lost.are_in(&arm.pat)
                    || is_number && lost.are_among(&arm.pat)
                {
                    found.extend(answers.decides(&arm.body));
                }
            }
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            if lost.are_asked_for(cond, true) {
                found.extend(answers.block_decides(then));
            }
            if let Some(otherwise) = otherwise
                && lost.are_asked_for(cond, false)
            {
                found.extend(answers.decides(otherwise));
            }
        }
        _ => {}
    });
    found
}

//! ORC009.

use super::answers::{Answers, Decided, ErrorOf};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{Function, Res, Workspace};
use crate::syntax::{Expr, ExprKind, MacroCall, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC009",
    name: "early-cancel-hazard",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds calls of gateways in `tokio::time::timeout` or `tokio::select!` inside `Orchestrator::execute`, also
in a box or an `async` block, where the branch that wins over the call answers `Ok` or `Fail`. Calls that
are named as questions (`status`, `find_payment`) and give no receipt are none.

## Why is this bad?
The call is cancelled on our side alone. The provider may have got it and go on with it: what is recorded as
failed happens a moment later.

## Example
```rust
match tokio::time::timeout(LIMIT, self.gateway.charge(op_id, command)).await {
    Ok(answer) => judge(answer),
    Err(_) => Outcome::fail(\"TIMEOUT\", \"too slow\"),
}
```
Use instead:
```rust
    Err(_) => Outcome::unknown(\"no answer in time\"),
```
Better leave the time to `RetryPolicy::attempt_timeout`: it ends as `Unknown` by itself.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let executes = workspace.executes();
    for function in check.functions {
        if !executes.contains(&std::ptr::from_ref(function.def)) {
            continue;
        }
        let Some(answers) = Answers::of(workspace, function) else {
            continue;
        };
        let late = answers.ignored().into_iter();
        let late = late.filter(|of| of.error == ErrorOf::Timeout);
        let mut found: Vec<(Decided, Span)> = late.map(|of| (of.decided, of.span)).collect();
        found.extend(overtaken(workspace, function, &answers));
        for (decided, span) in found {
            let said = match decided {
                Decided::Refused => "fail",
                Decided::Done => "be done",
                Decided::NotNow | Decided::Unknown => continue,
            };
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(
                    at,
                    format!("the call is said to {said}, and may still happen"),
                )
                .help("return `Outcome::unknown`: the runtime then asks the provider");
        }
    }
}

/// What the other arms of a `select!` decide that has a call with an effect in one of its arms.
fn overtaken<'e>(
    workspace: &Workspace<'e>,
    function: &Function<'e>,
    answers: &Answers<'e>,
) -> Vec<(Decided, Span)> {
    let mut found = Vec::new();
    visit::each_in_block(function.body, &mut |expr| {
        if let ExprKind::Macro(call) = &expr.kind
            && is_select(workspace, function, call)
        {
            found.extend(decisions_of_others(call, answers));
        }
    });
    found
}

fn is_select(workspace: &Workspace<'_>, function: &Function<'_>, call: &MacroCall) -> bool {
    let names = call.path.names();
    let named = names.last() == Some(&"select");
    let found = workspace.resolve(
        function.module,
        &names,
        call.path.global,
        crate::model::Space::Values,
    );
    let of = match &found {
        Res::External(path) => crate::known::canonical(path).first().cloned(),
        _ => None,
    };
    named && of.is_some_and(|krate| matches!(krate.as_str(), "futures" | "tokio"))
}

/// Each arm is a `let` of its future, then its condition and its handler.
fn decisions_of_others<'e>(call: &'e MacroCall, answers: &Answers<'e>) -> Vec<(Decided, Span)> {
    let parts = &call.body.parts;
    let calls = |future: &'e Expr| match &future.kind {
        ExprKind::Await(inner) => answers.awaits_effect(inner),
        _ => answers.awaits_effect(future),
    };
    let is_call = |part: &'e Stmt| matches!(part, Stmt::Let { init: Some(of), .. } if calls(of));
    if !parts.iter().any(is_call) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut in_call = false;
    for part in parts {
        match part {
            Stmt::Let { .. } => in_call = is_call(part),
            Stmt::Expr(handler) if !in_call => found.extend(answers.decides(handler)),
            Stmt::Expr(_) => {}
        }
    }
    found
}

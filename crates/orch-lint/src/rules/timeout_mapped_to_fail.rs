//! ORC303.

use super::answers::{Answers, Decided, ErrorOf};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::{Function, Res, Workspace};
use crate::syntax::{Expr, ExprKind, Pat, PatKind, Path, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC303",
    name: "timeout-mapped-to-fail",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds lost answers that count as refused or as done: `GatewayError::NoAnswer`, `is_timeout()`,
`is_connect()`, `Elapsed`, `is_server_error()` and the status codes of failing servers, where they become
`Outcome::Fail`, `Outcome::Ok` or `GatewayError::Refused`.

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

/// Methods that tell a lost answer.
const LOST: &[&str] = &["is_connect", "is_server_error", "is_timeout"];

/// Status codes that do not tell whether it happened.
const CODES: &[&str] = &[
    "BAD_GATEWAY",
    "GATEWAY_TIMEOUT",
    "INTERNAL_SERVER_ERROR",
    "REQUEST_TIMEOUT",
    "SERVICE_UNAVAILABLE",
];

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
    let mut found = Vec::new();
    visit::each_in_block(function.body, &mut |expr| match &expr.kind {
        ExprKind::Match { arms, .. } => {
            for arm in arms {
                let is_guarded = arm.guard.as_ref().is_some_and(tells_lost);
                if is_guarded || is_lost(workspace, function, &arm.pat) {
                    found.extend(answers.decides(&arm.body));
                }
            }
        }
        ExprKind::If { cond, then, .. } => {
            let is_it = match &cond.kind {
                ExprKind::Let { pat, .. } => is_lost(workspace, function, pat),
                _ => tells_lost(cond),
            };
            if is_it {
                found.extend(answers.block_decides(then));
            }
        }
        _ => {}
    });
    found
}

/// Whether a pattern takes an answer that did not come.
fn is_lost(workspace: &Workspace<'_>, function: &Function<'_>, pat: &Pat) -> bool {
    let names = |path: &Path| match workspace.resolve_value(function.module, path) {
        found @ Res::External(_) => {
            found.runtime_variant("GatewayError") == Some("NoAnswer") || is_code(&found)
        }
        _ => false,
    };
    match &pat.kind {
        PatKind::Path(path) | PatKind::Struct(path, _) => names(path),
        PatKind::TupleStruct(path, parts) => {
            names(path) || parts.iter().any(|part| is_lost(workspace, function, part))
        }
        PatKind::Or(parts) => parts.iter().any(|part| is_lost(workspace, function, part)),
        PatKind::Bind {
            sub: Some(inner), ..
        }
        | PatKind::Ref(inner) => is_lost(workspace, function, inner),
        _ => false,
    }
}

/// `StatusCode::GATEWAY_TIMEOUT` of `http`, whoever hands it on.
fn is_code(found: &Res) -> bool {
    let Res::External(path) = found else {
        return false;
    };
    match known::canonical(path) {
        [krate, .., ty, code] => {
            matches!(krate.as_str(), "axum" | "http" | "hyper" | "reqwest")
                && ty == "StatusCode"
                && CODES.contains(&code.as_str())
        }
        _ => false,
    }
}

/// Whether a condition asks for a lost answer, alone or beside others, and not for its opposite.
fn tells_lost(cond: &Expr) -> bool {
    match &cond.kind {
        ExprKind::Method { name, args, .. } => {
            args.is_empty() && LOST.contains(&name.text.as_str())
        }
        ExprKind::Group(parts) => parts.iter().any(tells_lost),
        _ => false,
    }
}

//! ORC501.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::{ModuleId, Res, Workspace};
use crate::syntax::{Expr, ExprKind, Path, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC501",
    name: "http-client-without-timeout",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds `reqwest` clients that are made without a timeout: `Client::new()`, `Client::default()`, and
builders without `.timeout(..)` or `.read_timeout(..)`.

## Why is this bad?
`reqwest` waits for ever unless it is told otherwise. A provider that accepts the connection and says
nothing then keeps the operation in progress until its lease is lost, and the connection with it.

## Example
```rust
let client = reqwest::Client::new();
```
Use instead:
```rust
let client = reqwest::Client::builder()
    .connect_timeout(Duration::from_secs(2))
    .timeout(Duration::from_secs(10))
    .build()?;
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions {
        let mut found: Vec<(Span, &str)> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            found.extend(endless(workspace, function.module, expr));
        });
        for (span, what) in found {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, format!("{what} waits for an answer for ever"))
                .help("build it with `.timeout(..)`");
        }
    }
}

fn endless(
    workspace: &Workspace<'_>,
    module: ModuleId,
    expr: &Expr,
) -> Option<(Span, &'static str)> {
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => {
                let made = client(workspace, module, path)?;
                matches!(made, Made::Client).then_some((path.span, "this client"))
            }
            _ => None,
        },
        ExprKind::Method { receiver, name, .. } if name.text == "build" => {
            let (methods, root) = chain(receiver);
            let ExprKind::Call { callee, .. } = &root.kind else {
                return None;
            };
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let is_builder = matches!(client(workspace, module, path)?, Made::Builder);
            let has_timeout = methods
                .iter()
                .any(|of| matches!(*of, "timeout" | "read_timeout"));
            (is_builder && !has_timeout).then_some((path.span, "the client of this builder"))
        }
        _ => None,
    }
}

enum Made {
    Client,
    Builder,
}

fn client(workspace: &Workspace<'_>, module: ModuleId, path: &Path) -> Option<Made> {
    let Res::External(found) = workspace.resolve_value(module, path) else {
        return None;
    };
    let found: Vec<&str> = known::canonical(&found)
        .iter()
        .map(String::as_str)
        .collect();
    match found.as_slice() {
        ["reqwest", .., "Client", "new" | "default"] => Some(Made::Client),
        ["reqwest", .., "Client", "builder"]
        | ["reqwest", .., "ClientBuilder", "new" | "default"] => Some(Made::Builder),
        _ => None,
    }
}

/// The methods that were called before, and what they were called on at first.
fn chain(expr: &Expr) -> (Vec<&str>, &Expr) {
    let (mut methods, mut at) = (Vec::new(), expr);
    loop {
        match &at.kind {
            ExprKind::Method { receiver, name, .. } => {
                methods.push(name.text.as_str());
                at = receiver;
            }
            ExprKind::Place(inner) | ExprKind::Try(inner) => at = inner,
            _ => return (methods, at),
        }
    }
}

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

/// What makes a client or its builder.
const MAKERS: &[&str] = &["builder", "default", "new"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check.functions.iter().filter(|of| of.body.mentions(MAKERS)) {
        let mut found: Vec<Endless> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            found.extend(endless(workspace, function.module, expr));
        });
        for Endless { span, what, edits } in found {
            let at = check.at(function.file, span, function.path(workspace));
            let flagged = check
                .flag(at, format!("{what} waits for an answer for ever"))
                .help("build it with `.timeout(..)`");
            if !edits.is_empty() {
                flagged.unsafe_fix("give up after 30 seconds", move |source| {
                    let edits = edits.iter();
                    let edits = edits.map(|(span, text)| (source.bytes(*span), text.clone()));
                    Some(edits.collect())
                });
            }
        }
    }
}

/// A client that waits for ever.
struct Endless {
    span: Span,
    what: &'static str,
    /// What gives it a timeout.
    edits: Vec<(Span, String)>,
}

const TIMEOUT: &str = ".timeout(std::time::Duration::from_secs(30))";

fn endless(workspace: &Workspace<'_>, module: ModuleId, expr: &Expr) -> Option<Endless> {
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => {
                let made = client(workspace, module, path)?;
                matches!(made, Made::Client).then(|| Endless {
                    span: path.span,
                    what: "this client",
                    edits: built(path, expr.span),
                })
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
            let behind = Span {
                start: receiver.span.end,
                end: receiver.span.end,
            };
            (is_builder && !has_timeout).then(|| Endless {
                span: path.span,
                what: "the client of this builder",
                edits: vec![(behind, TIMEOUT.into())],
            })
        }
        _ => None,
    }
}

/// `Client::new()` builds a client and panics where that fails; so does what is written instead.
fn built(path: &Path, call: Span) -> Vec<(Span, String)> {
    let Some(last) = path.last().filter(|_| path.qself.is_none()) else {
        return Vec::new();
    };
    if path.segments.len() < 2 || !matches!(last.name.text.as_str(), "new" | "default") {
        return Vec::new();
    }
    let rest = Span {
        start: last.name.span.start,
        end: call.end,
    };
    let text = format!("builder(){TIMEOUT}.build().expect(\"a client\")");
    vec![(rest, text)]
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

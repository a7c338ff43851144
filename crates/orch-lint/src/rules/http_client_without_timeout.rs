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
Finds `reqwest` clients that are made without a timeout: `Client::new()`, `Client::default()`, either of
them handed on as in `LazyLock::new(Client::new)`, and builders that set neither `.timeout(..)` nor both
`.connect_timeout(..)` and `.read_timeout(..)`. Of blocking clients, which give up after 30 seconds by
themselves, those that are told `.timeout(None)`.

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
            found.extend(handed_on(workspace, function.module, expr));
        });
        for Endless {
            span,
            what,
            limit,
            edits,
        } in found
        {
            let at = check.at(function.file, span, function.path(workspace));
            let flagged = check
                .flag(at, format!("{what} {}", limit.waits))
                .help(limit.help);
            if !edits.is_empty() {
                flagged.unsafe_fix(limit.title, move |source| {
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
    limit: &'static Limit,
    /// What gives it that limit.
    edits: Vec<(Span, String)>,
}

/// A limit that a client lacks.
struct Limit {
    waits: &'static str,
    help: &'static str,
    title: &'static str,
    call: &'static str,
}

const ANSWER: Limit = Limit {
    waits: "waits for an answer for ever",
    help: "build it with `.timeout(..)`",
    title: "give up after 30 seconds",
    call: ".timeout(std::time::Duration::from_secs(30))",
};

const CONNECTION: Limit = Limit {
    waits: "waits for a connection as long as the system lets it",
    help: "build it with `.connect_timeout(..)` too: `.read_timeout(..)` begins behind it",
    title: "give up connecting after 5 seconds",
    call: ".connect_timeout(std::time::Duration::from_secs(5))",
};

/// A client of `reqwest::blocking` gives up after 30 seconds by itself, unless it is told not to.
fn endless(workspace: &Workspace<'_>, module: ModuleId, expr: &Expr) -> Option<Endless> {
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => {
                let made = client(workspace, module, path)?;
                matches!(made, Made::Client).then(|| Endless {
                    span: path.span,
                    what: "this client",
                    limit: &ANSWER,
                    edits: built(path, expr.span),
                })
            }
            _ => None,
        },
        ExprKind::Method { receiver, name, .. } if name.text == "build" => {
            let (calls, root) = chain(receiver);
            let ExprKind::Call { callee, .. } = &root.kind else {
                return None;
            };
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let (limit, edits) = match client(workspace, module, path)? {
                Made::Builder => {
                    let limit = missing(&calls)?;
                    let behind = Span {
                        start: receiver.span.end,
                        end: receiver.span.end,
                    };
                    (limit, vec![(behind, limit.call.into())])
                }
                Made::BlockingBuilder if gives_up_nothing(&calls) => (&ANSWER, Vec::new()),
                Made::BlockingBuilder | Made::Client => return None,
            };
            Some(Endless {
                span: path.span,
                what: "the client of this builder",
                limit,
                edits,
            })
        }
        _ => None,
    }
}

/// Constructors among the arguments of a call, as in `get_or_init(Client::new)`.
fn handed_on(workspace: &Workspace<'_>, module: ModuleId, call: &Expr) -> Vec<Endless> {
    let (ExprKind::Call { args, .. } | ExprKind::Method { args, .. }) = &call.kind else {
        return Vec::new();
    };
    let paths = args.iter().filter_map(|arg| match &arg.kind {
        ExprKind::Path(path) if is_maker(path) => Some(path),
        _ => None,
    });
    let made = paths.filter(|path| matches!(client(workspace, module, path), Some(Made::Client)));
    let endless = made.map(|path| Endless {
        span: path.span,
        what: "each client that this makes",
        limit: &ANSWER,
        edits: in_closure(path),
    });
    endless.collect()
}

fn is_maker(path: &Path) -> bool {
    path.last()
        .is_some_and(|last| MAKERS.contains(&last.name.text.as_str()))
}

/// A closure that builds a client with a limit, instead of the constructor.
fn in_closure(path: &Path) -> Vec<(Span, String)> {
    let mut edits = built(path, path.span);
    if !edits.is_empty() {
        let before = Span {
            start: path.span.start,
            end: path.span.start,
        };
        edits.insert(0, (before, "|| ".into()));
    }
    edits
}

/// The limit that a builder does not set. That of the whole request is one of connecting, too.
fn missing(calls: &[MethodCall<'_>]) -> Option<&'static Limit> {
    let sets = |limit: &str| calls.iter().any(|(name, _)| *name == limit);
    match (
        sets("timeout"),
        sets("read_timeout"),
        sets("connect_timeout"),
    ) {
        (true, ..) | (_, true, true) => None,
        (false, true, false) => Some(&CONNECTION),
        (false, false, _) => Some(&ANSWER),
    }
}

/// Whether the last word on a blocking client's timeout is `None`.
fn gives_up_nothing(calls: &[MethodCall<'_>]) -> bool {
    let mut limits = calls.iter().filter(|(name, _)| *name == "timeout");
    let is_none =
        |arg: &Expr| matches!(&arg.kind, ExprKind::Path(path) if path.as_ident() == Some("None"));
    limits
        .next()
        .is_some_and(|(_, args)| args.iter().any(is_none))
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
    let limit = ANSWER.call;
    let text = format!("builder(){limit}.build().expect(\"a client\")");
    vec![(rest, text)]
}

enum Made {
    Client,
    Builder,
    BlockingBuilder,
}

fn client(workspace: &Workspace<'_>, module: ModuleId, path: &Path) -> Option<Made> {
    let Res::External(found) = workspace.resolve_value(module, path) else {
        return None;
    };
    let found: Vec<&str> = known::canonical(&found)
        .iter()
        .map(String::as_str)
        .collect();
    let is_blocking = found.contains(&"blocking");
    match found.as_slice() {
        ["reqwest", .., "Client", "new" | "default"] => (!is_blocking).then_some(Made::Client),
        ["reqwest", .., "Client", "builder"]
        | ["reqwest", .., "ClientBuilder", "new" | "default"] => Some(match is_blocking {
            true => Made::BlockingBuilder,
            false => Made::Builder,
        }),
        _ => None,
    }
}

/// A method that was called, with its arguments.
type MethodCall<'e> = (&'e str, &'e [Expr]);

/// The methods that were called before, the last first, and what they were called on at first.
fn chain(expr: &Expr) -> (Vec<MethodCall<'_>>, &Expr) {
    let (mut calls, mut at) = (Vec::new(), expr);
    loop {
        match &at.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
                ..
            } => {
                calls.push((name.text.as_str(), args.as_slice()));
                at = receiver;
            }
            ExprKind::Place(inner) | ExprKind::Try(inner) => at = inner,
            _ => return (calls, at),
        }
    }
}

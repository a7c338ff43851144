//! ORC106.

use super::execute::external;
use super::mentions::{Carriers, bindings, captured};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{Function, RTy, Workspace};
use crate::syntax::{Expr, ExprKind, Span, Stmt};

pub(super) static RULE: Rule = Rule {
    code: "ORC106",
    name: "idemkey-from-mutable-input",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds keys that are made of what differs between attempts: the time, floating point numbers, the number of
the attempt. Keys are what `IdemKey` is made of, what the calls of the project take as `OpId` or `IdemKey`,
and the header `Idempotency-Key`.

## Why is this bad?
A key says that it is the same payment. One that holds the time says at every attempt that it is another
one, and the provider makes it again. Floats print differently after rounding.

## Example
```rust
let key = IdemKey::new(format!(\"{order}-{}\", Utc::now()));
```
Use instead:
```rust
let key = IdemKey::new(format!(\"{order}-{}\", command.due_date()));
```
",
    check,
};

/// Crates that know the time, and what their functions are called.
const CLOCKS: &[&str] = &["chrono", "jiff", "std", "time", "tokio"];
const NOWS: &[&str] = &["now", "now_local", "now_utc"];

/// Names of the number of an attempt.
const ATTEMPTS: &[&str] = &["attempt", "attempts", "retries", "retry_count", "tries"];

/// Methods that leave of a time only what stays the same for long.
const COARSE: &[&str] = &[
    "date",
    "date_naive",
    "day",
    "format",
    "hour",
    "month",
    "ordinal",
    "strftime",
    "week",
    "year",
];

/// Headers that are a key.
const HEADERS: &[&str] = &["idempotency-key", "x-idempotency-key"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let functions = check.functions.iter();
    for function in functions.filter(|of| workspace.knows_runtime(of.module)) {
        for (span, what) in changing_keys(workspace, function) {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, format!("this key changes with {what}"))
                .help("make it of what the operation is about, or use its `op_id`");
        }
    }
}

/// What a value changes with, and where that is.
type Seed<'e> = (&'e Expr, &'static str);

fn changing_keys<'e>(
    workspace: &Workspace<'e>,
    function: &Function<'e>,
) -> Vec<(Span, &'static str)> {
    let mut keys: Vec<&'e Expr> = Vec::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            keys.extend(keys_of(walker, expr));
        });
    if keys.is_empty() {
        return Vec::new();
    }
    let mut seeds: Vec<Seed<'e>> = Vec::new();
    let mut coarse: Vec<Span> = Vec::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            seeds.extend(seed(walker, expr).map(|what| (expr, what)));
            if let ExprKind::Method { receiver, name, .. } = &expr.kind
                && COARSE.contains(&name.text.as_str())
            {
                coarse.push(receiver.span);
            }
        });
    seeds.retain(|(seed, _)| !coarse.iter().any(|outer| outer.contains(seed.span)));
    if seeds.is_empty() {
        return Vec::new();
    }
    let bound = bindings(function.body);
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    for key in keys {
        let direct = seeds.iter().find(|(seed, _)| key.span.contains(seed.span));
        let named = || {
            seeds.iter().find(|(seed, _)| {
                let of_seed = bound
                    .iter()
                    .filter(|(_, init)| init.span.contains(seed.span));
                let names: Vec<&str> = of_seed.map(|(name, _)| *name).collect();
                !names.is_empty() && Carriers::of(names, function.body).are_in(key)
            })
        };
        let is_inside = found.iter().any(|(outer, _)| outer.contains(key.span));
        if let Some((_, what)) = direct.or_else(named)
            && !is_inside
        {
            found.push((key.span, what));
        }
    }
    found
}

/// The arguments of a call that are keys.
fn keys_of<'e>(walker: &Walker<'_, 'e>, expr: &'e Expr) -> Vec<&'e Expr> {
    let args: &'e [Expr] = match &expr.kind {
        ExprKind::Call { callee, args } => {
            if let Some((_, path)) = external(walker, callee)
                && let [.., _, _] = path.as_slice()
                && known::is_runtime(&path[..path.len() - 1], "IdemKey")
            {
                return args.iter().collect();
            }
            args
        }
        ExprKind::Method { name, args, .. } => {
            if let ("header" | "insert", [header, value]) = (name.text.as_str(), args.as_slice()) {
                let text = header.as_text().unwrap_or_default().to_ascii_lowercase();
                return Vec::from_iter(HEADERS.contains(&text.as_str()).then_some(value));
            }
            args
        }
        _ => return Vec::new(),
    };
    if args.is_empty() {
        return Vec::new();
    }
    let Some(called) = walker.called(expr) else {
        return Vec::new();
    };
    let params = walker.parameters_of(&called);
    let taken = params.iter().zip(args);
    let is_key = |ty: &RTy| ty.is_runtime("OpId") || ty.is_runtime("IdemKey");
    taken
        .filter(|(ty, _)| is_key(ty))
        .map(|(_, arg)| arg)
        .collect()
}

/// What an expression changes with from one attempt to the next.
fn seed<'e>(walker: &Walker<'_, 'e>, expr: &'e Expr) -> Option<&'static str> {
    let name = match &expr.kind {
        ExprKind::Call { callee, .. } => {
            let (_, path) = external(walker, callee)?;
            let (first, last) = (path.first()?.as_str(), path.last()?.as_str());
            return (CLOCKS.contains(&first) && NOWS.contains(&last)).then_some("the time");
        }
        ExprKind::Method {
            receiver,
            name,
            args,
        } if args.is_empty() && name.text == "now" => {
            return is_clock(walker, receiver).then_some("the time");
        }
        ExprKind::Path(path) => path.as_ident()?,
        ExprKind::Field { name, .. } => &name.text,
        ExprKind::Macro(call) => call.body.parts.iter().find_map(|part| match part {
            Stmt::Expr(part) => captured(part.as_text()?).find(|name| ATTEMPTS.contains(name)),
            Stmt::Let { .. } => None,
        })?,
        _ => return None,
    };
    if ATTEMPTS.contains(&name) {
        return Some("the number of the attempt");
    }
    let ty = walker.type_of(expr)?;
    let is_float = matches!(&ty, RTy::External(path, _)
        if path.last().is_some_and(|last| matches!(last.as_str(), "f32" | "f64")));
    is_float.then_some("a floating point number")
}

/// The runtime's clock, or a clock of the project.
fn is_clock<'e>(walker: &Walker<'_, 'e>, receiver: &'e Expr) -> bool {
    match walker.type_of(receiver).as_ref().map(RTy::behind_pointers) {
        Some(RTy::External(path, _)) => path.last().is_some_and(|last| last.ends_with("Clock")),
        Some(RTy::Bounds(bounds)) => bounds.iter().any(|bound| bound.text.ends_with("Clock")),
        _ => false,
    }
}

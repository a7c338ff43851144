//! ORC106.

use super::execute::external;
use super::mentions::{Carriers, bindings, captured};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{Function, RTy, Res, Workspace};
use crate::syntax::{Expr, ExprKind, ItemKind, Span, Stmt, visit};

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
    "duration_round",
    "duration_trunc",
    "first_of_month",
    "format",
    "hour",
    "iso_week",
    "month",
    "num_days_from_ce",
    "ordinal",
    "quarter",
    "start_of_day",
    "strftime",
    "to_julian_day",
    "week",
    "weekday",
    "year",
];

/// Headers that are a key.
const HEADERS: &[&str] = &["idempotency-key", "x-idempotency-key"];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let functions = check.functions.iter();
    for function in functions.filter(|of| workspace.knows_runtime(of.module)) {
        for Changing {
            span,
            what,
            is_sure,
        } in changing_keys(workspace, function)
        {
            let at = check.at(function.file, span, function.path(workspace));
            if !is_sure {
                check.unknown(&at, format!("whether this key changes with {what}"));
                continue;
            }
            check
                .flag(at, format!("this key changes with {what}"))
                .help("make it of what the operation is about, or use its `op_id`");
        }
    }
}

/// A key that is made of something else at each attempt.
struct Changing {
    span: Span,
    what: &'static str,
    /// No function is between, which may make something else of it.
    is_sure: bool,
}

/// What a value changes with, and where that is.
type Seed<'e> = (&'e Expr, &'static str);

/// Places of a body that tell what becomes of a value.
#[derive(Default)]
struct Places {
    /// Of which only what stays the same for long is left.
    coarse: Vec<Span>,
    /// What functions of the project, and functions that are not known, are given.
    given: Vec<Span>,
    /// Of which a field is asked for: no numbers.
    bases: Vec<Span>,
}

fn changing_keys<'e>(workspace: &Workspace<'e>, function: &Function<'e>) -> Vec<Changing> {
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
    let mut places = Places::default();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            seeds.extend(seed(walker, expr).map(|what| (expr, what)));
            places.add(walker, expr);
        });
    let is_outside = |seed: &Expr| {
        let is_coarse = places.coarse.iter().any(|outer| outer.contains(seed.span));
        let is_base = is_name(seed) && places.bases.contains(&seed.span);
        !is_coarse && !is_base
    };
    seeds.retain(|(seed, _)| is_outside(seed));
    let mut found: Vec<Changing> = Vec::new();
    for key in keys {
        let is_inside = found.iter().any(|outer| outer.span.contains(key.span));
        if !seeds.is_empty() && !is_inside {
            found.extend(changing(function, &places, &seeds, key));
        }
    }
    found
}

/// What a key changes with, first what is sure.
fn changing<'e>(
    function: &Function<'e>,
    places: &Places,
    seeds: &[Seed<'e>],
    key: &'e Expr,
) -> Option<Changing> {
    let inside = places.given.iter().filter(|of| !of.contains(key.span));
    let inside: Vec<Span> = inside.copied().collect();
    [true, false].into_iter().find_map(|is_sure| {
        let mut without = places.coarse.clone();
        if is_sure {
            without.extend(&inside);
        }
        let reaches = |seed: &Expr| {
            let is_left = |of: Span| !without.iter().any(|outer| outer.contains(of));
            key.span.contains(seed.span) && is_left(seed.span)
                || is_named_in(function, seed, &without, key)
        };
        let (_, what) = seeds.iter().find(|(seed, _)| reaches(seed))?;
        Some(Changing {
            span: key.span,
            what,
            is_sure,
        })
    })
}

/// Whether a key mentions something that carries what changes, under a name.
fn is_named_in<'e>(function: &Function<'e>, seed: &Expr, without: &[Span], key: &Expr) -> bool {
    let bound = bindings(function.body).into_iter();
    let of_seed: Vec<(&str, &Expr)> = bound
        .filter(|(_, init)| init.span.contains(seed.span))
        .filter(|_| !without.iter().any(|outer| outer.contains(seed.span)))
        .collect();
    if of_seed.is_empty() {
        return false;
    }
    let mut without = without.to_vec();
    for (name, init) in &of_seed {
        without.extend(other_fields(function, name, init, seed));
    }
    let names = of_seed.into_iter().map(|(name, _)| name);
    Carriers::beside(names, function.body, without).are_in(key)
}

/// Where other fields are read of a value that is written out with what changes in one of them.
fn other_fields(function: &Function<'_>, name: &str, init: &Expr, seed: &Expr) -> Vec<Span> {
    let ExprKind::Struct { fields, .. } = &init.kind else {
        return Vec::new();
    };
    let others = fields
        .iter()
        .filter(|(_, value)| !value.span.contains(seed.span));
    let others: Vec<&str> = others.map(|(name, _)| name.text.as_str()).collect();
    let mut found = Vec::new();
    visit::each_in_block(function.body, &mut |expr| {
        if let ExprKind::Field { base, name: field } = &expr.kind
            && let ExprKind::Path(path) = &base.kind
            && path.as_ident() == Some(name)
            && others.contains(&field.text.as_str())
        {
            found.push(expr.span);
        }
    });
    found
}

impl Places {
    fn add<'e>(&mut self, walker: &Walker<'_, 'e>, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                if COARSE.contains(&name.text.as_str()) {
                    self.coarse.push(receiver.span);
                } else if !args.is_empty() && walker.called(expr).is_some() {
                    self.given.extend(args.iter().map(|arg| arg.span));
                }
            }
            ExprKind::Call { callee, args }
                if !args.is_empty() && !is_known(walker, expr, callee) =>
            {
                self.given.extend(args.iter().map(|arg| arg.span));
            }
            ExprKind::Field { base, name } if !is_number(&name.text) => self.bases.push(base.span),
            _ => {}
        }
    }
}

/// Whether a call calls a function of another crate, or makes a value of its arguments.
fn is_known<'e>(walker: &Walker<'_, 'e>, call: &'e Expr, callee: &Expr) -> bool {
    let resolved = match &callee.kind {
        ExprKind::Path(path) => walker.resolve(path),
        _ => Res::Unknown,
    };
    let makes = matches!(resolved, Res::External(_) | Res::Variant(..) | Res::Def(_));
    makes && walker.called(call).is_none()
}

fn is_number(field: &str) -> bool {
    field.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a type has fields with names: it is no number with a type of its own.
fn is_entity(walker: &Walker<'_, '_>, ty: &RTy) -> bool {
    let RTy::Local(id, _) = ty.behind_pointers() else {
        return false;
    };
    match &walker.workspace().def(*id).item.kind {
        ItemKind::Struct(_, fields) => !fields.tuple,
        _ => false,
    }
}

fn is_name(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Path(_) | ExprKind::Field { .. })
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
    let ty = walker.type_of(expr);
    if ATTEMPTS.contains(&name) {
        let is_entity = ty.is_some_and(|ty| is_entity(walker, &ty));
        return (!is_entity).then_some("the number of the attempt");
    }
    let ty = ty?;
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

//! ORC007.

use super::execute::{self, external, external_path};
use super::mentions::once_bound;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Body, Expr, ExprKind, ItemKind, MacroCall, Path, Span, Stmt};

pub(super) static RULE: Rule = Rule {
    code: "ORC007",
    name: "panic-in-execute",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds `unwrap`, `expect`, `panic!`, `todo!`, `unimplemented!`, `unreachable!` and `assert!` in
`Orchestrator::execute` and in the functions that it calls. What has no value but literals and constants
in it, such as `NonZeroU32::new(3).expect(\"three\")`, is the same on every run and is fine; so is what
`write!` says of a `String`.

## Why is this bad?
After a panic nobody knows whether the provider has acted. The runtime catches it and treats the call
as one that got no answer: the provider is asked, or a person is. What the code knew in that moment,
such as the provider's refusal, is lost.

## Example
```rust
let receipt = self.gateway.charge(op_id, command).await.unwrap();
```
Use instead:
```rust
match self.gateway.charge(op_id, command).await {
    Ok(receipt) => Outcome::ok(receipt.id),
    Err(error) => error.into(),
}
```
",
    check,
};

/// Methods of `Option` and `Result`, without arguments and with one.
const UNWRAPS: &str = "unwrap unwrap_err";
const EXPECTS: &str = "expect expect_err";
const MACROS: &[&str] = &[
    "panic",
    "todo",
    "unimplemented",
    "unreachable",
    "assert",
    "assert_eq",
    "assert_ne",
];

/// Functions that do nothing else.
const FUNCTIONS: &[&str] = &["std::panic::panic_any", "std::panic::resume_unwind"];
/// Modules whose functions give something else on another run.
const CHANGING: &[&str] = &["env", "fs", "process"];
/// Methods that do.
const ASKING: &str = "borrow_mut call connect elapsed execute get_mut lock metadata open output read recv \
    send spawn status try_lock write";
/// Functions of types, which are the same on every run.
const OF_TYPES: &str = "align_of size_of type_name";

const HELP: &str = "return an `Outcome`: `fail` when nothing happened, `unknown` when it may have";

fn check<'a>(check: &mut Check<'_, 'a>) {
    for found in execute::each_knowing(check, once_bound, panics) {
        let message = format!("`{}` may panic in `execute`", found.what);
        check.flag(found.at, message).help(HELP);
    }
    let nowhere = |_: &Body| Vec::new();
    let known = |body: &'a Body| {
        let writes = body.mentions(&["write", "writeln"]);
        Some(if writes {
            once_bound(body)
        } else {
            Bound::default()
        })
    };
    let beyond = execute::each_beyond_knowing(check, nowhere, known, |bound, walker, expr| {
        panics(bound, walker, expr).map(|(_, name)| name)
    });
    for found in beyond.into_iter().filter(|found| !found.perhaps) {
        let last = found.within();
        let message = format!("`{}` in `{last}` may panic in `execute`", found.what);
        let name = found.what.clone();
        let violation = check.flag(found.at.clone(), message);
        violation.help(HELP);
        violation.chain = found.chain_to(name);
    }
}

fn panics<'a>(
    bound: &Bound<'a>,
    walker: &Walker<'_, 'a>,
    expr: &'a Expr,
) -> Option<(Span, String)> {
    match &expr.kind {
        ExprKind::Method {
            receiver,
            name,
            args,
        } => {
            let is_it = is_unwrapping(&name.text, args)
                && !is_constant(walker, receiver)
                && !writes_text(bound, walker, receiver)
                && !is_declared(walker, receiver, &name.text);
            is_it.then(|| (name.span, name.text.to_string()))
        }
        ExprKind::Macro(call) => {
            let name = call.path.last()?;
            let is_it = MACROS.contains(&name.name.text.as_str())
                && !(name.name.text.starts_with("assert") && are_constant(walker, call));
            is_it.then(|| (call.path.span, format!("{}!", name.name.text)))
        }
        ExprKind::Path(path) => {
            let is_function = || {
                let found = external(walker, expr).map(|(_, path)| path.join("::"));
                found.is_some_and(|name| FUNCTIONS.contains(&name.as_str()))
            };
            let is_it = path.segments.len() > 1 && (unwraps(path) || is_function());
            is_it.then(|| (path.span, path.text()))
        }
        _ => None,
    }
}

/// Whether a method may be one of `Option` and `Result`: parsers, too, expect something.
fn is_unwrapping(name: &str, args: &[Expr]) -> bool {
    match args {
        [] => known::has(UNWRAPS, name),
        [only] => known::has(EXPECTS, name) && !matches!(only.kind, ExprKind::Lit),
        _ => false,
    }
}

/// Whether the project itself says what the method does.
fn is_declared<'a>(walker: &Walker<'_, 'a>, receiver: &'a Expr, name: &str) -> bool {
    let of = walker.type_of(receiver);
    of.is_some_and(|of| walker.method_of(of.behind_deref(), name).is_some())
}

/// `write!` and `writeln!` into a `String`, which takes all that it is given.
fn writes_text<'a>(bound: &Bound<'a>, walker: &Walker<'_, 'a>, written: &'a Expr) -> bool {
    let ExprKind::Macro(call) = &written.kind else {
        return false;
    };
    let is_write = matches!(call.path.names().last(), Some(&"write" | &"writeln"));
    match call.body.parts.first() {
        Some(Stmt::Expr(target)) if is_write => is_string(bound, walker, target),
        _ => false,
    }
}

/// Whether a value is known to be a `String`: by its type, or by what its name stands for.
fn is_string<'a>(bound: &Bound<'a>, walker: &Walker<'_, 'a>, value: &'a Expr) -> bool {
    let is_it = |ty: &RTy| {
        let path = ty.behind_pointers().external();
        path.is_some_and(|path| known::is_std(path, "String"))
    };
    if let ExprKind::Place(inner) = &value.kind {
        return is_string(bound, walker, inner);
    }
    if let Some(ty) = walker.type_of(value) {
        return is_it(&ty);
    }
    let init = match &value.kind {
        ExprKind::Path(path) => path.as_ident().and_then(|name| bound.get(name)),
        _ => None,
    };
    match init.map(|init| &init.kind) {
        Some(ExprKind::Call { callee, .. }) => match &callee.kind {
            ExprKind::Path(path) => {
                let is_made = matches!(path.names().last(), Some(&"from" | &"with_capacity"));
                is_made && walker.type_before(path).is_some_and(|of| is_it(&of))
            }
            _ => false,
        },
        Some(ExprKind::Macro(call)) => call.path.names().last() == Some(&"format"),
        _ => false,
    }
}

/// `Result::unwrap`, as a function.
fn unwraps(path: &Path) -> bool {
    match path.names().as_slice() {
        [.., of, name] => {
            matches!(*of, "Option" | "Result")
                && (known::has(UNWRAPS, name) || known::has(EXPECTS, name))
        }
        _ => false,
    }
}

/// Whether all that a macro is given is the same on every run.
fn are_constant(walker: &Walker<'_, '_>, call: &MacroCall) -> bool {
    call.body.opaque.is_empty()
        && call.body.parts.iter().all(|part| match part {
            Stmt::Expr(part) => is_constant(walker, part),
            Stmt::Let { .. } => false,
        })
}

/// A value that is the same on every run: constructors of literals and constants, and what is made of them.
fn is_constant(walker: &Walker<'_, '_>, expr: &Expr) -> bool {
    let are = |args: &[Expr]| args.iter().all(|arg| is_constant(walker, arg));
    match &expr.kind {
        ExprKind::Str(_) | ExprKind::Lit | ExprKind::Bool(_) => true,
        ExprKind::Path(path) => path.last().is_some_and(|last| is_upper(&last.name.text)),
        ExprKind::Call { callee, args } => match &callee.kind {
            ExprKind::Path(path) if args.is_empty() => path
                .last()
                .is_some_and(|last| known::has(OF_TYPES, &last.name.text)),
            ExprKind::Path(path) => are(args) && !is_changing(walker, path),
            _ => false,
        },
        ExprKind::Method {
            receiver,
            name,
            args,
        } => !known::has(ASKING, &name.text) && are(args) && is_unchanged(walker, receiver),
        ExprKind::Group(parts) => are(parts),
        ExprKind::Place(inner) | ExprKind::Derived(inner) => is_constant(walker, inner),
        _ => false,
    }
}

fn is_changing(walker: &Walker<'_, '_>, function: &Path) -> bool {
    match external_path(walker, function).as_deref() {
        Some([first, module, ..]) => first == "std" && CHANGING.contains(&module.as_str()),
        _ => false,
    }
}

/// Whether a function is one of the project.
fn is_own(walker: &Walker<'_, '_>, function: &Path) -> bool {
    matches!(walker.resolve(function), Res::Def(_) | Res::Assoc(..))
}

/// Whether a method finds the same in a value on every run: what a `static` holds or a function of the
/// project gives may change.
fn is_unchanged(walker: &Walker<'_, '_>, receiver: &Expr) -> bool {
    let is_of_type = |path: &Path| match path.names().as_slice() {
        [.., of, _] => of.starts_with(char::is_uppercase),
        _ => false,
    };
    match &receiver.kind {
        ExprKind::Path(path) => {
            let is_const = match walker.resolve(path) {
                Res::Def(id) => {
                    matches!(walker.workspace().def(id).item.kind, ItemKind::Const(..))
                }
                _ => is_of_type(path),
            };
            is_const && is_constant(walker, receiver)
        }
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => !is_own(walker, path) && is_constant(walker, receiver),
            _ => false,
        },
        _ => is_constant(walker, receiver),
    }
}

/// `LIMIT`, as constants are written.
fn is_upper(name: &str) -> bool {
    name.len() > 1 && !name.contains(char::is_lowercase)
}

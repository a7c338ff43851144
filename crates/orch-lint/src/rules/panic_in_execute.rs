//! ORC007.

use super::execute;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::{Expr, ExprKind, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC007",
    name: "panic-in-execute",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds `unwrap`, `expect`, `panic!`, `todo!`, `unimplemented!`, `unreachable!` and `assert!` in
`Orchestrator::execute` and in the functions that it calls. What has no value but literals in it, such
as `NonZeroU32::new(3).expect(\"three\")`, is the same on every run and is fine.

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

const METHODS: &[&str] = &["unwrap", "expect", "unwrap_err", "expect_err"];
const MACROS: &[&str] = &[
    "panic",
    "todo",
    "unimplemented",
    "unreachable",
    "assert",
    "assert_eq",
    "assert_ne",
];

const HELP: &str = "return an `Outcome`: `fail` when nothing happened, `unknown` when it may have";

fn check(check: &mut Check<'_, '_>) {
    for found in execute::each(check, |_, expr| panics(expr)) {
        let message = format!("`{}` may panic in `execute`", found.what);
        check.flag(found.at, message).help(HELP);
    }
    let beyond = execute::each_beyond(check, |_, expr| panics(expr).map(|(_, name)| name));
    for found in beyond.into_iter().filter(|found| !found.perhaps) {
        let last = found.within();
        let message = format!("`{}` in `{last}` may panic in `execute`", found.what);
        let name = found.what.clone();
        let violation = check.flag(found.at.clone(), message);
        violation.help(HELP);
        violation.chain = found.chain_to(name);
    }
}

fn panics(expr: &Expr) -> Option<(Span, String)> {
    match &expr.kind {
        ExprKind::Method { receiver, name, .. } => {
            let is_it = METHODS.contains(&name.text.as_str()) && !is_constant(receiver);
            is_it.then(|| (name.span, name.text.clone()))
        }
        ExprKind::Macro(call) => {
            let name = call.path.last()?;
            let is_it = MACROS.contains(&name.name.text.as_str());
            is_it.then(|| (call.path.span, format!("{}!", name.name.text)))
        }
        _ => None,
    }
}

/// A value that is the same on every run: constructors of literals and constants.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Str(_) | ExprKind::Lit | ExprKind::Bool(_) => true,
        ExprKind::Path(path) => path.last().is_some_and(|last| is_upper(&last.name.text)),
        ExprKind::Call { callee, args } => {
            matches!(callee.kind, ExprKind::Path(_))
                && !args.is_empty()
                && args.iter().all(is_constant)
        }
        ExprKind::Method {
            receiver,
            name,
            args,
        } => name.text == "parse" && args.is_empty() && is_constant(receiver),
        ExprKind::Place(inner) | ExprKind::Derived(inner) => is_constant(inner),
        _ => false,
    }
}

/// `LIMIT`, as constants are written.
fn is_upper(name: &str) -> bool {
    name.len() > 1 && !name.contains(char::is_lowercase)
}

//! ORC104.

use super::fresh_values::is_maker;
use super::gateway_calls::{Execution, GatewayCall, executions, parts};
use super::key_slots::{acts, gives_nothing, holds, is_key_name, names_key, struct_of};
use super::mentions::bindings;
use super::promise::{Promise, promise};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::{RTy, Res};
use crate::syntax::{Expr, ExprKind, ItemKind, Pat, PatKind, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC104",
    name: "gateway-call-without-idemkey",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds calls of gateways in `Orchestrator::execute`, and in methods that it calls on `self`, that do not pass
on the operation's id: those that put something made up where the gateway asks for the key, and those of a
gateway that asks for none although it is said to know keys (`Idempotency::Keyed`).

## Why is this bad?
`execute` runs again when its answer was lost. The provider knows by the key that it is the same payment.
Without it, or with one that all payments share, it makes the payment twice, or answers with another one.

## Example
```rust
async fn execute(&self, _: &OpId, command: &PaymentCommand) -> Outcome {
    match self.gateway.charge(command).await {
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    match self.gateway.charge(op_id, command).await {
```
",
    check,
};

const HELP: &str = "pass on the `op_id` that `execute` gets: it is the same at every attempt";

fn check(check: &mut Check<'_, '_>) {
    for execution in executions(check) {
        let Some(seeds) = keys(&execution) else {
            continue;
        };
        let parts = parts(check, execution, seeds);
        let is_used = parts
            .iter()
            .any(|part| part.carriers.are_used_in(part.of.body));
        for part in &parts {
            for call in &part.of.calls {
                if !call.args.iter().any(|arg| part.carriers.are_in(arg)) {
                    judge(check, &part.of, call, is_used);
                }
            }
        }
    }
}

/// The parameters of `execute` that are the key.
fn keys<'a>(of: &Execution<'_, 'a>) -> Option<Vec<&'a str>> {
    let params = of.function.params.iter().zip(&of.params);
    let keys = params
        .filter(|(_, ty)| is_key(ty))
        .map(|(param, _)| &param.pat);
    let keys: Vec<&Pat> = keys.collect();
    let is_plain = |pat: &&Pat| pat.name().is_some() || matches!(pat.kind, PatKind::Wild);
    let all_plain = !keys.is_empty() && keys.iter().all(is_plain);
    all_plain.then(|| keys.iter().filter_map(|pat| pat.name()).collect())
}

fn is_key(ty: &RTy) -> bool {
    ty.is_runtime("OpId") || ty.is_runtime("IdemKey")
}

fn judge<'a>(
    check: &mut Check<'_, 'a>,
    execution: &Execution<'_, 'a>,
    call: &GatewayCall<'a>,
    key_is_used: bool,
) {
    let at = check.at(execution.file, call.name.span, execution.item.as_str());
    let method = &call.name.text;
    if holds_key(check, execution, call) {
        return;
    }
    if let Some((arg, is_sure)) = key_argument(check, call) {
        match made(check, execution, key_part(check, execution, arg), 0) {
            Made::Constant if !is_sure => {
                check.unknown(&at, format!("whether `{method}` asks for the key"));
            }
            Made::Constant => {
                let message = format!("`{method}` gets another key than the operation's");
                check.flag(at, message).help(HELP);
            }
            Made::Unclear => check.unknown(&at, format!("whether `{method}` gets the key")),
            Made::Fresh => {}
        }
    } else if acts(call) && !key_is_used {
        match promise(check, execution) {
            Promise::Keyed if !may_carry_key(check, call) => {
                let message = format!("`{method}` acts without the key of the operation");
                check.flag(at, message).help(HELP);
            }
            Promise::NoKeys => {}
            Promise::Keyed | Promise::Unclear => {
                check.unknown(&at, format!("whether `{method}` needs a key"));
            }
        }
    }
}

/// What a call puts where the key is asked for, by the type or, for texts, by the name of the parameter; and
/// whether that is sure. What only reads may have another use for a parameter of that name.
fn key_argument<'a>(check: &Check<'_, 'a>, call: &GatewayCall<'a>) -> Option<(&'a Expr, bool)> {
    let params = call.params.iter().zip(&call.param_names);
    let mut asked = params.zip(call.args).filter_map(|((ty, name), arg)| {
        let by_type = holds(check, ty);
        let is_sure = by_type || acts(call) || gives_nothing(call);
        (by_type || is_key_name(name)).then_some((arg, is_sure))
    });
    asked.next()
}

/// The field of a request that is the key, where an argument is written as one.
fn key_part<'a>(check: &Check<'_, 'a>, of: &Execution<'_, 'a>, arg: &'a Expr) -> &'a Expr {
    let ExprKind::Struct { path, fields, .. } = &arg.kind else {
        return arg;
    };
    let Some((id, declared)) = struct_of(check, of, path) else {
        return arg;
    };
    let workspace = check.workspace;
    let scope = workspace.def_scope(id, &[]);
    let keys = declared.iter();
    let mut keys = keys.filter(|field| holds(check, &workspace.lower(&field.ty, &scope)));
    let key = keys.next().map(|field| field.name.text.as_str());
    let mut given = fields
        .iter()
        .filter(|(name, _)| Some(name.text.as_str()) == key);
    given.next().map_or(arg, |(_, value)| value)
}

/// Whether the call gets the whole command, and that holds a key of its own.
fn holds_key<'a>(
    check: &Check<'_, 'a>,
    execution: &Execution<'_, 'a>,
    call: &GatewayCall<'a>,
) -> bool {
    let given = |ty: &&RTy| execution.params.contains(ty) && !is_key(ty);
    let mut commands = call.params.iter().filter(given);
    commands.any(|ty| holds(check, ty))
}

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    /// Constants, and what other crates make of them.
    Constant,
    /// It cannot be said.
    Unclear,
    /// Another identifier at every attempt: the business of ORC105.
    Fresh,
}

fn made<'a>(check: &Check<'_, 'a>, of: &Execution<'_, 'a>, value: &'a Expr, depth: usize) -> Made {
    const MAX_DEPTH: usize = 8;
    if depth > MAX_DEPTH {
        return Made::Unclear;
    }
    let workspace = check.workspace;
    let module = of.module;
    let bound = bindings(of.body);
    let mut worst = Made::Constant;
    visit::each(value, &mut |part| {
        let own = match &part.kind {
            ExprKind::Path(path) => {
                let name = path.as_ident().unwrap_or_default();
                let inits = bound.iter().filter(|(of, _)| *of == name);
                let inits = inits.map(|(_, init)| made(check, of, init, depth + 1));
                let found = workspace.resolve_value(module, path);
                inits.max().unwrap_or_else(|| match found {
                    Res::External(path) if is_maker(&path) => Made::Fresh,
                    Res::External(_) => Made::Constant,
                    Res::Def(id) if is_const(check, id) => Made::Constant,
                    _ => Made::Unclear,
                })
            }
            ExprKind::Macro(call) => match workspace.resolve_value(module, &call.path) {
                Res::External(path) if is_maker(&path) => Made::Fresh,
                _ => Made::Unclear,
            },
            ExprKind::Str(text) if text.contains('{') => Made::Unclear,
            ExprKind::Str(_)
            | ExprKind::Lit
            | ExprKind::Bool(_)
            | ExprKind::Call { .. }
            | ExprKind::Method { .. }
            | ExprKind::Place(_)
            | ExprKind::Try(_)
            | ExprKind::Struct { .. }
            | ExprKind::Group(_) => Made::Constant,
            _ => Made::Unclear,
        };
        worst = worst.max(own);
    });
    worst
}

fn is_const(check: &Check<'_, '_>, id: crate::model::DefId) -> bool {
    matches!(check.workspace.def(id).item.kind, ItemKind::Const(..))
}

/// Whether a key may be in what a call gets, or be made where a gateway implements it.
fn may_carry_key(check: &Check<'_, '_>, call: &GatewayCall<'_>) -> bool {
    let is_clear = |ty: &RTy| match ty {
        RTy::Local(id, _) => match &check.workspace.def(*id).item.kind {
            ItemKind::Struct(_, fields) => {
                let mut names = fields.list.iter().map(|field| field.name.text.as_str());
                !names.any(names_key)
            }
            _ => false,
        },
        RTy::External(..) => true,
        _ => false,
    };
    let functions = check.functions.iter();
    let mut named = functions
        .filter(|function| function.name() == call.name.text)
        .peekable();
    let is_open = named.peek().is_none() || !call.params.iter().all(is_clear);
    is_open
        || named.any(|function| {
            let mut found = false;
            visit::each_in_block(function.body, &mut |expr| found |= mentions_key(expr));
            found
        })
}

fn mentions_key(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Path(path) => path.names().into_iter().any(names_key),
        ExprKind::Field { name, .. } | ExprKind::Method { name, .. } => names_key(&name.text),
        ExprKind::Str(text) => names_key(text),
        ExprKind::Struct { fields, .. } => fields.iter().any(|(name, _)| names_key(&name.text)),
        ExprKind::Macro(call) => call.body.opaque.iter().any(|name| names_key(&name.text)),
        _ => false,
    }
}

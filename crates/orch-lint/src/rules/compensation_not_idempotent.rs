//! ORC406.

use std::collections::HashMap;

use super::compensations::is_compensation;
use super::fresh_values;
use super::mentions::bindings;
use super::requests::Request;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::infer::Walker;
use crate::model::{Function, RTy, Res, Step, Workspace};
use crate::syntax::{Expr, ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC406",
    name: "compensation-not-idempotent",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds compensations that call a provider without a key: requests of `reqwest` that change something, and
methods of gateways that answer with a `Receipt`, an `Outcome` or a `GatewayError`, in `undo` of a `LocalWork`
or `SagaStep`, in functions named `compensate…`, `undo…`, `rollback…` or `revert…`, and in those they call.

## Why is this bad?
A compensation runs again when the process dies before its end is recorded. The provider knows by the key
that it is the same refund. Without it, or with one that is made anew each time, it refunds twice.

## Example
```rust
async fn undo(&self, _tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<(), LocalError> {
    self.gateway.refund(run.input.amount).await.map_err(refused)
}
```
Use instead an operation: it is recorded before it is called, and has the step's own key.
```rust
let step = step.undone_by(engines.of(\"payment/refund\")?, steps::pay::compensation);
```
",
    check,
};

const HELP: &str =
    "let an operation undo it (`undone_by`), or pass on a key that is made from saga and step";

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for (at, function) in check.functions.iter().enumerate() {
        if !is_compensation(workspace, function) {
            continue;
        }
        for span in gateway_calls(workspace, function) {
            flag(check, function, span, Vec::new());
        }
        for span in requests(workspace, function) {
            flag(check, function, span, Vec::new());
        }
        for reached in check.calls.reached_from(at).iter() {
            let there = &check.functions[reached.function];
            if reached.perhaps || carries_key(reached.way.iter().map(|(_, at)| *at)) {
                continue;
            }
            if requests(workspace, there).is_empty() {
                continue;
            }
            let mut chain = vec![Step::named(function.label())];
            let behind = reached.way.iter().skip(1).map(|(of, _)| *of);
            for ((from, call), to) in reached.way.iter().zip(behind.chain([reached.function])) {
                let (from, to) = (&check.functions[*from], &check.functions[to]);
                chain.push(Step::at(to.label(), from.file, call.span));
            }
            flag(check, function, reached.first, chain);
        }
    }
}

fn flag(check: &mut Check<'_, '_>, function: &Function<'_>, span: Span, chain: Vec<Step>) {
    let at = check.at(function.file, span, function.path(check.workspace));
    let message = "this compensation calls a provider without a key: what runs again happens again";
    let violation = check.flag(at, message);
    violation.chain = chain;
    violation.help(HELP);
}

/// Requests that change something and carry no key.
fn requests<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> Vec<Span> {
    if !function.body.mentions(&["send"]) {
        return Vec::new();
    }
    let mut bound: HashMap<&'a str, Vec<&'a Expr>> = HashMap::new();
    for (name, init) in bindings(function.body) {
        bound.entry(name).or_default().push(init);
    }
    let mut found = Vec::new();
    let mut walker = function.walker(workspace);
    walker.block(function.body, &mut |walker, expr| {
        if let Some(request) = Request::of(walker, expr, &bound)
            && request.acts()
            && !request.may_carry_key()
            && !request.args().any(|arg| names_key(walker, arg))
        {
            found.push(expr.span);
        }
    });
    found
}

/// Calls of gateways that carry no key.
fn gateway_calls<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> Vec<Span> {
    let mut found = Vec::new();
    let mut walker = function.walker(workspace);
    walker.block(function.body, &mut |walker, expr| {
        let ExprKind::Method {
            receiver,
            name,
            args,
        } = &expr.kind
        else {
            return;
        };
        let Some(of) = walker.type_of(receiver) else {
            return;
        };
        let Some(called) = walker.method_of(of.behind_pointers(), &name.text) else {
            return;
        };
        let acts =
            walker.is_asynchronous(&called) && answers_for_provider(&walker.result_of(&called));
        if acts && !args.iter().any(|arg| names_key(walker, arg)) {
            found.push(name.span);
        }
    });
    found
}

/// Whether a result is what a provider said of a call.
fn answers_for_provider(ty: &RTy) -> bool {
    let is_it = |ty: &RTy| {
        ["GatewayError", "Outcome", "Receipt"]
            .iter()
            .any(|of| ty.is_runtime(of))
    };
    match ty {
        RTy::External(_, args) => is_it(ty) || args.iter().any(is_it),
        _ => false,
    }
}

/// Whether a call on the way hands on something that is named as a key.
fn carries_key<'a>(calls: impl Iterator<Item = &'a Expr>) -> bool {
    let mut found = false;
    for call in calls {
        if let ExprKind::Method { args, .. } | ExprKind::Call { args, .. } = &call.kind {
            args.iter()
                .for_each(|arg| visit::each(arg, &mut |part| found |= is_key_word(part)));
        }
    }
    found
}

/// Whether an argument may be a key, or hold one, that is not made here and now.
fn names_key<'a>(walker: &Walker<'_, 'a>, arg: &'a Expr) -> bool {
    let holds_key = |ty: &RTy| {
        let mut keys = ["IdemKey", "OpId", "StepRun"].into_iter();
        keys.any(|key| walker.workspace().holds_runtime(ty, key, 2))
    };
    let mut named = walker.type_of(arg).is_some_and(|ty| holds_key(&ty));
    let mut fresh = false;
    visit::each(arg, &mut |part| {
        named |= is_key_word(part);
        if let ExprKind::Path(path) = &part.kind
            && let Res::External(path) = walker.resolve(path)
        {
            fresh |= fresh_values::is_maker(&path);
        }
    });
    named && !fresh
}

/// Whether a word speaks of a key.
fn is_key_word(part: &Expr) -> bool {
    let speaks = |text: &str| {
        let is_secret = text.contains("api") || text.contains("secret");
        (text.contains("key") && !is_secret) || text.contains("op_id") || text.contains("idem")
    };
    match &part.kind {
        ExprKind::Path(path) => path.last().is_some_and(|last| speaks(&last.name.text)),
        ExprKind::Field { name, .. } | ExprKind::Method { name, .. } => speaks(&name.text),
        ExprKind::Struct { fields, .. } => fields.iter().any(|(name, _)| speaks(&name.text)),
        ExprKind::Macro(call) => call.body.opaque.iter().any(|name| speaks(&name.text)),
        ExprKind::Str(text) => speaks(text),
        _ => false,
    }
}

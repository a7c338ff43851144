//! ORC401.

use super::sagas::{Does, Plan, Sagas, Undone, Wired, Wiring};
use super::undo_work::{Work, work_of};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::ExprKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC401",
    name: "step-without-compensation",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds steps of a saga whose plan promises a compensation, `Compensation::Operation`, and that have none: a
`Call` without `undone_by`, a `LocalWork` whose `run` writes and whose `undo` writes nothing, a `SagaStep` of
one's own that cannot be undone. Also finds `Compensation::None` without a reason.

## Why is this bad?
When a later step fails, what this one did stays: the money is taken, and there is no order. A `Call` like
that keeps the service from starting; an `undo` that does nothing is believed, and the saga ends as undone.

## Example
```rust
let step = Call::new(engines.of(\"payment\")?, steps::pay::command);
let builder = builder.step(\"pay\", step);
```
Use instead:
```rust
let step = Call::new(engines.of(\"payment\")?, steps::pay::command);
let step = step.undone_by(engines.of(\"payment/refund\")?, steps::pay::compensation);
let builder = builder.step(\"pay\", step);
```
Or say in the plan why nothing has to be undone: `Compensation::None(\"a question leaves nothing behind\")`.

## What it does not see
An `undo` that refuses is left alone: what it refuses waits for a person. Steps whose plan is not a constant
or is not written where the builder is made are not compared with it.

## Why there is no fix
Which operation takes a step back, and with which amount, is a decision about money. A stub that does nothing
would be believed, and the saga would end as undone.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let sagas = Sagas::of(check);
    for plan in &sagas.plans {
        without_reason(check, plan);
    }
    for wiring in &sagas.wirings {
        let Some(plan) = sagas.plan(wiring) else {
            continue;
        };
        for wired in &wiring.steps {
            let step = plan.step(wired.name);
            if step.is_some_and(|step| step.undone == Undone::Promised) {
                judge(check, wiring, wired);
            }
        }
    }
}

fn without_reason(check: &mut Check<'_, '_>, plan: &Plan<'_>) {
    for step in &plan.steps {
        if let Undone::Never(reason, span) = step.undone
            && reason.trim().is_empty()
        {
            let at = check.at(plan.file, span, plan.item.as_str());
            let message = format!("nothing undoes the step `{}`, for no reason", step.name);
            check
                .flag(at, message)
                .help("say why what it does may stay, or name what undoes it");
        }
    }
}

fn judge(check: &mut Check<'_, '_>, wiring: &Wiring<'_>, wired: &Wired<'_>) {
    let name = wired.name;
    let at = check.at(wiring.file, wired.span, wiring.item.as_str());
    match wired.does {
        Does::Call(_, true) => {}
        Does::Call(span, false) => {
            let at = check.at(wiring.file, span, wiring.item.as_str());
            let message =
                format!("nothing undoes the step `{name}`, and its plan says something does");
            check
                .flag(at, message)
                .help("add `.undone_by(engine, command)` with the operation that takes it back");
        }
        Does::Local(id) => local(check, wired, id),
        Does::Own(id) => own(check, wired, id),
        Does::Unclear => check.unknown(&at, format!("whether something undoes the step `{name}`")),
    }
}

/// Work in our own database.
fn local(check: &mut Check<'_, '_>, wired: &Wired<'_>, id: crate::model::DefId) {
    let Some(work) = work_of(check, id) else {
        return;
    };
    let Work {
        at, writes, undone, ..
    } = work;
    let Some(table) = writes else {
        return;
    };
    match undone {
        Some(true) => {}
        Some(false) => {
            let message = format!(
                "`undo` of the step `{}` leaves what `run` writes to `{table}`",
                wired.name
            );
            check
                .flag(at, message)
                .help("write back what `run` changed, or say in the plan why it may stay");
        }
        None => check.unknown(
            &at,
            format!("whether `undo` takes back what `run` writes to `{table}`"),
        ),
    }
}

/// A `SagaStep` of the project that says it cannot be undone.
fn own(check: &mut Check<'_, '_>, wired: &Wired<'_>, id: crate::model::DefId) {
    let workspace = check.workspace;
    let blocks = workspace.runtime_impls("SagaStep");
    let of_type =
        |ty: &crate::model::RTy| matches!(ty, crate::model::RTy::Local(of, _) if *of == id);
    let mut own = blocks.filter(|block| of_type(&workspace.self_type(block)));
    let Some(block) = own.next() else {
        return;
    };
    let Some((item, function)) = block.def.method("can_be_undone") else {
        return;
    };
    let stmts = function.body.as_ref().map(|body| body.stmts.as_slice());
    let says_no = match stmts {
        Some([crate::syntax::Stmt::Expr(only)]) => matches!(only.kind, ExprKind::Bool(false)),
        _ => false,
    };
    if says_no {
        let path = format!("{}::can_be_undone", workspace.path_of(id));
        let at = check.at(block.file, item.name.span, path);
        let message = format!(
            "the step `{}` cannot be undone, and its plan says that it is",
            wired.name
        );
        check
            .flag(at, message)
            .help("undo it, or say in the plan why nothing has to");
    }
}

//! ORC202.

use std::collections::HashMap;
use std::ptr;

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{Function, RTy};
use crate::syntax::{Arm, Block, Expr, ExprKind, Span, Stmt, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC202",
    name: "wal-after-finalize",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds calls of `OperationStore::finalize` that are reached without the outcome having been written to the
log by `record`, or read from it by `pending_outcomes`, on every way there.

## Why is this bad?
`finalize` applies what the log says. Without the entry there is nothing to apply: the outcome is known in
memory only, and a crash between the two loses it. The provider has acted, and nobody remembers.

## Example
```rust
store.finalize(now, &lease, settlement, hook).await?;
store.record(now, &lease, &outcome).await?;
```
Use instead:
```rust
store.record(now, &lease, &outcome).await?;
store.finalize(now, &lease, settlement, hook).await?;
```
",
    check,
};

/// What a call does with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Writes,
    Finalizes(Span),
}

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let finalizes = |of: &&Function<'_>| of.body.mentions(&["finalize"]);
    for function in check.functions.iter().filter(finalizes) {
        let mut steps = HashMap::new();
        let mut walker = function.walker(workspace);
        walker.block(function.body, &mut |walker, expr| {
            steps.extend(step(walker, expr).map(|step| (ptr::from_ref(expr), step)));
        });
        if !steps
            .values()
            .any(|step| matches!(step, Step::Finalizes(_)))
        {
            continue;
        }
        let mut walk = Walk {
            steps,
            written: false,
            gone: false,
            found: Vec::new(),
        };
        walk.block(function.body);
        for span in walk.found {
            let at = check.at(function.file, span, function.path(workspace));
            check
                .flag(at, "finalizes an outcome that the log may not have")
                .help("call `record` before, on every way to this call");
        }
    }
}

fn step<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Step> {
    let ExprKind::Method { receiver, name, .. } = &expr.kind else {
        return None;
    };
    let step = match name.text.as_str() {
        "record" | "pending_outcomes" => Step::Writes,
        "finalize" => Step::Finalizes(name.span),
        _ => return None,
    };
    is_store(&walker.type_of(receiver)?).then_some(step)
}

fn is_store(ty: &RTy) -> bool {
    let is = |path: &[String]| {
        let names = ["OperationStore", "SqliteStore", "PostgresStore"];
        names.iter().any(|name| known::is_runtime(path, name))
    };
    match ty.behind_pointers() {
        RTy::External(path, _) => is(path),
        RTy::Bounds(bounds) => bounds
            .iter()
            .any(|bound| bound.name.external().is_some_and(is)),
        _ => false,
    }
}

/// A walk in the order of evaluation: whether the log has been written on every way to a point.
struct Walk {
    steps: HashMap<*const Expr, Step>,
    written: bool,
    /// Nothing after this is reached.
    gone: bool,
    found: Vec<Span>,
}

impl Walk {
    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let {
                    init, otherwise, ..
                } => {
                    init.iter().for_each(|init| self.expr(init));
                    if let Some(otherwise) = otherwise {
                        self.aside(|walk| walk.expr(otherwise));
                    }
                }
                Stmt::Expr(expr) => self.expr(expr),
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.expr(cond);
                let before = (self.written, self.gone);
                self.block(then);
                let after = (self.written, self.gone);
                (self.written, self.gone) = before;
                otherwise.iter().for_each(|other| self.expr(other));
                self.join(after);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee);
                self.arms(arms);
            }
            ExprKind::For { iter, body, .. } => {
                self.expr(iter);
                self.aside(|walk| walk.block(body));
            }
            ExprKind::While { cond, body } => {
                self.expr(cond);
                self.aside(|walk| walk.block(body));
            }
            ExprKind::Closure { body, .. } => self.aside(|walk| walk.expr(body)),
            ExprKind::Async(body) => self.aside(|walk| walk.block(body)),
            ExprKind::Block(body) | ExprKind::Loop(body) => self.block(body),
            ExprKind::Leave(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.gone = true;
            }
            _ => self.parts(expr),
        }
        match self.steps.get(&ptr::from_ref(expr)) {
            Some(Step::Writes) => self.written = true,
            Some(Step::Finalizes(span)) if !self.written && !self.gone => self.found.push(*span),
            _ => {}
        }
    }

    fn arms(&mut self, arms: &[Arm]) {
        let before = (self.written, self.gone);
        let mut after = None;
        for arm in arms {
            (self.written, self.gone) = before;
            arm.guard.iter().for_each(|guard| self.expr(guard));
            self.expr(&arm.body);
            if let Some(others) = after {
                self.join(others);
            }
            after = Some((self.written, self.gone));
        }
    }

    /// What may run, or later, or several times: nothing that it writes counts after it.
    fn aside(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = (self.written, self.gone);
        walk(self);
        (self.written, self.gone) = before;
    }

    fn parts(&mut self, expr: &Expr) {
        visit::parts(expr, &mut |part| self.expr(part));
    }

    /// Two ways meet: written is what both have written.
    fn join(&mut self, (written, gone): (bool, bool)) {
        if self.gone {
            (self.written, self.gone) = (written, gone);
        } else if !gone {
            self.written &= written;
        }
    }
}

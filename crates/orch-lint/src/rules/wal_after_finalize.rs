//! ORC202.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;

use super::written_first::{self, Passage, Step, Written};
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::known;
use crate::model::infer::Walker;
use crate::model::{self, Function, RTy};
use crate::syntax::{Expr, ExprKind};

pub(super) static RULE: Rule = Rule {
    code: "ORC202",
    name: "wal-after-finalize",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds calls of `OperationStore::finalize` that are reached without the outcome having been written to the
log by `record`, or read from it by `pending_outcomes`, on every way there. Functions of the project that do
one of these are followed: a function may finalize what all its callers have written. What a closure writes
that is handed to something else, such as a retry, is undecided.

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

/// What the functions do that have to do with the log, by their numbers.
type Passages = BTreeMap<usize, Passage>;

fn check(check: &mut Check<'_, '_>) {
    if !check
        .functions
        .iter()
        .any(|of| of.body.mentions(&["finalize"]))
    {
        return;
    }
    let passages = passages(check);
    for (at, passage) in &passages {
        for span in &passage.unclear {
            let function = &check.functions[*at];
            let place = check.at(function.file, *span, function.path(check.workspace));
            check.unknown(
                &place,
                "finalizes what only a closure or a future may have written",
            );
        }
    }
    let needing = passages.iter().filter(|(_, of)| !of.unwritten.is_empty());
    for (at, passage) in needing {
        let callers = callers(check, *at);
        for (span, by) in &passage.unwritten {
            let function = &check.functions[*at];
            let place = check.at(function.file, *span, function.path(check.workspace));
            match callers {
                // Each of them is judged itself.
                Callers::Certain => {}
                Callers::Perhaps => {
                    check.unknown(&place, "finalizes what its callers may not have written");
                }
                Callers::None => {
                    let by = by.and_then(|by| helper(check, &passages, by));
                    report(check, place, by);
                }
            }
        }
    }
}

/// The function that finalizes, and where in it.
fn helper(check: &Check<'_, '_>, passages: &Passages, by: usize) -> Option<model::Step> {
    let function = &check.functions[by];
    let (span, _) = passages.get(&by)?.unwritten.first()?;
    Some(model::Step::at(function.label(), function.file, *span))
}

fn report(check: &mut Check<'_, '_>, place: super::At, by: Option<model::Step>) {
    let what = "finalizes an outcome that the log may not have";
    let message = match &by {
        None => what.to_owned(),
        Some(by) => format!("`{}` {what}", by.name),
    };
    let violation = check.flag(place, message);
    violation.help("call `record` before, on every way to this call");
    violation.chain = by.into_iter().collect();
}

/// Who calls a function of the project.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    None,
    Perhaps,
    Certain,
}

fn callers(check: &Check<'_, '_>, of: usize) -> Callers {
    let name = check.functions[of].name();
    let may =
        |(at, function): &(usize, &Function<'_>)| *at != of && function.body.mentions(&[name]);
    let others = check.functions.iter().enumerate().filter(may);
    let mut found = Callers::None;
    for (other, _) in others {
        for call in check.calls.made_in(other) {
            match call.targets.contains(&of) {
                true if !call.perhaps => return Callers::Certain,
                true => found = Callers::Perhaps,
                false => {}
            }
        }
    }
    found
}

/// Functions that call each other in a circle may go on changing what is known of them.
const MOST_ROUNDS: usize = 16;

/// Looks into what touches the log, then into what calls that, until nothing new is learned.
fn passages(check: &Check<'_, '_>) -> Passages {
    let mut passages = Passages::new();
    let mut names = BTreeSet::from(["finalize", "pending_outcomes", "record"]);
    for _ in 0..MOST_ROUNDS {
        let asked: Vec<&str> = std::mem::take(&mut names).into_iter().collect();
        let mut learned = Vec::new();
        for (at, function) in check.functions.iter().enumerate() {
            if !function.body.mentions(&asked) {
                continue;
            }
            let passage = passage(check, at, &passages);
            let before = passages.get(&at);
            if *before.unwrap_or(&Passage::default()) != passage {
                names.insert(function.name());
                learned.push((at, passage));
            }
        }
        passages.extend(learned);
    }
    passages
}

fn passage(check: &Check<'_, '_>, at: usize, passages: &Passages) -> Passage {
    let function = &check.functions[at];
    let mut calls = HashMap::new();
    for call in check.calls.made_in(at).iter().filter(|call| !call.perhaps) {
        calls.extend(through(&call.targets, passages).map(|does| (ptr::from_ref(call.at), does)));
    }
    let mut steps = HashMap::new();
    let mut walker = function.walker(check.workspace);
    walker.block(function.body, &mut |walker, expr| {
        steps.extend(step(walker, expr, &calls).map(|step| (ptr::from_ref(expr), step)));
    });
    written_first::through(function.body, steps)
}

/// What a call of one of some functions does with the log.
enum Does {
    Writes,
    MayWrite,
    Finalizes(usize),
}

fn through(targets: &[usize], passages: &Passages) -> Option<Does> {
    let all: Option<Vec<&Passage>> = targets.iter().map(|of| passages.get(of)).collect();
    let all = all?;
    if all.iter().all(|of| !of.unwritten.is_empty()) {
        return Some(Does::Finalizes(*targets.first()?));
    }
    match all.iter().map(|of| of.writes).min()? {
        Written::Yes => Some(Does::Writes),
        Written::Perhaps => Some(Does::MayWrite),
        Written::No => None,
    }
}

fn step<'a>(
    walker: &Walker<'_, 'a>,
    expr: &'a Expr,
    calls: &HashMap<*const Expr, Does>,
) -> Option<Step> {
    let (at, span) = match &expr.kind {
        ExprKind::Call { callee, .. } => (&**callee, callee.span),
        ExprKind::Method { name, .. } => (expr, name.span),
        // Where it is handed on to be called; a call of it is seen after this.
        ExprKind::Path(_) => {
            let writes = matches!(calls.get(&ptr::from_ref(expr)), Some(Does::Writes));
            return writes.then_some(Step::MayWrite);
        }
        _ => return None,
    };
    if let Some(does) = calls.get(&ptr::from_ref(at)) {
        return Some(match does {
            Does::Writes => Step::Writes,
            Does::MayWrite => Step::MayWrite,
            Does::Finalizes(by) => Step::Finalizes(span, Some(*by)),
        });
    }
    let ExprKind::Method { receiver, name, .. } = &expr.kind else {
        return None;
    };
    let step = match name.text.as_str() {
        "record" | "pending_outcomes" => Step::Writes,
        "finalize" => Step::Finalizes(name.span, None),
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

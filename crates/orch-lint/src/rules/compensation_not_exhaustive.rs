//! ORC402.

use super::compensations::is_compensation;
use super::remaining_variants::{Closed, OpenMatch, takes_all};
use super::sagas::{Plan, Sagas, Wiring, input_of};
use super::{Check, Rule, Status, Violation};
use crate::finding::Severity;
use crate::model::{DefId, Function, Res, Workspace};
use crate::nearest::nearest;
use crate::syntax::{Arm, ExprKind, ItemKind, Pat, PatKind, Span, Variant, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC402",
    name: "compensation-not-exhaustive",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Compares the names of steps: each step of a plan has to be registered, and each name that is registered,
waited for (`after`) or asked for (`result_of`, `provider_ref_of`) has to be in the plan. Also finds `_` and
plain bindings in compensation code among the arms of a `match` on an enum of the project named `…Step`.

## Why is this bad?
A saga whose steps and plan differ does not start. A step that asks for the result of one that does not exist
is refused each time, and a compensation like that is never done. And the catch-all decides about the step
that is added next year: it is left as it is, while all others are taken back.

## Example
```rust
match step {
    OrderStep::Reserve => self.release(order).await,
    _ => Ok(()),
}
```
Use instead:
```rust
match step {
    OrderStep::Reserve => self.release(order).await,
    OrderStep::Pay => self.refund(order).await,
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let sagas = Sagas::of(check);
    for plan in &sagas.plans {
        waited_for(check, plan);
    }
    for wiring in &sagas.wirings {
        match sagas.plan(wiring) {
            Some(plan) => compare(check, plan, wiring),
            None => unplanned(check, wiring),
        }
    }
    if !sagas.plans.is_empty() {
        asked_for(check, &sagas);
    }
    catch_alls(check);
}

fn waited_for(check: &mut Check<'_, '_>, plan: &Plan<'_>) {
    let names = plan.steps.iter().flat_map(|step| &step.after);
    for (name, span) in names.filter(|(name, _)| plan.lacks(name)) {
        let at = check.at(plan.file, *span, plan.item.as_str());
        let message = format!("the plan has no step `{name}` to wait for");
        let flagged = check.flag(at, message).help("name a step of this plan");
        let others = plan
            .steps
            .iter()
            .filter(|of| !of.after.iter().any(|(_, at)| at == span));
        meant(flagged, *span, name, others.map(|of| of.name));
    }
}

fn compare(check: &mut Check<'_, '_>, plan: &Plan<'_>, wiring: &Wiring<'_>) {
    for wired in wiring.steps.iter().filter(|of| plan.lacks(of.name)) {
        let at = check.at(wiring.file, wired.span, wiring.item.as_str());
        let message = format!("`{}` is no step of the plan", wired.name);
        let flagged = check
            .flag(at, message)
            .help("add it to the plan, or take it out here");
        let is_free = |name: &&str| !wiring.steps.iter().any(|of| of.name == *name);
        let free = plan.steps.iter().map(|of| of.name).filter(is_free);
        meant(flagged, wired.span, wired.name, free);
    }
    let is_registered = |name: &str| wiring.steps.iter().any(|of| of.name == name);
    if !wiring.is_whole {
        return;
    }
    for step in plan.steps.iter().filter(|step| !is_registered(step.name)) {
        let at = check.at(plan.file, step.span, plan.item.as_str());
        let message = format!("nothing is registered for the step `{}`", step.name);
        check
            .flag(at, message)
            .help("register what it does and what undoes it with `.step(name, …)`");
    }
}

fn unplanned(check: &mut Check<'_, '_>, wiring: &Wiring<'_>) {
    if let Some(first) = wiring.steps.first() {
        let at = check.at(wiring.file, first.span, wiring.item.as_str());
        check.unknown(&at, "which plan these steps belong to");
    }
}

/// `run.result_of("pay")`.
fn asked_for(check: &mut Check<'_, '_>, sagas: &Sagas<'_>) {
    const ASKING: &[&str] = &["provider_ref_of", "result_of"];
    for function in check.functions.iter().filter(|of| of.body.mentions(ASKING)) {
        let mut asked: Vec<(&str, Span, DefId)> = Vec::new();
        let mut walker = function.walker(check.workspace);
        walker.block(function.body, &mut |walker, expr| {
            if let ExprKind::Method {
                receiver,
                name,
                args,
            } = &expr.kind
                && ASKING.contains(&name.text.as_str())
                && let [arg] = args.as_slice()
                && let Some(text) = arg.as_text()
                && let Some(input) = walker
                    .type_of(receiver)
                    .and_then(|ty| input_of(&ty, "StepRun"))
            {
                asked.push((text, arg.span, input));
            }
        });
        for (name, span, input) in asked {
            let plans = sagas.plans_for(input);
            if !plans.is_empty() && plans.iter().all(|plan| plan.lacks(name)) {
                let at = check.at(function.file, span, function.path(check.workspace));
                let message = format!("the saga has no step `{name}`");
                let flagged = check
                    .flag(at, message)
                    .help("ask for a step of its plan that has happened before this one");
                let steps = plans.iter().flat_map(|plan| &plan.steps);
                meant(flagged, span, name, steps.map(|of| of.name));
            }
        }
    }
}

/// Proposes the name that was meant, where one is near enough.
fn meant<'n>(
    flagged: &mut Violation,
    at: Span,
    written: &str,
    names: impl Iterator<Item = &'n str>,
) {
    let Some(name) = nearest(written, names) else {
        return;
    };
    let (before, after) = (format!("\"{written}\""), format!("\"{name}\""));
    flagged.unsafe_fix(format!("write `{name}`"), move |source| {
        let bytes = source.bytes(at);
        (source.text[bytes.clone()] == before).then(|| vec![(bytes, after.clone())])
    });
}

fn catch_alls(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let functions = check.functions.iter();
    for function in functions.filter(|of| of.body.mentions(&["match"])) {
        if !is_compensation(workspace, function) {
            continue;
        }
        let mut found = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Match { arms, .. } = &expr.kind
                && let Some((id, variants)) = steps_of(workspace, function, arms)
            {
                let closed = Closed::Local(id, variants);
                let of = OpenMatch::new(function.module, closed, None, arms);
                let open = arms
                    .iter()
                    .filter(|of| of.guard.is_none() && takes_all(&of.pat));
                found.extend(open.map(|arm| {
                    let named = of.named(workspace, arm, &arm.pat);
                    (arm.pat.span, id, left(arms, variants), named)
                }));
            }
        });
        for (span, id, left, named) in found {
            let name = &workspace.def(id).item.name.text;
            let message = match left.as_slice() {
                [] => format!("this arm decides about the next `{name}` that is added"),
                _ => format!("this arm decides about {}", listed(name, &left)),
            };
            let at = check.at(function.file, span, function.path(workspace));
            let flagged = check
                .flag(at, message)
                .help("name every step, so that a new one is a compile error here");
            if let Some(named) = named {
                named.propose(flagged);
            }
        }
    }
}

/// `OrderStep::Pay and OrderStep::Pack`.
fn listed(name: &str, variants: &[&str]) -> String {
    let shown: Vec<String> = variants
        .iter()
        .map(|of| format!("`{name}::{of}`"))
        .collect();
    shown.join(" and ")
}

/// The enum of steps that the arms name.
fn steps_of<'a>(
    workspace: &Workspace<'a>,
    function: &Function<'a>,
    arms: &[Arm],
) -> Option<(DefId, &'a [Variant])> {
    let mut ids = arms
        .iter()
        .filter_map(|arm| first_enum(workspace, function, &arm.pat));
    let id = ids.next()?;
    let item = workspace.def(id).item;
    match &item.kind {
        ItemKind::Enum(_, variants) if item.name.text.ends_with("Step") => Some((id, variants)),
        _ => None,
    }
}

fn first_enum(workspace: &Workspace<'_>, function: &Function<'_>, pat: &Pat) -> Option<DefId> {
    let path = match &pat.kind {
        PatKind::Path(path) | PatKind::TupleStruct(path, _) | PatKind::Struct(path, _) => path,
        PatKind::Or(cases) => return first_enum(workspace, function, cases.first()?),
        PatKind::Ref(inner) => return first_enum(workspace, function, inner),
        _ => return None,
    };
    match workspace.resolve_value(function.module, path) {
        Res::Variant(id, _) => Some(id),
        Res::Assoc(id, _) => Some(id),
        _ => None,
    }
}

/// The variants that no arm names.
fn left<'a>(arms: &[Arm], variants: &'a [Variant]) -> Vec<&'a str> {
    let mut named = Vec::new();
    for arm in arms {
        crate::syntax::patterns::each_part(&arm.pat, &mut |part| match &part.kind {
            PatKind::Path(path) | PatKind::TupleStruct(path, _) | PatKind::Struct(path, _) => {
                named.extend(path.last().map(|last| last.name.text.as_str()));
            }
            _ => {}
        });
    }
    let names = variants.iter().map(|variant| variant.name.text.as_str());
    names.filter(|name| !named.contains(name)).collect()
}

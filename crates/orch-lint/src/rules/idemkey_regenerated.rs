//! ORC105.

use super::fresh_values::{goes_into, made, maker_names};
use super::gateway_calls::{Execution, Part, executions, part_of, parts};
use super::key_slots::{Slot, acts, names_key, slots};
use super::mentions::Carriers;
use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::model::RTy;
use crate::syntax::{Expr, Span};

pub(super) static RULE: Rule = Rule {
    code: "ORC105",
    name: "idemkey-regenerated",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds identifiers that are another one each time (`Uuid::new_v4()`, `Ulid::new()`, `rand::random()`),
are made inside `Orchestrator::execute` or a method that it calls on `self`, and go where one of its gateways
takes the key. A trace id beside the `op_id` is none, nor is what a call without a key and an effect gets.

## Why is this bad?
`execute` runs again when its answer was lost. A key that is made there is another one each time, so the
provider sees another payment each time and makes every one of them.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge(&Uuid::new_v4().to_string(), command).await
```
Use instead:
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    self.gateway.charge(op_id, command).await
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let words = maker_names();
    for execution in executions(check) {
        let seeds = keys(&execution);
        let parts = parts(check, execution, seeds);
        for part in &parts {
            if part.of.body.mentions(&words) {
                judge(check, &parts, part);
            }
        }
    }
}

/// The names that the parameters of `execute` give to the key.
fn keys<'a>(of: &Execution<'_, 'a>) -> Vec<&'a str> {
    let is_key = |ty: &RTy| ty.is_runtime("OpId") || ty.is_runtime("IdemKey");
    let params = of.function.params.iter().zip(&of.params);
    let mut names = Vec::new();
    for (param, _) in params.filter(|(_, ty)| is_key(ty)) {
        param.pat.each_name(&mut |name| names.push(name));
    }
    names
}

fn judge<'a>(check: &mut Check<'_, 'a>, parts: &[Part<'_, 'a>], part: &Part<'_, 'a>) {
    let of = &part.of;
    for (span, name) in makers(check, of) {
        let is_it = |value: &'a Expr| goes_into(of.body, span, value.span);
        let at = check.at(of.file, span, of.item.as_str());
        match taken(check, parts, part, &is_it, 0) {
            Taken::NoKey => {}
            Taken::Unclear => check.unknown(&at, format!("whether `{name}` makes a key")),
            Taken::Key => {
                let message = format!("`{name}` gives the provider another key at every attempt");
                check
                    .flag(at, message)
                    .help("use `op_id`: it is the same at every attempt");
            }
        }
    }
}

/// Where identifiers are made in a body.
fn makers(check: &Check<'_, '_>, of: &Execution<'_, '_>) -> Vec<(Span, String)> {
    let mut found: Vec<(Span, String)> = Vec::new();
    let declared = check.calls.index_of(of.function);
    let Some(declared) = declared.map(|index| &check.functions[index]) else {
        return found;
    };
    let mut walker = declared.walker(check.workspace);
    walker.block(declared.body, &mut |walker, expr| {
        // What is called is seen after its call.
        let one =
            made(walker, expr).filter(|(span, _)| found.iter().all(|(of, _)| !of.contains(*span)));
        found.extend(one);
    });
    found
}

/// What a value is taken for by the gateways that get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Taken {
    NoKey,
    /// It cannot be said.
    Unclear,
    Key,
}

/// What a value of a part is taken for, in it and in the methods that it is handed on to.
fn taken<'a>(
    check: &Check<'_, 'a>,
    parts: &[Part<'_, 'a>],
    part: &Part<'_, 'a>,
    is_it: &dyn Fn(&'a Expr) -> bool,
    depth: usize,
) -> Taken {
    const MAX_DEPTH: usize = 4;
    let calls = part.of.calls.iter().map(|call| {
        let slots = slots(check, &part.of, call);
        taken_by(&slots, is_it, &part.carriers, acts(call))
    });
    let unclear = part.of.unclear.iter().map(|args| {
        let is_clean = |arg: &'a Expr| part.carriers.are_in(arg) && !is_it(arg);
        match args.iter().any(is_it) && !args.iter().any(is_clean) {
            true => Taken::Unclear,
            false => Taken::NoKey,
        }
    });
    let here = calls.chain(unclear).max().unwrap_or(Taken::NoKey);
    if here == Taken::Key || depth > MAX_DEPTH {
        return here;
    }
    let handed = part.hands_on(is_it).into_iter().map(|(def, names)| {
        let Some(next) = part_of(parts, def) else {
            return Taken::Unclear;
        };
        let carriers = Carriers::of(names, next.of.body);
        taken(
            check,
            parts,
            next,
            &|value| carriers.are_in(value),
            depth + 1,
        )
    });
    handed.max().unwrap_or(here).max(here)
}

/// What one call takes it for.
fn taken_by<'a>(
    slots: &[Slot<'a>],
    is_it: &dyn Fn(&'a Expr) -> bool,
    carriers: &Carriers<'a>,
    acts: bool,
) -> Taken {
    let clean = || slots.iter().filter(|slot| !is_it(slot.value));
    let gets_key = |slot: &Slot<'_>| carriers.are_in(slot.value);
    let is_keyed = clean().any(|slot| slot.takes_key && gets_key(slot));
    let is_known = clean().any(|slot| slot.takes_key || gets_key(slot));
    let of = slots.iter().filter(|slot| is_it(slot.value)).map(|slot| {
        let may_be = names_key(slot.name);
        let is_taken = match slot.takes_key {
            true => !is_keyed,
            false => !is_known && may_be && acts,
        };
        match is_taken {
            // The key may be another part of it.
            true if slot.is_whole && gets_key(slot) => Taken::Unclear,
            true => Taken::Key,
            false if !slot.takes_key && !is_known && (acts || may_be) => Taken::Unclear,
            false => Taken::NoKey,
        }
    });
    of.max().unwrap_or(Taken::NoKey)
}

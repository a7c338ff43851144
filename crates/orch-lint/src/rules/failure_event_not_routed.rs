//! ORC405.

use super::choreographies::{Choreographies, Harm, Missing};
use super::sagas::Purpose;
use super::{Check, Rule, Status};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC405",
    name: "failure-event-not-routed",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds failures of a choreographed saga that reach nobody who acts on them: the failure of a step, the end of a
saga that is stopped, or the news of a compensation, to which no registered `CompensationHandler` subscribes; and
the failure of an optional step to which no `ToleratedFailureHandler` does.

## Why is this bad?
A step fails, and what happened before it is not taken back: the money is gone, and so is the order. Every test
in which all goes well passes. `Choreography` refuses to be built like that, so the service does not start.

## Example
```rust
impl CompensationHandler {
    pub const SUBSCRIPTIONS: &'static [OrderEvent] = &[
        OrderEvent::PayFailed,
        OrderEvent::OrderStopped,
    ];
}
```
Use instead, for a saga with the steps `pay` and `pack`:
```rust
impl CompensationHandler {
    pub const SUBSCRIPTIONS: &'static [OrderEvent] = &[
        OrderEvent::PayFailed,
        OrderEvent::PackFailed,
        OrderEvent::OrderStopped,
        OrderEvent::CompensationDue,
        OrderEvent::CompensationStepCompleted,
        OrderEvent::CompensationFailed,
    ];
}
```
Or register what the runtime has: `.handler(CompensationHandler::new(&sagas)?)` of `orch_runtime::saga`.

## What it does not see
Names that are made at run time. Where the plan, the names or a handler cannot be read, the rule says that it
cannot decide.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let Some(choreographies) = Choreographies::of(check) else {
        return;
    };
    let verdicts = choreographies.verdicts();
    let mut missing = Missing::new();
    for unheard in verdicts.unheard {
        let Some(harm) = harm(&unheard.need.purpose) else {
            continue;
        };
        let harm = Harm {
            deaf: format!(": {harm}"),
            missing: format!(": {harm}"),
        };
        unheard.flag(check, &mut missing, harm);
    }
    for (need, at, why) in verdicts.unclear {
        if harm(&need.purpose).is_some() {
            let (event, handler) = (&need.event, &need.handler);
            let message = format!("whether `{event}` reaches `{handler}`: {why}");
            check.unknown(&at, message);
        }
    }
    for (at, why) in verdicts.unread {
        check.unknown(&at, format!("whether every failure is heard: {why}"));
    }
}

/// What comes of a failure that nobody hears.
fn harm(purpose: &Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Begin(_) => None,
        Purpose::Undo => Some("what happened before is not undone"),
        Purpose::Note => Some("nobody sees what the saga goes on without"),
    }
}

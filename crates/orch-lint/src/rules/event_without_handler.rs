//! ORC404.

use super::choreographies::{Choreographies, Harm, Missing};
use super::sagas::Purpose;
use super::{Check, Rule, Status};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC404",
    name: "event-without-handler",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds events of a choreographed saga at which a step has to begin and that do not reach the handler of that
step: it is not registered, or it does not subscribe to them. As a warning, it also finds variants of an enum of
events that no handler subscribes to, while one of that enum is heard.

Who has to hear what follows from the plan and from the names in `SagaEvents`: a step without `after` begins at
`OrderInitiated`, any other at the success of each step that it waits for, and at the failure of those that are
optional.

## Why is this bad?
The saga stops in silence: what was paid stays paid, nothing is packed, and nothing fails. `Choreography`
refuses to be built like that, so the service does not start; other handlers are checked by nobody.

## Example
```rust
impl PackHandler {
    pub const SUBSCRIPTIONS: &'static [OrderEvent] = &[OrderEvent::OrderInitiated];
}
```
Use instead, for a step that comes after `pay`:
```rust
impl PackHandler {
    pub const SUBSCRIPTIONS: &'static [OrderEvent] = &[OrderEvent::PaySucceeded];
}
```
Or register what the runtime has for every step: `setup.choreography(&sagas)?.handlers_of(&sagas)`.

## What it does not see
Names that are made at run time. Where the plan, the names or a handler cannot be read, the rule says that it
cannot decide. An event that only another service hears is one that no handler here subscribes to.
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let Some(choreographies) = Choreographies::of(check) else {
        return;
    };
    let verdicts = choreographies.verdicts();
    let silent = choreographies.unheard_variants();
    let mut missing = Missing::new();
    for unheard in verdicts.unheard {
        let Purpose::Begin(step) = &unheard.need.purpose else {
            continue;
        };
        let harm = Harm {
            deaf: format!(", and begins `{step}` then"),
            missing: format!(", and nothing else begins the step `{step}`"),
        };
        unheard.flag(check, &mut missing, harm);
    }
    for (need, at, why) in verdicts.unclear {
        if let Purpose::Begin(step) = &need.purpose {
            let message = format!("whether `{}` begins the step `{step}`: {why}", need.event);
            check.unknown(&at, message);
        }
    }
    for (at, why) in verdicts.unread {
        check.unknown(&at, format!("whether every event is heard: {why}"));
    }
    for (id, variant) in silent {
        let workspace = check.workspace;
        let (file, path) = (workspace.file_of(id), workspace.path_of(id));
        let at = check.at(file, variant.name.span, path);
        let message = format!("no handler subscribes to `{}`", variant.name.text);
        let violation = check.flag(at, message);
        violation.severity = Severity::Warning;
        violation.help("handle it, or take it out when nobody needs to know");
    }
}

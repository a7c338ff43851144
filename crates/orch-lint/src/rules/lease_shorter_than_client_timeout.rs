//! ORC208.

use std::collections::BTreeSet;
use std::time::Duration;

use super::leases::Leases;
use super::provider_clients::{Clients, Limit, Of};
use super::{At, Check, Rule, Status, repeated_calls};
use crate::finding::Severity;
use crate::model::ModuleId;
use crate::syntax::Span;

pub(super) static RULE: Rule = Rule {
    code: "ORC208",
    name: "lease-shorter-than-client-timeout",
    severity: Severity::Warning,
    status: Status::Preview,
    docs: "\
## What it does
Finds timeouts that are not shorter than the lease: of a `reqwest` client or request, of a client of the
runtime, and the `attempt_timeout` of a `RetryPolicy`. Where `execute` calls in a `for` loop over numbers,
the timeout counts as often. The lease is that of the project's `EngineConfig`, else the runtime's 15 s.

## Why is this bad?
When the lease has ended, the operation counts as lost and the Reaper asks the provider about a call that
still runs; without a probe, or with one that finds nothing yet, it is made again. The runtime refuses an
`attempt_timeout` like that when the service starts, and gives up a longer call before its client does:
the answer that would have come is then unknown, and costs a question or a person.

## Example
```rust
let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
```
Use instead:
```rust
let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
```

## What it does not see
Only lengths that are written down are compared: whole numbers in constructors of `Duration`, constants,
statics, variables that are bound once. Timeouts of environment variables are none of these; the runtime checks its
own against the lease when the service starts, and `orch.toml` has none. Attempts of the `RetryPolicy` are
not multiplied: each of them has a lease of its own. A shorter limit around a call, of the request itself or
by `tokio::time::timeout`, does not count. A timeout or a lease that is worked out otherwise is
counted as undecided.
",
    check,
};

const HELP: &str = "give up well before the lease ends, or give the engine a longer lease";

fn check(check: &mut Check<'_, '_>) {
    if check.workspace.orchestrators().is_empty() {
        return;
    }
    let clients = Clients::of(check);
    if clients.limits.is_empty() {
        return;
    }
    let leases = Leases::of(check);
    let mut seen: BTreeSet<(usize, Span)> = BTreeSet::new();
    for limit in &clients.limits {
        if seen.insert((limit.function, limit.span)) {
            one_call(check, &leases, limit);
        }
    }
    several_calls(check, &leases, &clients);
}

fn one_call(check: &mut Check<'_, '_>, leases: &Leases, limit: &Limit) {
    let (at, module) = place(check, limit.function, limit.span);
    let what = match limit.of {
        Of::Attempt => "an attempt",
        Of::Call => "a call",
    };
    let Some(length) = limit.length else {
        let message = format!(
            "cannot tell whether {what} ends before its lease: its timeout is \
                               not written down"
        );
        check.unknown(&at, message);
        return;
    };
    let lasts = format!("{what} may take {length:?}");
    judge(check, leases, (at, module), length, &lasts);
}

/// Loops that call often enough to outlast the lease, though one call does not.
fn several_calls(check: &mut Check<'_, '_>, leases: &Leases, clients: &Clients) {
    for repeated in &repeated_calls::all(check, &clients.reached) {
        let (at, module) = place(check, repeated.function, repeated.span);
        let own = clients.limits.iter().filter(|limit| {
            let other = check.functions[limit.function].module;
            limit.of == Of::Call && is_same_domain(check, module, other)
        });
        // Which of several clients is called is not known: it lasts as long as with the fastest.
        let lengths: Option<Vec<Duration>> = own.map(|limit| limit.length).collect();
        let shortest = lengths.and_then(|lengths| lengths.into_iter().min());
        let times = u32::try_from(repeated.times).unwrap_or(u32::MAX);
        let Some((shortest, all)) = shortest.and_then(|of| Some((of, of.checked_mul(times)?)))
        else {
            continue;
        };
        let lasts = format!("{times} calls of {shortest:?} may take {all:?}");
        let is_one_enough = leases
            .around(check, module)
            .iter()
            .any(|lease| lease.is_some_and(|lease| shortest >= lease));
        if !is_one_enough {
            judge(check, leases, (at, module), all, &lasts);
        }
    }
}

fn judge(
    check: &mut Check<'_, '_>,
    leases: &Leases,
    (at, module): (At, ModuleId),
    length: Duration,
    lasts: &str,
) {
    let around = leases.around(check, module);
    let known: Option<Vec<Duration>> = around.into_iter().collect();
    let Some(known) = known else {
        let message = format!("{lasts}, and it is not known how long the lease is");
        check.unknown(&at, message);
        return;
    };
    let longest = known.iter().max().copied().unwrap_or_default();
    let shortest = known.iter().min().copied().unwrap_or_default();
    if length >= longest {
        let message = format!("{lasts}, and the lease ends after {longest:?}");
        check.flag(at, message).help(HELP);
    } else if length >= shortest {
        let message = format!("{lasts}, and one of several leases ends after {shortest:?}");
        check.unknown(&at, message);
    }
}

fn place(check: &Check<'_, '_>, function: usize, span: Span) -> (At, ModuleId) {
    let of = &check.functions[function];
    let at = check.at(of.file, span, of.path(check.workspace));
    (at, of.module)
}

fn is_same_domain(check: &Check<'_, '_>, one: ModuleId, other: ModuleId) -> bool {
    let domain = |of| check.workspace.domains_around(of).next();
    domain(one) == domain(other)
}

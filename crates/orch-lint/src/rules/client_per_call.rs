//! ORC505.

use super::execute::{self, external};
use super::{Check, Rule, Status};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "ORC505",
    name: "client-per-call",
    severity: Severity::Warning,
    status: Status::Stable,
    docs: "\
## What it does
Finds HTTP clients that are made inside `Orchestrator::execute`, and functions like `reqwest::get` that make
one for each request.

## Why is this bad?
Each call then opens a connection of its own, with its handshakes, and leaves it behind: sockets run
out under load, and the provider sees thousands of clients. A client keeps its connections only as long
as it is kept.

## Example
```rust
async fn execute(&self, op_id: &OpId, command: &PaymentCommand) -> Outcome {
    let client = reqwest::Client::builder().timeout(LIMIT).build()?;
```
Use instead:
```rust
struct PaymentOrchestrator { gateway: HttpGateway }
struct HttpGateway { client: reqwest::Client }
```

## Why there is no fix
A client belongs to the gateway: to a field, and to every place that makes one, and none of them is in sight
of `execute`. A `static` would outlive the runtime whose tasks serve its connections, which tests notice first.
",
    check,
};

/// Types whose values keep connections.
const CLIENTS: &[(&str, &[&str])] = &[
    ("reqwest", &["Client", "ClientBuilder"]),
    ("isahc", &["HttpClient", "HttpClientBuilder"]),
    ("hyper_util", &["Client"]),
    ("awc", &["Client"]),
    ("surf", &["Client"]),
    ("ureq", &["Agent", "AgentBuilder"]),
    ("tonic", &["Endpoint", "Channel"]),
    ("lettre", &["AsyncSmtpTransport", "SmtpTransport"]),
    ("orch_runtime", &["JsonClient"]),
];

/// Functions that make one for a single request, and of which type.
const SINGLE: &[(&str, &[&str], &str)] = &[
    ("reqwest", &["get"], "Client"),
    (
        "ureq",
        &["delete", "get", "head", "patch", "post", "put"],
        "Agent",
    ),
];

/// Methods that call what they are given once, and keep what it makes.
const KEEPING: &[&str] = &["get_or_init", "get_or_try_init"];

fn check(check: &mut Check<'_, '_>) {
    let kept = |body| {
        let of = |name: &&str| execute::arguments_of(body, name);
        KEEPING.iter().flat_map(of).collect::<Vec<_>>()
    };
    let found = execute::each_knowing(check, kept, |kept, walker, expr| {
        let (span, path) = external(walker, expr)?;
        let ty = made_by(&path)?;
        let is_kept = kept.iter().any(|outer| outer.contains(span));
        (!is_kept).then(|| (span, ty.to_owned()))
    });
    for found in found {
        let message = format!("every call makes a `{}` of its own", found.what);
        check
            .flag(found.at, message)
            .help("make it once, and keep it in the gateway");
    }
}

/// The type of the client that a function makes.
fn made_by(path: &[String]) -> Option<&str> {
    let (function, before) = path.split_last()?;
    let (first, types) = before.split_first()?;
    let Some(ty) = types.last() else {
        let mut single = SINGLE.iter();
        let made = single.find(|(of, names, _)| first == of && names.contains(&function.as_str()));
        return made.map(|(_, _, ty)| *ty);
    };
    let is_function = !function.starts_with(char::is_uppercase) && function != "clone";
    let is_client = |(of, types): &(&str, &[&str])| first == of && types.contains(&ty.as_str());
    (is_function && CLIENTS.iter().any(is_client)).then_some(ty)
}

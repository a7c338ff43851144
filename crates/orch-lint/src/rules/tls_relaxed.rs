//! ORC506.

use super::{Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::{ExprKind, Span, visit};

pub(super) static RULE: Rule = Rule {
    code: "ORC506",
    name: "tls-relaxed",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds clients that accept any certificate or any host name: `danger_accept_invalid_certs(true)` and the
like, also with a constant that is `true`.

## Why is this bad?
Whoever stands between the service and its provider can read the credentials and answer in the
provider's place: a payment that was never made counts as made.

## Example
```rust
let client = reqwest::Client::builder().danger_accept_invalid_certs(true).build()?;
```
Use instead:
```rust
let client = reqwest::Client::builder().add_root_certificate(own_authority).build()?;
```
",
    check,
};

/// Methods that switch a check off when they are given `true`.
const ACCEPTS: &[&str] = &[
    "danger_accept_invalid_certs",
    "danger_accept_invalid_hostnames",
    "tls_danger_accept_invalid_certs",
    "tls_danger_accept_invalid_hostnames",
    "dangerous_accept_any_server_certificate",
    "dangerous_accept_invalid_certs",
    "dangerous_accept_invalid_hostnames",
];

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    for function in check
        .functions
        .iter()
        .filter(|of| of.body.mentions(ACCEPTS))
    {
        let mut found: Vec<(Span, &str, bool)> = Vec::new();
        visit::each_in_block(function.body, &mut |expr| {
            if let ExprKind::Method { name, args, .. } = &expr.kind
                && ACCEPTS.contains(&name.text.as_str())
                && let [only] = args.as_slice()
            {
                match workspace.truth(function, only) {
                    Some(false) => {}
                    given => found.push((name.span, &name.text, given.is_some())),
                }
            }
        });
        for (span, name, is_sure) in found {
            let at = check.at(function.file, span, function.path(workspace));
            if is_sure {
                check
                    .flag(
                        at,
                        format!("`{name}` lets anybody answer in the provider's place"),
                    )
                    .help("trust the provider's authority with `add_root_certificate` instead");
            } else {
                check.unknown(&at, format!("`{name}` may be given `true`"));
            }
        }
    }
}

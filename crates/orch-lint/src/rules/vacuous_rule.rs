//! ORC901.

use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::syntax::Span;

pub(super) static RULE: Rule = Rule {
    code: "ORC901",
    name: "vacuous-rule",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds runs that checked nothing: a project without an orchestrator, unless it has a saga and no operations,
and files below `src` that no target reaches.

## Why is this bad?
A check that looks at nothing passes. A renamed trait, a forgotten `mod` line or a wrong directory
then reads as \"all conventions hold\".

## Example
```rust
// src/lib.rs, beside src/payment/mod.rs
pub mod billing;
```
Use instead:
```rust
pub mod billing;
pub mod payment;
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let is_called = workspace.runtime_impls("Orchestrator").next().is_some();
    let is_alone = workspace.sagas() > 0 && workspace.operations().is_empty();
    if !is_called && !is_alone && !check.options.allow_empty && !check.has_gaps() {
        let at = At {
            path: "Cargo.toml".into(),
            span: Span::file_start(),
            item: String::new(),
        };
        check
            .flag(
                at,
                "no type implements `orch_runtime::Orchestrator`, so nothing was checked",
            )
            .help("lint the package that has the orchestrators, or allow an empty run");
    }
    unreached(check);
    missing_files(check);
}

fn unreached(check: &mut Check<'_, '_>) {
    let loaded = check.workspace.loaded;
    for file in loaded.files.iter().filter(|file| !file.reached) {
        let at = At {
            path: file.path.clone(),
            span: Span::file_start(),
            item: String::new(),
        };
        let violation = check.flag(at, "no target reaches this file, so it was not checked");
        violation.severity = Severity::Warning;
        violation.help("declare it with `mod`, or delete it");
    }
}

/// `mod x;` without a file: the compiler says so too, unless it is switched off.
fn missing_files(check: &mut Check<'_, '_>) {
    let loaded = check.workspace.loaded;
    for (file, name) in &loaded.missing {
        let at = check.at(*file, Span::file_start(), name.as_str());
        check.unknown(&at, format!("the file of `mod {name}` was not found"));
    }
}

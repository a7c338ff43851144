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
Finds runs that checked nothing: a project without an orchestrator, unless it has a saga and no operations;
operations without any migration, so that nothing about their tables was checked; files below `src` that no
target reaches, and modules without a file.

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
    no_migrations(check);
    unreached(check);
    missing_files(check);
}

fn no_migrations(check: &mut Check<'_, '_>) {
    let migrations = check.migrations;
    let is_written = !migrations.files.is_empty() || migrations.in_rust.is_some();
    if is_written || check.options.allow_empty {
        return;
    }
    let operations = check.workspace.operations();
    let Some(first) = operations.first() else {
        return;
    };
    let workspace = check.workspace;
    let span = workspace.def(first.def).item.name.span;
    let at = check.at(
        workspace.file_of(first.def),
        span,
        workspace.path_of(first.def),
    );
    let violation = check.flag(
        at,
        "no migrations were found, so nothing about the tables of operations was checked",
    );
    violation.severity = Severity::Warning;
    violation
        .help("keep them in `migrations`, or in a folder that `migrate!(..)` or `sqlx.toml` names");
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
    for missing in &loaded.missing {
        let at = check.at(missing.file, missing.span, missing.name.as_str());
        let message = format!(
            "the file of `{}` was not found, so it was not checked",
            missing.name
        );
        let violation = check.flag(at, message);
        violation.severity = Severity::Warning;
        violation.help("write the file, or take the declaration out");
    }
}

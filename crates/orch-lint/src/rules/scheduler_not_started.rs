//! ORC205.

use rustc_hash::FxHashSet;

use super::idle_values::{TYPES, lost_in};
use super::leading_words::LeadingWords;
use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::manifest::TargetKind;
use crate::model::{DefId, Function, ModuleId, Scope};
use crate::syntax::ItemKind;

pub(super) static RULE: Rule = Rule {
    code: "ORC205",
    name: "scheduler-not-started",
    severity: Severity::Error,
    status: Status::Stable,
    docs: "\
## What it does
Finds Finalizers and Reapers that are registered and never run: a `Service` or `Workers` that is
built and dropped, a future of `run` or `start` that nothing awaits, the `Module` of a domain that
no service of the package gets, and functions of a package with a program that build a service or
its parts and that nothing calls.

Where macros may use what is looked for, nothing is found.

## Why is this bad?
Everything is there and every test passes, because tests drive the schedulers themselves. In
production nobody finalizes and nobody settles lost calls, and that shows days later.

## Example
```rust
fn main() {
    let service = service();
    serve(routes());
}
```
Use instead:
```rust
fn main() -> ExitCode {
    service().run()
}
```
",
    check,
};

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    if workspace.runtime_impls("Orchestrator").next().is_none() {
        return;
    }
    let mut services = FxHashSet::default();
    let words = LeadingWords::to_values(workspace, &TYPES);
    let may_build = |function: &&Function<'_>| words.may_be_in(function);
    for function in check.functions.iter().filter(may_build) {
        for lost in lost_in(check, function, &mut services) {
            let item = function.path(workspace);
            let at = check.at(function.file, lost.span, item);
            let flagged = check
                .flag(at, lost.message)
                .help("call `run` or `start` on what was built, and await it where it is a future");
            if lost.runs_when_awaited {
                let span = lost.span;
                flagged.unsafe_fix("await it", move |source| {
                    let end = source.bytes(span).end;
                    Some(vec![(end..end, ".await".into())])
                });
            }
        }
    }
    if check.has_gaps() || hidden_in_static(check) {
        return;
    }
    unused_modules(check, &services);
    unused_functions(check);
}

/// The value of a `static` is not looked into: it may use anything when its type fits.
fn hidden_in_static(check: &Check<'_, '_>) -> bool {
    let workspace = check.workspace;
    let mut statics = workspace.defs.iter().filter(|def| !def.test);
    statics.any(|def| {
        let ItemKind::Static(ty, _) = &def.item.kind else {
            return false;
        };
        let ty = workspace.lower(ty, &Scope::of_module(def.module));
        ["Module", "Service", "Parts", "Workers"]
            .iter()
            .any(|name| workspace.holds_runtime(&ty, name, 2))
    })
}

/// Whether nothing outside tests names an item, not even a macro.
fn is_idle(check: &Check<'_, '_>, id: DefId) -> bool {
    let item = check.workspace.def(id).item;
    !check.workspace.is_used(id) && !check.workspace.is_mentioned(&item.name.text)
}

fn place(check: &Check<'_, '_>, id: DefId) -> At {
    let workspace = check.workspace;
    let name = &workspace.def(id).item.name;
    check.at(workspace.file_of(id), name.span, workspace.path_of(id))
}

/// Domains that no service gets, in packages that make one.
fn unused_modules(check: &mut Check<'_, '_>, services: &FxHashSet<usize>) {
    let workspace = check.workspace;
    for id in workspace.def_ids() {
        let def = workspace.def(id);
        let package = workspace.krate(def.module).package;
        let ItemKind::Const(ty, _) = &def.item.kind else {
            continue;
        };
        if def.test || !services.contains(&package) {
            continue;
        }
        let ty = workspace.lower(ty, &Scope::of_module(def.module));
        if ty.is_runtime("Module") && is_idle(check, id) {
            let domain = workspace.module_path(def.module);
            let message = format!(
                "no service gets the module of `{domain}`: its Finalizer and Reaper never run"
            );
            check
                .flag(place(check, id), message)
                .help("give it to `.module(..)` where the service is made");
        }
    }
}

/// Functions that build what has to run, in packages with a program, and that nothing calls.
fn unused_functions(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    let bins = workspace
        .crates
        .iter()
        .filter(|of| of.kind == TargetKind::Bin);
    let programs: FxHashSet<usize> = bins.map(|of| of.package).collect();
    for function in check.functions {
        let Some(id) = function.id else {
            continue;
        };
        let Some(output) = &function.def.output else {
            continue;
        };
        if !programs.contains(&workspace.krate(function.module).package) {
            continue;
        }
        let ty = workspace.lower(output, &Scope::of_module(workspace.def(id).module));
        let settled = ty.settled();
        let mut kinds = ["Service", "Parts", "Workers"].into_iter();
        let Some(kind) = kinds.find(|kind| settled.is_runtime(kind)) else {
            continue;
        };
        // Workers beside parts that were made without them are ORC203 and ORC204.
        let is_judged_elsewhere = kind == "Workers" && has_parts(check, function.module);
        if is_judged_elsewhere || !is_plain(check, id) || !is_idle(check, id) {
            continue;
        }
        let message = format!(
            "nothing calls `{}`, so the `{kind}` it builds never runs",
            function.path(workspace)
        );
        check
            .flag(place(check, id), message)
            .help("call it from `main`, and run what it gives");
    }
}

/// Whether a package declares a domain as the service starts it.
fn has_parts(check: &Check<'_, '_>, module: ModuleId) -> bool {
    let workspace = check.workspace;
    let package = workspace.krate(module).package;
    let mut defs = workspace.defs.iter().filter(|def| !def.test);
    defs.any(|def| {
        let ItemKind::Const(ty, _) = &def.item.kind else {
            return false;
        };
        let is_here = workspace.krate(def.module).package == package;
        is_here
            && workspace
                .lower(ty, &Scope::of_module(def.module))
                .is_runtime("Module")
    })
}

/// Whether no attribute of a function may use it.
fn is_plain(check: &Check<'_, '_>, id: DefId) -> bool {
    const HARMLESS: &[&str] = &[
        "allow",
        "expect",
        "inline",
        "instrument",
        "must_use",
        "deprecated",
    ];
    let attrs = &check.workspace.def(id).item.attrs;
    let mut names = attrs.others.iter().filter_map(|path| path.last());
    names.all(|last| HARMLESS.contains(&last.name.text.as_str()))
}

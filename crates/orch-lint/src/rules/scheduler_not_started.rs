//! ORC205.

use std::collections::HashSet;
use std::ptr;

use super::{At, Check, Rule, Status};
use crate::finding::Severity;
use crate::manifest::TargetKind;
use crate::model::infer::Walker;
use crate::model::{DefId, Function, ModuleId, RTy, Scope};
use crate::syntax::flow::{Fate, Flow};
use crate::syntax::{Expr, ExprKind, ItemKind, Span};

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

/// Types of the runtime that do nothing until they are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Idle {
    Service,
    Workers,
}

impl Idle {
    fn of(ty: &RTy) -> Option<Self> {
        if ty.is_runtime("Service") {
            Some(Idle::Service)
        } else {
            ty.is_runtime("Workers").then_some(Idle::Workers)
        }
    }

    fn name(self) -> &'static str {
        match self {
            Idle::Service => "Service",
            Idle::Workers => "Workers",
        }
    }

    /// Methods that give the same thing again.
    fn builds(self, method: &str) -> bool {
        match self {
            Idle::Service => matches!(
                method,
                "api"
                    | "authenticator"
                    | "callbacks"
                    | "migrations"
                    | "module"
                    | "routes"
                    | "simulated"
                    | "store"
            ),
            Idle::Workers => method == "with",
        }
    }

    /// Methods that give a future which runs it.
    fn promises(self, method: &str) -> bool {
        match self {
            Idle::Service => matches!(method, "start" | "start_with"),
            Idle::Workers => method == "run",
        }
    }
}

fn check(check: &mut Check<'_, '_>) {
    let workspace = check.workspace;
    if workspace.runtime_impls("Orchestrator").next().is_none() {
        return;
    }
    let mut services = HashSet::new();
    for function in check.functions {
        for lost in lost_in(check, function, &mut services) {
            let item = function.path(workspace);
            let at = check.at(function.file, lost.span, item);
            check
                .flag(at, lost.message)
                .help("call `run` or `start` on what was built, and await it where it is a future");
        }
    }
    if check.has_gaps() || hidden_in_static(check) {
        return;
    }
    unused_modules(check, &services);
    unused_functions(check);
}

/// A value that ends where it was made.
struct Lost {
    span: Span,
    message: String,
}

/// What a function builds and drops; notes the packages that make a service.
fn lost_in<'w, 'a>(
    check: &Check<'w, 'a>,
    function: &'w Function<'a>,
    services: &mut HashSet<usize>,
) -> Vec<Lost> {
    let workspace = check.workspace;
    let mut inner: HashSet<*const Expr> = HashSet::new();
    let mut candidates: Vec<(&Expr, String)> = Vec::new();
    let mut futures: Vec<(&Expr, String)> = Vec::new();
    let mut awaits_variable = false;
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            if let ExprKind::Await(of) = &expr.kind {
                inner.insert(ptr::from_ref(&**of));
                awaits_variable |= matches!(of.kind, ExprKind::Path(_));
                return;
            }
            let is_inner = inner.contains(&ptr::from_ref(expr));
            if let ExprKind::Method { receiver, name, .. } = &expr.kind
                && let Some(of) = built(walker, receiver)
                && (of.builds(&name.text) || of.promises(&name.text))
            {
                inner.insert(ptr::from_ref(&**receiver));
                if !is_inner && of.promises(&name.text) {
                    let message = format!(
                        "nothing awaits this future of `{}::{}`, so it never runs",
                        of.name(),
                        name.text
                    );
                    futures.push((expr, message));
                    return;
                }
            }
            let Some(of) = built(walker, expr).filter(|_| is_making(expr)) else {
                return;
            };
            if of == Idle::Service {
                services.insert(workspace.krate(function.module).package);
            }
            if !is_inner {
                let message = format!(
                    "this `{}` is built and dropped: nothing starts it",
                    of.name()
                );
                candidates.push((expr, message));
            }
        });
    // A future that is awaited under its name looks dropped from here.
    candidates.extend(futures.into_iter().filter(|_| !awaits_variable));
    if candidates.is_empty() {
        return Vec::new();
    }
    let flow = Flow::new(function.body, "run");
    let lost = candidates
        .into_iter()
        .filter(|(expr, _)| flow.fate(expr) == Fate::Lost);
    lost.map(|(expr, message)| Lost {
        span: expr.span,
        message,
    })
    .collect()
}

fn is_making(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Call { .. } | ExprKind::Method { .. })
}

/// What an expression builds: a call of `new`, a function that gives one, or a chain behind either.
fn built<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<Idle> {
    match &expr.kind {
        ExprKind::Method { receiver, name, .. } => {
            built(walker, receiver).filter(|of| of.builds(&name.text))
        }
        ExprKind::Call { callee, .. } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let is_runtimes = walker
                .type_before(path)
                .is_some_and(|ty| Idle::of(&ty).is_some());
            let is_new = path.last().is_some_and(|last| last.name.text == "new");
            let ty = walker.type_of(expr).filter(|_| is_new || !is_runtimes)?;
            Idle::of(&ty)
        }
        ExprKind::Path(_) => Idle::of(&walker.type_of(expr)?),
        _ => None,
    }
}

/// The value of a `static` is not looked into: it may use anything when its type fits.
fn hidden_in_static(check: &Check<'_, '_>) -> bool {
    let workspace = check.workspace;
    let mut statics = workspace.defs.iter().filter(|def| !def.test);
    statics.any(|def| {
        let ItemKind::Static(ty) = &def.item.kind else {
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
fn unused_modules(check: &mut Check<'_, '_>, services: &HashSet<usize>) {
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
    let programs: HashSet<usize> = bins.map(|of| of.package).collect();
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

//! Whether a domain registers a scheduler of the runtime. Shared by ORC203 and ORC204.

use super::Check;
use crate::model::orchestration::type_of_value;
use crate::model::{ModuleId, RTy, Workspace};
use crate::syntax::{ExprKind, ItemKind, Path, visit};

/// A place that makes a scheduler.
struct Made {
    /// The module of the place.
    site: ModuleId,
    /// The module that declares its type; absent for the runtime's own.
    declared: Option<ModuleId>,
}

/// Reports orchestrators whose domain makes no scheduler of the kind `name`.
pub(super) fn missing(check: &mut Check<'_, '_>, name: &str, help: &str) {
    let workspace = check.workspace;
    let orchestrators = workspace.orchestrators();
    if orchestrators.is_empty() {
        return;
    }
    let made = all_made(check, name);
    for orchestrator in &orchestrators {
        let domain = workspace.domain_module(orchestrator);
        let inside = |module| workspace.is_within(module, domain);
        let is_ours = |of: &Made| inside(of.site) || of.declared.is_some_and(inside);
        if made.iter().any(is_ours) {
            continue;
        }
        let at = check.at(
            orchestrator.block.file,
            orchestrator.span,
            orchestrator.name.as_str(),
        );
        let domain_path = workspace.module_path(domain);
        if let Some(why) = doubt(check, domain, &made, name) {
            check.unknown(
                &at,
                format!("cannot tell whether `{domain_path}` has a {name}: {why}"),
            );
            continue;
        }
        let of = &orchestrator.name;
        check
            .flag(
                at,
                format!("no {name} is registered for `{of}` in `{domain_path}`"),
            )
            .help(help);
    }
}

/// Why the absence is not proven.
fn doubt(check: &Check<'_, '_>, domain: ModuleId, made: &[Made], name: &str) -> Option<String> {
    let workspace = check.workspace;
    if check.has_gaps() {
        return Some("a file could not be parsed".into());
    }
    let domains: Vec<ModuleId> = workspace
        .orchestrators()
        .iter()
        .map(|of| workspace.domain_module(of))
        .collect();
    let is_foreign = |module: ModuleId| domains.iter().any(|of| workspace.is_within(module, *of));
    let is_shared = |of: &&Made| !of.declared.is_some_and(is_foreign) && !is_foreign(of.site);
    if made.iter().any(|of| is_shared(&of)) {
        return Some(format!("a {name} is made outside all domains"));
    }
    let macros = workspace
        .defs
        .iter()
        .filter(|def| workspace.is_within(def.module, domain));
    let mentions = macros.filter_map(|def| match &def.item.kind {
        ItemKind::MacroCall(names) | ItemKind::MacroRules(names) => Some(names),
        _ => None,
    });
    let found = mentions
        .into_iter()
        .flatten()
        .any(|of| of.text.ends_with(name));
    found.then(|| format!("a macro mentions a {name}"))
}

/// All places outside tests that make a scheduler, its own `impl` left out.
fn all_made(check: &Check<'_, '_>, name: &str) -> Vec<Made> {
    let workspace = check.workspace;
    let mut made = Vec::new();
    for function in check.functions {
        // A wrapper makes what it wraps; that registers nothing.
        let owner = function.owner.map(|id| RTy::Local(id, Vec::new()));
        if owner.is_some_and(|owner| is_scheduler(workspace, &owner, name)) {
            continue;
        }
        visit::each_in_block(function.body, &mut |expr| {
            let path = match &expr.kind {
                ExprKind::Path(path) if names_a_type(path) => path,
                ExprKind::Struct { path, .. } => path,
                _ => return,
            };
            let is_literal = matches!(expr.kind, ExprKind::Struct { .. });
            let Some(ty) = type_of(workspace, function.module, path, is_literal) else {
                return;
            };
            let declared = match &ty {
                RTy::Local(id, _) => Some(workspace.def(*id).module),
                _ => None,
            };
            if is_scheduler(workspace, &ty, name) {
                made.push(Made {
                    site: function.module,
                    declared,
                });
            }
        });
    }
    made
}

/// `Finalizer::new`, but not `crate::workers`.
fn names_a_type(path: &Path) -> bool {
    let front = path.segments.iter().rev().nth(1);
    front.is_some_and(|of| of.name.text.starts_with(|first: char| first.is_uppercase()))
}

fn type_of(
    workspace: &Workspace<'_>,
    module: ModuleId,
    path: &Path,
    is_literal: bool,
) -> Option<RTy> {
    if is_literal {
        return match workspace.resolve_type(module, path) {
            crate::model::Res::Def(id) => Some(RTy::Local(id, Vec::new())),
            crate::model::Res::External(path) => Some(RTy::External(path, Vec::new())),
            _ => None,
        };
    }
    type_of_value(&workspace.resolve_value(module, path))
}

fn is_scheduler(workspace: &Workspace<'_>, ty: &RTy, name: &str) -> bool {
    match ty {
        RTy::Local(id, _) => {
            let own = &workspace.def(*id).item.name.text;
            own.ends_with(name) || workspace.holds_runtime(ty, name, 2)
        }
        _ => ty.is_runtime(name),
    }
}

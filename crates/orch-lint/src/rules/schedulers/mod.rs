//! Whether a domain registers a scheduler of the runtime. Shared by ORC203 and ORC204.
//!
//! It does when a function makes one and gives it to `.with(..)`, and when what the domain hands to
//! the service is not known to lack it.

mod made;
mod parts;

use super::Check;
use crate::model::ModuleId;
use crate::model::orchestration::OrchestratorImpl;
use crate::syntax::ItemKind;
use crate::syntax::flow::Fate;
use made::Made;

/// What is known of a domain.
enum Verdict {
    Registered,
    Missing(String),
    Unknown(String),
}

/// Reports orchestrators whose domain registers no scheduler of the kind `name`.
pub(super) fn missing(check: &mut Check<'_, '_>, name: &str, help: &str) {
    let workspace = check.workspace;
    let orchestrators = workspace.orchestrators();
    if orchestrators.is_empty() {
        return;
    }
    let made = made::all(check, name);
    for orchestrator in &orchestrators {
        let at = check.at(
            orchestrator.block.file,
            orchestrator.span,
            orchestrator.name.as_str(),
        );
        match judge(check, orchestrator, &made, name) {
            Verdict::Registered => {}
            Verdict::Missing(message) => {
                check.flag(at, message).help(help);
            }
            Verdict::Unknown(message) => check.unknown(&at, message),
        }
    }
}

fn judge(
    check: &Check<'_, '_>,
    orchestrator: &OrchestratorImpl<'_, '_>,
    made: &[Made<'_, '_>],
    name: &str,
) -> Verdict {
    let workspace = check.workspace;
    let domain = workspace.domain_module(orchestrator);
    let inside = |module| workspace.is_within(module, domain);
    let is_own = |of: &&Made<'_, '_>| inside(of.function.module) || of.declared.is_some_and(inside);
    let own: Vec<&Made<'_, '_>> = made.iter().filter(is_own).collect();
    let best = own.iter().max_by_key(|of| of.fate);
    let path = workspace.module_path(domain);
    if best.is_some_and(|of| of.fate == Fate::Passed) {
        return handed_over(check, domain, &own, name);
    }
    if let Some(of) = best.filter(|of| of.fate == Fate::Unclear) {
        let place = of.function.path(workspace);
        return Verdict::Unknown(format!(
            "cannot tell whether `{path}` has a {name}: `{place}` makes one, and it is not clear \
             where it goes"
        ));
    }
    if let Some(why) = doubt(check, domain, made, name) {
        let message = format!("cannot tell whether `{path}` has a {name}: {why}");
        return Verdict::Unknown(message);
    }
    let why = best.map_or_else(String::new, |of| {
        let place = of.function.path(workspace);
        format!(": the one that `{place}` makes reaches no `.with(..)`")
    });
    let of = &orchestrator.name;
    Verdict::Missing(format!(
        "no {name} is registered for `{of}` in `{path}`{why}"
    ))
}

/// Whether one of the schedulers that are made can be among those that the service gets.
fn handed_over(
    check: &Check<'_, '_>,
    domain: ModuleId,
    made: &[&Made<'_, '_>],
    name: &str,
) -> Verdict {
    let Some(start) = parts::without(check, domain, name) else {
        return Verdict::Registered;
    };
    let mut kept = made.iter().filter(|of| of.fate != Fate::Lost);
    if kept.clone().any(|of| std::ptr::eq(of.function, start)) {
        return Verdict::Registered;
    }
    let what = format!(
        "the workers of `{}` have no {name}",
        start.path(check.workspace)
    );
    let place = |of: &Made<'_, '_>| of.function.path(check.workspace);
    if let Some(used) = kept
        .clone()
        .find(|of| parts::is_used(check, of.function, domain))
    {
        return Verdict::Unknown(format!("{what}, and `{}` registers one", place(used)));
    }
    let unused = kept.next().map(|of| place(of)).unwrap_or_default();
    Verdict::Missing(format!(
        "{what}, and nothing uses `{unused}`, which registers one"
    ))
}

/// Why the absence is not proven.
fn doubt(
    check: &Check<'_, '_>,
    domain: ModuleId,
    made: &[Made<'_, '_>],
    name: &str,
) -> Option<String> {
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
    let is_shared = |of: &Made<'_, '_>| {
        of.fate != Fate::Lost
            && !of.declared.is_some_and(is_foreign)
            && !is_foreign(of.function.module)
    };
    if made.iter().any(is_shared) {
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

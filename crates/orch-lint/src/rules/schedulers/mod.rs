//! Whether a domain registers a scheduler of the runtime. Shared by ORC203 and ORC204.
//!
//! It does when a function makes one and gives it to `.with(..)`, and when what the domain hands to
//! the service is not known to lack it.

mod made;
mod parts;

use rustc_hash::FxHashMap;

use super::Check;
use crate::model::orchestration::OrchestratorImpl;
use crate::model::{Function, ModuleId, Workspace};
use crate::syntax::ItemKind;
use crate::syntax::flow::Fate;
use made::Made;

/// What is known of a domain.
enum Verdict {
    Registered,
    Missing(String),
    Unknown(String),
}

/// What the functions of a project say about the schedulers of one kind.
struct Survey<'w, 'a> {
    /// The places that make one.
    made: Vec<Made<'w, 'a>>,
    /// Those of each domain: made there, or declared there.
    by_domain: FxHashMap<ModuleId, Vec<usize>>,
    /// Functions that hand over workers without one, by their domain.
    lacking: FxHashMap<ModuleId, &'w Function<'a>>,
    /// Modules with a macro that mentions one.
    macros: Vec<ModuleId>,
    /// Why no absence is proven, whatever the domain.
    doubt: Option<String>,
}

/// Reports orchestrators whose domain registers no scheduler of the kind `name`.
pub(super) fn missing(check: &mut Check<'_, '_>, name: &str, help: &str) {
    let workspace = check.workspace;
    let orchestrators = workspace.orchestrators();
    if orchestrators.is_empty() {
        return;
    }
    let survey = Survey::of(check, name);
    for orchestrator in &orchestrators {
        let at = check.at(
            orchestrator.block.file,
            orchestrator.span,
            orchestrator.name.as_str(),
        );
        match judge(check, orchestrator, &survey, name) {
            Verdict::Registered => {}
            Verdict::Missing(message) => {
                check.flag(at, message).help(help);
            }
            Verdict::Unknown(message) => check.unknown(&at, message),
        }
    }
}

impl<'w, 'a> Survey<'w, 'a> {
    fn of(check: &Check<'w, 'a>, name: &str) -> Self {
        let workspace = check.workspace;
        let made = made::all(check, name);
        let mut by_domain: FxHashMap<ModuleId, Vec<usize>> = FxHashMap::default();
        for (at, of) in made.iter().enumerate() {
            let modules = [Some(of.function.module), of.declared];
            for module in modules.into_iter().flatten() {
                for domain in workspace.domains_around(module) {
                    let own = by_domain.entry(domain).or_default();
                    if own.last() != Some(&at) {
                        own.push(at);
                    }
                }
            }
        }
        Survey {
            by_domain,
            lacking: parts::lacking(check, name),
            macros: macros(workspace, name),
            doubt: doubt(check, &made, name),
            made,
        }
    }

    fn own(&self, domain: ModuleId) -> Vec<&Made<'w, 'a>> {
        let listed = self.by_domain.get(&domain).into_iter().flatten();
        listed.map(|at| &self.made[*at]).collect()
    }
}

fn judge(
    check: &Check<'_, '_>,
    orchestrator: &OrchestratorImpl<'_, '_>,
    survey: &Survey<'_, '_>,
    name: &str,
) -> Verdict {
    let workspace = check.workspace;
    let domain = workspace.domain_module(orchestrator);
    let own = survey.own(domain);
    let best = own.iter().max_by_key(|of| of.fate);
    let path = workspace.module_path(domain);
    if best.is_some_and(|of| of.fate == Fate::Passed) {
        return handed_over(check, domain, survey, name);
    }
    if let Some(of) = best.filter(|of| of.fate == Fate::Unclear) {
        let place = of.function.path(workspace);
        let does = match of.is_kept {
            true => "registers one, and it is not clear who makes it",
            false => "makes one, and it is not clear where it goes",
        };
        return Verdict::Unknown(format!(
            "cannot tell whether `{path}` has a {name}: `{place}` {does}"
        ));
    }
    let mut macros = survey.macros.iter();
    let is_mentioned = macros.any(|module| workspace.is_within(*module, domain));
    let mention = || is_mentioned.then(|| format!("a macro mentions a {name}"));
    if let Some(why) = survey.doubt.clone().or_else(mention) {
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
    survey: &Survey<'_, '_>,
    name: &str,
) -> Verdict {
    let Some(start) = survey.lacking.get(&domain) else {
        return Verdict::Registered;
    };
    let made = survey.own(domain);
    let mut kept = made.iter().filter(|of| of.fate != Fate::Lost);
    if kept.clone().any(|of| std::ptr::eq(of.function, *start)) {
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

/// Why no absence is proven.
fn doubt(check: &Check<'_, '_>, made: &[Made<'_, '_>], name: &str) -> Option<String> {
    let workspace = check.workspace;
    if check.has_gaps() {
        return Some("a file could not be parsed".into());
    }
    let is_foreign = |module: ModuleId| workspace.domains_around(module).next().is_some();
    let is_shared = |of: &Made<'_, '_>| {
        of.fate != Fate::Lost
            && !of.declared.is_some_and(is_foreign)
            && !is_foreign(of.function.module)
    };
    let found = made.iter().any(is_shared);
    found.then(|| format!("a {name} is made outside all domains"))
}

/// The modules of macros that mention a scheduler.
fn macros(workspace: &Workspace<'_>, name: &str) -> Vec<ModuleId> {
    let mentions = workspace.defs.iter().filter(|def| match &def.item.kind {
        ItemKind::MacroCall(names) | ItemKind::MacroRules(names) => {
            names.iter().any(|of| of.text.ends_with(name))
        }
        _ => false,
    });
    mentions.map(|def| def.module).collect()
}

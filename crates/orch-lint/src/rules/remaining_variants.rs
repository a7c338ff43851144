//! The variants that a catch-all stands for, and the runtime's enums in patterns: which one is meant.

use std::ptr;

use super::named_arms::{Form, Named};
use crate::known;
use crate::model::{DefId, ModuleId, Res, Space, Workspace};
use crate::syntax::{Arm, Pat, PatKind, Path, Variant};

/// An enum whose variants are known.
#[derive(Clone, Copy)]
pub(super) enum Closed<'p> {
    /// One of the runtime's.
    Runtime(&'static str),
    /// One of the project.
    Local(DefId, &'p [Variant]),
}

impl Closed<'_> {
    /// The variant that a name stands for, when it is one of this enum.
    fn variant(&self, found: &Res) -> Option<String> {
        match self {
            Closed::Runtime(name) => found.runtime_variant(name).map(str::to_owned),
            Closed::Local(id, _) => match found {
                Res::Variant(of, variant) if of == id => Some(variant.clone()),
                _ => None,
            },
        }
    }

    /// Its variants, each with what stands behind its name in a pattern that takes all of it. `None` where a
    /// pattern that names all of them may not compile.
    fn all(&self, workspace: &Workspace<'_>, module: ModuleId) -> Option<Vec<(String, &str)>> {
        match self {
            Closed::Runtime(name) => {
                let enum_path = [known::RUNTIME.to_owned(), (*name).to_owned()];
                let names = known::runtime_variants(&enum_path).split(' ');
                let fields = |name| {
                    if name == "NotCommitted" {
                        ""
                    } else {
                        " { .. }"
                    }
                };
                Some(names.map(|name| (name.to_owned(), fields(name))).collect())
            }
            Closed::Local(id, variants) => {
                let def = workspace.def(*id);
                let (theirs, ours) = (workspace.krate(def.module), workspace.krate(module));
                let is_open = def.item.attrs.has("non_exhaustive") && !ptr::eq(theirs, ours);
                if is_open || variants.iter().any(|of| of.attrs.test_only) {
                    return None;
                }
                let fields = |of: &Variant| match (of.fields.list.is_empty(), of.fields.tuple) {
                    (true, _) => "",
                    (false, true) => "(..)",
                    (false, false) => " { .. }",
                };
                let variants = variants.iter();
                let all = variants.map(|of| (of.name.text.to_string(), fields(of)));
                Some(all.collect())
            }
        }
    }
}

/// A `match` on an enum whose variants are known.
pub(super) struct OpenMatch<'p> {
    /// Where it is.
    pub(super) module: ModuleId,
    /// The enum.
    pub(super) of: Closed<'p>,
    /// `Err` in `Err(GatewayError::Refused { .. })`.
    pub(super) wrapper: Option<&'p str>,
    /// The patterns of its arms that take all that fits them, and those of the others.
    patterns: Vec<&'p Pat>,
    guarded: Vec<&'p Pat>,
}

impl<'p> OpenMatch<'p> {
    /// A `match` with these arms.
    pub(super) fn new(
        module: ModuleId,
        of: Closed<'p>,
        wrapper: Option<&'p str>,
        arms: &'p [Arm],
    ) -> Self {
        let (guarded, patterns) = arms
            .iter()
            .partition::<Vec<_>, _>(|arm| arm.guard.is_some());
        let pats = |arms: Vec<&'p Arm>| arms.into_iter().map(|arm| &arm.pat).collect();
        OpenMatch {
            module,
            of,
            wrapper,
            patterns: pats(patterns),
            guarded: pats(guarded),
        }
    }

    /// What an `else` stands for, whose `let` has this pattern.
    pub(super) fn behind(
        workspace: &Workspace<'_>,
        module: ModuleId,
        of: Closed<'p>,
        pat: &'p Pat,
    ) -> Option<String> {
        let open = OpenMatch {
            module,
            of,
            wrapper: None,
            patterns: vec![pat],
            guarded: Vec::new(),
        };
        let left = open.remaining(workspace)?;
        (!left.is_empty()).then(|| left.join(" | "))
    }

    /// What makes the arm of a catch-all say which variants it is about. `None` when that cannot be told.
    ///
    /// `pat` is the whole pattern of the arm, all that is in the wrapper, or one of the alternatives in either.
    pub(super) fn named(&self, workspace: &Workspace<'_>, arm: &Arm, pat: &Pat) -> Option<Named> {
        let place = match self.wrapper {
            Some(_) => self.inside(&arm.pat)?,
            None => &arm.pat,
        };
        let is_whole = place.span == pat.span;
        let among = match &place.kind {
            PatKind::Or(cases) => cases.iter().any(|case| case.span == pat.span),
            _ => false,
        };
        let form = match &pat.kind {
            PatKind::Wild if is_whole || among => Form::Pattern(pat.span),
            PatKind::Bind { sub: None, .. } if is_whole => Form::Name(pat.span),
            PatKind::Bind { sub: Some(sub), .. } if is_whole => match sub.kind {
                PatKind::Wild => Form::Behind(sub.span),
                _ => return None,
            },
            _ => return None,
        };
        let left = self.remaining(workspace)?;
        match (left.is_empty(), self.wrapper) {
            (false, _) => Some(Named::Variants(form, left.join(" | "))),
            (true, None) if is_whole => Some(Named::Needless(arm.pat.span.to(arm.body.span))),
            (true, _) => None,
        }
    }

    /// Patterns for all that no arm but the catch-all covers, written as the other arms write theirs. `None`
    /// when that cannot be told.
    fn remaining(&self, workspace: &Workspace<'_>) -> Option<Vec<String>> {
        let front = self
            .written()
            .find_map(|path| self.front(workspace, path))?;
        let covered: Vec<String> = self
            .patterns
            .iter()
            .flat_map(|pat| self.covered(workspace, self.inside(pat).unwrap_or(pat)))
            .collect();
        let all = self.of.all(workspace, self.module)?.into_iter();
        let left = all.filter(|(variant, _)| !covered.contains(variant));
        left.map(|(variant, fields)| self.pattern(workspace, &front, &variant, fields))
            .collect()
    }

    /// What is in the wrapper.
    pub(super) fn inside<'a>(&self, pat: &'a Pat) -> Option<&'a Pat> {
        match &pat.kind {
            PatKind::TupleStruct(path, inner) if inner.len() == 1 => {
                let own = path.last().map(|last| last.name.text.as_str());
                (own.is_some() && own == self.wrapper).then(|| &inner[0])
            }
            _ => None,
        }
    }

    /// The paths in the arms.
    fn written(&self) -> impl Iterator<Item = &Path> {
        self.patterns.iter().chain(&self.guarded).flat_map(|pat| {
            let mut found = Vec::new();
            paths(self.inside(pat).unwrap_or(pat), &mut found);
            found
        })
    }

    /// What stands before the name of a variant, when it is one of this enum.
    fn front(&self, workspace: &Workspace<'_>, path: &Path) -> Option<Front> {
        let has_arguments = path.segments.iter().any(|part| !part.args.is_empty());
        if path.qself.is_some() || has_arguments {
            return None;
        }
        self.of
            .variant(&workspace.resolve_value(self.module, path))?;
        let names = path.names();
        let (_, front) = names.split_last()?;
        Some(Front {
            global: path.global,
            names: front.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    /// A variant with whatever it holds, when its name means it here.
    fn pattern(
        &self,
        workspace: &Workspace<'_>,
        front: &Front,
        variant: &str,
        fields: &str,
    ) -> Option<String> {
        let names = front.names.iter().map(String::as_str).chain([variant]);
        let names: Vec<&str> = names.collect();
        let found = workspace.resolve(self.module, &names, front.global, Space::Values);
        (self.of.variant(&found)? == variant).then_some(())?;
        let begin = if front.global { "::" } else { "" };
        Some(format!("{begin}{}{fields}", names.join("::")))
    }

    /// The variants of which a pattern leaves nothing.
    fn covered(&self, workspace: &Workspace<'_>, pat: &Pat) -> Vec<String> {
        let variant = |names: &[&str], global| {
            let found = workspace.resolve(self.module, names, global, Space::Values);
            self.of.variant(&found)
        };
        let of_path = |path: &Path| variant(&path.names(), path.global).into_iter().collect();
        match &pat.kind {
            PatKind::Path(path) => of_path(path),
            PatKind::Struct(path, fields) if fields.iter().all(|(_, of)| takes_all(of)) => {
                of_path(path)
            }
            PatKind::TupleStruct(path, fields) if fields.iter().all(takes_all) => of_path(path),
            PatKind::Bind { sub: Some(sub), .. } => self.covered(workspace, sub),
            PatKind::Bind { name, sub: None } => {
                variant(&[&name.text], false).into_iter().collect()
            }
            PatKind::Ref(inner) => self.covered(workspace, inner),
            PatKind::Or(cases) => {
                let cases = cases.iter();
                cases
                    .flat_map(|case| self.covered(workspace, case))
                    .collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The runtime's enums that rules about patterns ask for.
pub(super) const ENUMS: &[&str] = &["Outcome", "Probe", "GatewayError"];

/// The runtime's enum of which a pattern names a variant.
pub(super) fn enum_of(
    workspace: &Workspace<'_>,
    module: ModuleId,
    pat: &Pat,
) -> Option<&'static str> {
    let mut enums = ENUMS.iter().copied();
    enums.find(|name| is_variant(workspace, module, pat, name))
}

/// The variant that says that nothing is known.
pub(super) fn unknown_of(name: &str) -> &'static str {
    match name {
        "Outcome" => "Unknown",
        "Probe" => "StillUnknown",
        _ => "NoAnswer",
    }
}

/// Whether a pattern names that variant of an enum.
pub(super) fn names_unknown(
    workspace: &Workspace<'_>,
    module: ModuleId,
    pat: &Pat,
    name: &str,
) -> bool {
    let mut found = Vec::new();
    paths(pat, &mut found);
    found.into_iter().any(|path| {
        let found = workspace.resolve_value(module, path);
        found.runtime_variant(name) == Some(unknown_of(name))
    })
}

fn is_variant(workspace: &Workspace<'_>, module: ModuleId, pat: &Pat, name: &str) -> bool {
    let is_it = |found: Res| found.runtime_variant(name).is_some();
    match &pat.kind {
        PatKind::Path(path) | PatKind::TupleStruct(path, _) | PatKind::Struct(path, _) => {
            is_it(workspace.resolve_value(module, path))
        }
        PatKind::Bind { sub: Some(sub), .. } => is_variant(workspace, module, sub, name),
        PatKind::Bind {
            name: own,
            sub: None,
        } => is_it(workspace.resolve(module, &[&own.text], false, Space::Values)),
        PatKind::Or(cases) => cases
            .iter()
            .any(|case| is_variant(workspace, module, case, name)),
        PatKind::Ref(inner) => is_variant(workspace, module, inner, name),
        _ => false,
    }
}

/// What stands before the name of a variant: `Outcome::`.
struct Front {
    global: bool,
    names: Vec<String>,
}

fn paths<'p>(pat: &'p Pat, found: &mut Vec<&'p Path>) {
    match &pat.kind {
        PatKind::Path(path) | PatKind::Struct(path, _) | PatKind::TupleStruct(path, _) => {
            found.push(path);
        }
        PatKind::Bind { sub: Some(sub), .. } => paths(sub, found),
        PatKind::Ref(inner) => paths(inner, found),
        PatKind::Or(cases) => cases.iter().for_each(|case| paths(case, found)),
        _ => {}
    }
}

/// Whether a pattern refuses nothing.
pub(super) fn takes_all(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Wild => true,
        PatKind::Bind { name, sub } => {
            let is_variable = name.text.starts_with(|first: char| !first.is_uppercase());
            is_variable && sub.as_ref().is_none_or(|sub| takes_all(sub))
        }
        _ => false,
    }
}

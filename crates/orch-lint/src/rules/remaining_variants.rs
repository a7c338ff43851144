//! The runtime's enums in patterns: which one is meant, and the variants that a catch-all stands for.

use crate::known;
use crate::model::{ModuleId, Res, Space, Workspace};
use crate::syntax::{Arm, Pat, PatKind, Path};

/// A `match` on one of the runtime's enums.
pub(super) struct OpenMatch<'p> {
    /// Where it is.
    pub(super) module: ModuleId,
    /// The enum.
    pub(super) name: &'static str,
    /// `Err` in `Err(GatewayError::Refused { .. })`.
    pub(super) wrapper: Option<&'p str>,
    /// Its arms.
    pub(super) arms: &'p [Arm],
}

impl OpenMatch<'_> {
    /// A pattern for all that no arm but the catch-all covers, written as the other arms write theirs. `None`
    /// when that cannot be told, or is nothing.
    pub(super) fn remaining(&self, workspace: &Workspace<'_>) -> Option<String> {
        let front = self
            .written()
            .find_map(|path| self.front(workspace, path))?;
        let covered: Vec<String> = self
            .arms
            .iter()
            .filter(|arm| arm.guard.is_none())
            .flat_map(|arm| self.covered(workspace, self.inside(&arm.pat).unwrap_or(&arm.pat)))
            .collect();
        let enum_path = [known::RUNTIME.to_owned(), self.name.to_owned()];
        let all = known::runtime_variants(&enum_path).split(' ');
        let left = all.filter(|variant| !covered.iter().any(|of| of == variant));
        let left: Vec<String> = left
            .map(|variant| self.pattern(workspace, &front, variant))
            .collect::<Option<_>>()?;
        (!left.is_empty()).then(|| left.join(" | "))
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
        self.arms.iter().flat_map(|arm| {
            let mut found = Vec::new();
            paths(self.inside(&arm.pat).unwrap_or(&arm.pat), &mut found);
            found
        })
    }

    /// What stands before the name of a variant, when it is one of this enum.
    fn front(&self, workspace: &Workspace<'_>, path: &Path) -> Option<Front> {
        let has_arguments = path.segments.iter().any(|part| !part.args.is_empty());
        if path.qself.is_some() || has_arguments {
            return None;
        }
        let found = workspace.resolve_value(self.module, path);
        found.runtime_variant(self.name)?;
        let names = path.names();
        let (_, front) = names.split_last()?;
        Some(Front {
            global: path.global,
            names: front.iter().map(|name| (*name).to_owned()).collect(),
        })
    }

    /// A variant with whatever it holds, when its name means it here.
    fn pattern(&self, workspace: &Workspace<'_>, front: &Front, variant: &str) -> Option<String> {
        let names = front.names.iter().map(String::as_str).chain([variant]);
        let names: Vec<&str> = names.collect();
        let found = workspace.resolve(self.module, &names, front.global, Space::Values);
        (found.runtime_variant(self.name)? == variant).then_some(())?;
        let begin = if front.global { "::" } else { "" };
        let fields = if variant == "NotCommitted" {
            ""
        } else {
            " { .. }"
        };
        Some(format!("{begin}{}{fields}", names.join("::")))
    }

    /// The variants of which a pattern leaves nothing.
    fn covered(&self, workspace: &Workspace<'_>, pat: &Pat) -> Vec<String> {
        let variant = |names: &[&str], global| {
            let found = workspace.resolve(self.module, names, global, Space::Values);
            found.runtime_variant(self.name).map(str::to_owned)
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

const ENUMS: &[&str] = &["Outcome", "Probe", "GatewayError"];

/// The runtime's enum of which a pattern names a variant.
pub(super) fn enum_of(
    workspace: &Workspace<'_>,
    module: ModuleId,
    pat: &Pat,
) -> Option<&'static str> {
    let mut enums = ENUMS.iter().copied();
    enums.find(|name| is_variant(workspace, module, pat, name))
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

//! Where in their patterns the arms of a `match` name variants of the runtime's enums.

use super::remaining_variants::{enum_of, names_unknown};
use crate::model::{ModuleId, Workspace};
use crate::syntax::{Arm, Pat, PatKind};

/// A place in the patterns of a `match`.
pub(super) struct NamedPlace<'p> {
    /// The enum.
    pub(super) name: &'static str,
    way: Vec<Into<'p>>,
}

/// One step into a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Into<'p> {
    /// `Err` in `Err(GatewayError::Refused { .. })`.
    Wrapper(&'p str),
    /// Which part of a tuple, and of how many.
    Part(usize, usize),
}

/// A pattern that names variants, and where it is.
type Named<'p> = (&'p Pat, NamedPlace<'p>);

impl<'p> NamedPlace<'p> {
    /// All of a `match`. Parts of tuples are left out where an arm names the unknown variant: it says what is
    /// done about it, and a catch-all beside other parts is meant for something else.
    pub(super) fn all(workspace: &Workspace<'_>, module: ModuleId, arms: &'p [Arm]) -> Vec<Self> {
        let mut named: Vec<Named<'p>> = Vec::new();
        for arm in arms {
            each_named(workspace, module, &arm.pat, &mut Vec::new(), &mut named);
        }
        let mut found: Vec<Self> = Vec::new();
        let mut said = Vec::new();
        for (pat, place) in named {
            if place.is_in_tuple() && names_unknown(workspace, module, pat, place.name) {
                said.push(place.way.clone());
            }
            if !found.iter().any(|of| of.way == place.way) {
                found.push(place);
            }
        }
        found.retain(|place| !said.contains(&place.way));
        found
    }

    /// The wrapper it is in, absent for the whole value; `None` for any other place.
    pub(super) fn wrapper(&self) -> Option<Option<&'p str>> {
        match self.way.as_slice() {
            [] => Some(None),
            [Into::Wrapper(wrapper)] => Some(Some(*wrapper)),
            _ => None,
        }
    }

    /// The part of a pattern that matches everything here.
    pub(super) fn catch_all<'a>(&self, pat: &'a Pat) -> Option<&'a Pat> {
        catch_all(pat, &self.way)
    }

    fn is_in_tuple(&self) -> bool {
        self.way.iter().any(|step| matches!(step, Into::Part(..)))
    }
}

fn each_named<'p>(
    workspace: &Workspace<'_>,
    module: ModuleId,
    pat: &'p Pat,
    way: &mut Vec<Into<'p>>,
    found: &mut Vec<Named<'p>>,
) {
    if let Some(name) = enum_of(workspace, module, pat) {
        let way = way.clone();
        found.push((pat, NamedPlace { name, way }));
        return;
    }
    let mut inside = |step, part, way: &mut Vec<Into<'p>>| {
        way.push(step);
        each_named(workspace, module, part, way, found);
        way.pop();
    };
    match &pat.kind {
        PatKind::TupleStruct(path, parts) if parts.len() == 1 => {
            if let Some(last) = path.last() {
                inside(Into::Wrapper(&last.name.text), &parts[0], way);
            }
        }
        PatKind::Group(parts) => {
            for (at, part) in parts.iter().enumerate() {
                inside(Into::Part(at, parts.len()), part, way);
            }
        }
        PatKind::Ref(inner)
        | PatKind::Bind {
            sub: Some(inner), ..
        } => each_named(workspace, module, inner, way, found),
        PatKind::Or(cases) => {
            for case in cases {
                each_named(workspace, module, case, way, found);
            }
        }
        _ => {}
    }
}

fn catch_all<'a>(pat: &'a Pat, way: &[Into<'_>]) -> Option<&'a Pat> {
    match &pat.kind {
        PatKind::Wild => Some(pat),
        PatKind::Bind { sub: Some(sub), .. } => catch_all(sub, way).is_some().then_some(pat),
        // Capital letters name variants and constants, as the compiler's own lint asks.
        PatKind::Bind { name, sub: None } => name
            .text
            .starts_with(|first: char| !first.is_uppercase())
            .then_some(pat),
        PatKind::Ref(inner) => catch_all(inner, way),
        PatKind::Or(cases) => cases.iter().find_map(|case| catch_all(case, way)),
        PatKind::TupleStruct(path, inner) if inner.len() == 1 => {
            let (Into::Wrapper(wrapper), rest) = way.split_first()? else {
                return None;
            };
            let is_it = path.last().is_some_and(|last| last.name.text == *wrapper);
            is_it.then(|| catch_all(&inner[0], rest)).flatten()
        }
        // What is said of one part may be about the others.
        PatKind::Group(parts) => {
            let takes_all = parts.iter().all(|part| catch_all(part, &[]).is_some());
            (!way.is_empty() && takes_all).then_some(pat)
        }
        _ => None,
    }
}

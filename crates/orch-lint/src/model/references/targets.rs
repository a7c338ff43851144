//! What paths name, found out once in each module: most of what it says, it says again and again.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::{ModuleId, Space, Workspace};
use super::Target;
use crate::syntax::named::Named;

/// What paths name, while module after module is read.
pub(super) struct Targets<'c, 'w, 'a> {
    workspace: &'w Workspace<'a>,
    /// Every name that an item goes by somewhere. Most words of a body are none of these.
    names: &'c FxHashSet<&'a str>,
    module: Option<ModuleId>,
    /// What paths of the module name, by [`Space`].
    known: [FxHashMap<Cow<'a, str>, Option<Target>>; 2],
}

impl<'c, 'w, 'a> Targets<'c, 'w, 'a> {
    pub(super) fn new(workspace: &'w Workspace<'a>, names: &'c FxHashSet<&'a str>) -> Self {
        Targets {
            workspace,
            names,
            module: None,
            known: Default::default(),
        }
    }

    /// What a path names in a module.
    pub(super) fn of(
        &mut self,
        module: ModuleId,
        named: Named<'a>,
        space: Space,
    ) -> Option<Target> {
        if self.module.replace(module) != Some(module) {
            self.known.iter_mut().for_each(FxHashMap::clear);
        }
        if named.global {
            return self.resolve(module, &named, space);
        }
        if let Some(known) = self.known[space as usize].get(&named.text) {
            return known.clone();
        }
        let target = self.resolve(module, &named, space);
        self.known[space as usize].insert(named.text, target.clone());
        target
    }

    fn resolve(&self, module: ModuleId, named: &Named<'_>, space: Space) -> Option<Target> {
        if !self.may_name(&named.text) {
            return None;
        }
        let names: Vec<&str> = named.text.split("::").collect();
        let res = self.workspace.resolve(module, &names, named.global, space);
        Target::of(&res)
    }

    /// Whether a path can name an item at all.
    fn may_name(&self, path: &str) -> bool {
        // Looking for one sign is quicker than for two, and this is asked for every name that there is.
        let mut segments = path.split(':').filter(|name| !name.is_empty());
        segments.any(|name| self.names.contains(name))
    }
}

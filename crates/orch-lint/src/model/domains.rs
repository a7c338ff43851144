//! Which modules are the domains of orchestrators.
//!
//! Worked out once, in one pass: many rules ask for the domain of each orchestrator.

use std::ptr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::orchestration::OrchestratorImpl;
use super::{ModuleId, Workspace};

/// The domains of a project.
#[derive(Debug, Default)]
pub(super) struct Domains {
    /// The domain of an `impl Orchestrator`, by the address of the block.
    of: FxHashMap<usize, ModuleId>,
    modules: FxHashSet<ModuleId>,
}

/// What tells the domains inside a module apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside<'a> {
    /// The orchestrators of one `DOMAIN`.
    Named(&'a str),
    /// One orchestrator that does not say its domain.
    Nameless(usize),
    Several,
}

fn address(of: &OrchestratorImpl<'_, '_>) -> usize {
    ptr::from_ref(of.block.def) as usize
}

impl<'a> Workspace<'a> {
    /// The outermost module around an orchestrator that holds no other domain's orchestrator.
    pub(crate) fn domain_module(&self, of: &OrchestratorImpl<'_, 'a>) -> ModuleId {
        let known = self.domains().of.get(&address(of)).copied();
        known.unwrap_or(of.block.module)
    }

    /// The domains that a module is or lies in, inner ones first.
    pub(crate) fn domains_around(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        let domains = &self.domains().modules;
        self.ancestors(module).filter(|at| domains.contains(at))
    }

    fn domains(&self) -> &Domains {
        self.domains.get_or_init(|| self.find_domains())
    }

    fn find_domains(&self) -> Domains {
        let all = self.orchestrators();
        let mut inside: FxHashMap<ModuleId, Inside<'a>> = FxHashMap::default();
        for of in &all {
            let own = match of.domain {
                Some(name) => Inside::Named(name),
                None => Inside::Nameless(address(of)),
            };
            for module in self.ancestors(of.block.module) {
                let held = inside.entry(module).or_insert(own);
                if *held != own {
                    *held = Inside::Several;
                }
            }
        }
        let mut domains = Domains::default();
        for of in &all {
            let mut at = of.block.module;
            while let Some(parent) = self.module(at).parent
                && (inside[&parent] != Inside::Several || self.module(at).anonymous)
            {
                at = parent;
            }
            domains.of.insert(address(of), at);
            domains.modules.insert(at);
        }
        domains
    }

    /// A module and all around it.
    pub(crate) fn ancestors(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        std::iter::successors(Some(module), |at| self.module(*at).parent)
    }
}

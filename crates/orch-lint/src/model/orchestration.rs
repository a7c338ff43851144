//! What the runtime's traits make of the project's types.

use rustc_hash::FxHashSet;

use super::{DefId, ImplBlock, RTy, Res, Scope, Workspace};
use crate::syntax::{ExprKind, FnDef, ImplDef, ItemKind, Path, Span, Ty, TyKind};

/// One `impl Orchestrator for T` outside tests.
#[derive(Debug)]
pub(crate) struct OrchestratorImpl<'w, 'a> {
    /// The block.
    pub(crate) block: &'w ImplBlock<'a>,
    /// How the type is written.
    pub(crate) name: String,
    /// Where the type is written.
    pub(crate) span: Span,
    /// `const DOMAIN`, when it is a literal.
    pub(crate) domain: Option<&'a str>,
    /// `execute`, and where its name stands.
    pub(crate) execute: Option<(&'a FnDef, Span)>,
}

/// One type that is stored as an operation.
#[derive(Debug)]
pub(crate) struct OperationEntity<'a> {
    /// The struct.
    pub(crate) def: DefId,
    /// Its table, when the project says it.
    pub(crate) table: Option<&'a str>,
    /// Whether only its name and a field say so: it is stored by nothing that is known.
    pub(crate) is_guess: bool,
}

/// What says that a type is stored as an operation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stored {
    /// The `impl Entity` that names its table.
    In(usize),
    /// An `impl Entity` without the name.
    Somewhere,
    /// Its name.
    Perhaps,
}

impl<'a> Workspace<'a> {
    /// The `impl` blocks of a runtime trait outside tests.
    pub(crate) fn runtime_impls(&self, name: &str) -> impl Iterator<Item = &ImplBlock<'a>> {
        let listed = self.runtime_impls.get(name).into_iter().flatten();
        listed.map(|at| &self.impls[*at])
    }

    /// The orchestrators.
    pub(crate) fn orchestrators(&self) -> Vec<OrchestratorImpl<'_, 'a>> {
        self.runtime_impls("Orchestrator")
            .map(|block| self.read_orchestrator(block))
            .collect()
    }

    /// The constants outside tests that are plans of sagas: lists of the runtime's `StepPlan`.
    pub(crate) fn saga_plans(&self) -> impl Iterator<Item = DefId> {
        self.def_ids().filter(|id| {
            let def = self.def(*id);
            match &def.item.kind {
                ItemKind::Const(ty, _) if !def.test && is_list(ty) => {
                    match self.lower(ty, &Scope::of_module(def.module)) {
                        RTy::External(_, args) => {
                            args.first().is_some_and(|of| of.is_runtime("StepPlan"))
                        }
                        _ => false,
                    }
                }
                _ => false,
            }
        })
    }

    /// How many sagas there are: by their plans, and one where only steps of sagas are known.
    pub(crate) fn sagas(&self) -> usize {
        let mut steps = ["LocalWork", "SagaStep"]
            .into_iter()
            .flat_map(|name| self.runtime_impls(name));
        let plans = self.saga_plans().count();
        plans.max(usize::from(steps.next().is_some()))
    }

    /// Each `execute` of an orchestrator, by where its declaration is kept.
    pub(crate) fn executes(&self) -> FxHashSet<*const FnDef> {
        let methods = self.runtime_impls("Orchestrator").filter_map(|block| {
            let (_, function) = block.def.method("execute")?;
            Some(std::ptr::from_ref(function))
        });
        methods.collect()
    }

    fn read_orchestrator<'w>(&self, block: &'w ImplBlock<'a>) -> OrchestratorImpl<'w, 'a> {
        let def: &'a ImplDef = block.def;
        let path = def.self_ty.peeled().path();
        let execute = def.method("execute");
        OrchestratorImpl {
            block,
            name: path.map(Path::text).unwrap_or_default(),
            span: def.self_ty.span,
            domain: self.text_const(block, "DOMAIN"),
            execute: execute.map(|(item, function)| (function, item.name.span)),
        }
    }

    /// A constant of an `impl` that is a string, or names a constant that is one.
    fn text_const(&self, block: &ImplBlock<'a>, name: &str) -> Option<&'a str> {
        let def: &'a ImplDef = block.def;
        let value = def.constant(name)?;
        let ExprKind::Path(path) = &value.kind else {
            return value.as_text();
        };
        let Res::Def(id) = self.resolve_value(block.module, path) else {
            return None;
        };
        match &self.def(id).item.kind {
            ItemKind::Const(_, value) => value.as_text(),
            _ => None,
        }
    }

    /// The types that implement the runtime's `Command`, without repetition.
    pub(crate) fn commands(&self) -> Vec<DefId> {
        let types = self
            .runtime_impls("Command")
            .map(|block| self.self_type(block));
        let mut found: Vec<DefId> = types.filter_map(|ty| as_local(&ty)).collect();
        found.sort();
        found.dedup();
        found
    }

    /// The types that are rows of a table, with the table.
    pub(crate) fn entity_tables(&self) -> Vec<(DefId, &'a str)> {
        let tables = self.runtime_impls("Entity").filter_map(|block| {
            let def = as_local(&self.self_type(block))?;
            Some((def, self.text_const(block, "TABLE")?))
        });
        tables.collect()
    }

    /// The types stored as operations: by their table, or by name beside an orchestrator.
    pub(crate) fn operations(&self) -> Vec<OperationEntity<'a>> {
        let blocks = self.operations.get_or_init(|| self.find_operations());
        let read = |(def, block): &(DefId, Stored)| OperationEntity {
            def: *def,
            table: match block {
                Stored::In(at) => self.text_const(&self.impls[*at], "TABLE"),
                Stored::Somewhere | Stored::Perhaps => None,
            },
            is_guess: matches!(block, Stored::Perhaps),
        };
        blocks.iter().map(read).collect()
    }

    /// The types stored as operations, each with what says so.
    fn find_operations(&self) -> Vec<(DefId, Stored)> {
        let mut found: Vec<(DefId, Stored)> = Vec::new();
        let mut entities = FxHashSet::default();
        for at in self.runtime_impls.get("Entity").into_iter().flatten() {
            let block = &self.impls[*at];
            let Some(def) = as_local(&self.self_type(block)) else {
                continue;
            };
            let is_new = entities.insert(def);
            let table = self.text_const(block, "TABLE");
            let is_operation = match table {
                Some(table) => table.ends_with("_operations"),
                None => self.def(def).item.name.text.ends_with("Operation"),
            };
            if is_operation && (is_new || found.iter().all(|(of, _)| *of != def)) {
                let stored = table.map_or(Stored::Somewhere, |_| Stored::In(*at));
                found.push((def, stored));
            }
        }
        for id in self.def_ids() {
            if !entities.contains(&id) && self.looks_like_operation(id) {
                found.push((id, Stored::Perhaps));
            }
        }
        found
    }

    /// A struct named `…Operation`, in the domain of an orchestrator, that has an operation's id.
    fn looks_like_operation(&self, id: DefId) -> bool {
        let def = self.def(id);
        let ItemKind::Struct(_, fields) = &def.item.kind else {
            return false;
        };
        let named = !def.test && def.item.name.text.ends_with("Operation");
        let in_domain = || self.domains_around(def.module).next().is_some();
        let has_id = || {
            let scope = self.def_scope(id, &[]);
            let mut types = fields
                .list
                .iter()
                .map(|field| self.lower(&field.ty, &scope));
            types.any(|ty| ty.is_runtime("OpId"))
        };
        named && in_domain() && has_id()
    }

    /// Whether a local or external type is the runtime's `name`, or holds it in a field.
    pub(crate) fn holds_runtime(&self, ty: &RTy, name: &str, depth: usize) -> bool {
        match ty {
            RTy::External(_, args) => {
                ty.is_runtime(name) || args.iter().any(|arg| self.holds_runtime(arg, name, depth))
            }
            RTy::Local(id, args) if depth > 0 => {
                let scope = self.def_scope(*id, args);
                match &self.def(*id).item.kind {
                    ItemKind::Struct(_, fields) => fields.list.iter().any(|field| {
                        self.holds_runtime(&self.lower(&field.ty, &scope), name, depth - 1)
                    }),
                    _ => false,
                }
            }
            RTy::Tuple(parts) => parts
                .iter()
                .any(|part| self.holds_runtime(part, name, depth)),
            _ => false,
        }
    }
}

/// The type that a path in a value position belongs to: `Finalizer` in `Finalizer::new`.
pub(crate) fn type_of_value(res: &Res) -> Option<RTy> {
    match res {
        Res::Def(id) | Res::Assoc(id, _) | Res::Variant(id, _) => Some(RTy::Local(*id, Vec::new())),
        Res::External(path) if path.len() > 2 => {
            Some(RTy::External(path[..path.len() - 1].into(), Vec::new()))
        }
        _ => None,
    }
}

fn is_list(ty: &Ty) -> bool {
    match &ty.kind {
        TyKind::Ref(inner, _) => is_list(inner),
        TyKind::Slice(_) => true,
        _ => false,
    }
}

fn as_local(ty: &RTy) -> Option<DefId> {
    match ty {
        RTy::Local(id, _) => Some(*id),
        _ => None,
    }
}

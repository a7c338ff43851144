//! The layers of orchestrated calls, by what types are and never by where they stand.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{DefId, RTy, Res, Scope, Workspace};
use crate::known;
use crate::syntax::{FnDef, ItemKind};

/// A layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Layer {
    /// Implements the runtime's `Command` or `Entity`.
    Data,
    /// Holds nothing but the runtime's `Repository` or stores.
    Repository,
    /// A trait whose methods may give a `GatewayError`, or a type that implements one.
    Gateway,
    /// Implements the runtime's `Orchestrator`.
    Orchestrator,
    /// Implements the runtime's `EventHandler`.
    EventHandler,
    /// A function that takes or gives what only a server of HTTP has.
    Controller,
}

impl Layer {
    /// `a repository`.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Layer::Data => "a command or an entity",
            Layer::Repository => "a repository",
            Layer::Gateway => "a gateway",
            Layer::Orchestrator => "an orchestrator",
            Layer::EventHandler => "a handler of events",
            Layer::Controller => "a controller",
        }
    }

    /// Whether items of this layer may name items of the other.
    pub(crate) fn may_use(self, other: Layer) -> bool {
        let forbidden: &[Layer] = match self {
            Layer::Data | Layer::Gateway | Layer::Orchestrator => {
                &[Layer::Repository, Layer::Controller]
            }
            Layer::Repository => &[Layer::Controller, Layer::Orchestrator],
            Layer::EventHandler => &[
                Layer::Controller,
                Layer::EventHandler,
                Layer::Gateway,
                Layer::Orchestrator,
            ],
            Layer::Controller => &[],
        };
        !forbidden.contains(&other)
    }
}

/// Layers by item. An item that fits two has none.
#[derive(Debug, Default)]
struct Layers {
    of: FxHashMap<DefId, Layer>,
    torn: FxHashSet<DefId>,
}

impl Layers {
    fn put(&mut self, id: DefId, layer: Layer) {
        if *self.of.entry(id).or_insert(layer) != layer {
            self.torn.insert(id);
        }
    }
}

impl<'a> Workspace<'a> {
    /// The layer of each item outside tests that is in one.
    pub(crate) fn layers(&self) -> FxHashMap<DefId, Layer> {
        let mut layers = Layers::default();
        let traits = [
            ("Command", Layer::Data),
            ("Entity", Layer::Data),
            ("Orchestrator", Layer::Orchestrator),
            ("EventHandler", Layer::EventHandler),
        ];
        for (name, layer) in traits {
            for block in self.runtime_impls(name) {
                if let RTy::Local(id, _) = self.self_type(block) {
                    layers.put(id, layer);
                }
            }
        }
        for id in self.def_ids().filter(|id| !self.def(*id).test) {
            match &self.def(id).item.kind {
                ItemKind::Trait(_) if self.is_gateway(id) => self.put_gateway(&mut layers, id),
                // A handler of events that holds nothing else is no repository.
                ItemKind::Struct(..) if layers.of.get(&id) == Some(&Layer::EventHandler) => {}
                ItemKind::Struct(..) if self.is_repository(id) => {
                    layers.put(id, Layer::Repository);
                }
                ItemKind::Fn(of) if self.is_handler(id, of) => layers.put(id, Layer::Controller),
                _ => {}
            }
        }
        let torn = layers.torn;
        layers.of.retain(|id, _| !torn.contains(id));
        layers.of
    }

    /// The traits outside tests through which providers are called.
    pub(crate) fn gateways(&self) -> Vec<DefId> {
        let ids = self.def_ids().filter(|id| !self.def(*id).test);
        ids.filter(|id| self.is_gateway(*id)).collect()
    }

    fn put_gateway(&self, layers: &mut Layers, id: DefId) {
        layers.put(id, Layer::Gateway);
        for block in self.impls_by_trait(id).filter(|block| !block.test) {
            if let RTy::Local(ty, _) = self.self_type(block) {
                layers.put(ty, Layer::Gateway);
            }
        }
    }

    fn is_gateway(&self, id: DefId) -> bool {
        let def = self.def(id);
        let ItemKind::Trait(of) = &def.item.kind else {
            return false;
        };
        let scope = Scope::of_module(def.module);
        of.items.iter().any(|item| {
            let output = item.function().and_then(|of| of.output.as_ref());
            output.is_some_and(|ty| mentions(&self.lower(ty, &scope), "GatewayError"))
        })
    }

    fn is_repository(&self, id: DefId) -> bool {
        let ItemKind::Struct(_, fields) = &self.def(id).item.kind else {
            return false;
        };
        let scope = self.def_scope(id, &[]);
        let is_store = |ty: &RTy| {
            let path = ty.behind_pointers().external();
            path.is_some_and(|path| known::store_of_runtime(path).is_some())
        };
        let mut types = fields
            .list
            .iter()
            .map(|field| self.lower(&field.ty, &scope));
        !fields.list.is_empty() && types.all(|ty| is_store(&ty))
    }

    fn is_handler(&self, id: DefId, of: &'a FnDef) -> bool {
        let scope = Scope::of_module(self.def(id).module).in_fn(of);
        let mut types = of.params.iter().map(|param| &param.ty).chain(&of.output);
        types.any(|ty| is_of_server(&self.lower(ty, &scope)))
    }
}

/// Whether a type or one of its arguments is the runtime's `name`.
fn mentions(ty: &RTy, name: &str) -> bool {
    if ty.is_runtime(name) {
        return true;
    }
    match ty {
        RTy::Local(_, args) | RTy::External(_, args) | RTy::Tuple(args) => {
            args.iter().any(|arg| mentions(arg, name))
        }
        RTy::Bounds(bounds) => {
            let bindings = bounds.iter().flat_map(|bound| &bound.bindings);
            bindings.into_iter().any(|(_, ty)| mentions(ty, name))
        }
        RTy::Nothing | RTy::Unknown(_) => false,
    }
}

/// Whether a type is about answering requests: a router, an extractor, a response.
fn is_of_server(ty: &RTy) -> bool {
    let own = ["ApiError", "Lookup", "Submission"];
    if own.iter().any(|name| ty.is_runtime(name)) {
        return true;
    }
    match ty {
        RTy::External(_, args) => {
            let path = ty.external().unwrap_or_default();
            let is_own = matches!(path, [krate, second, ..]
                if krate == "axum" && matches!(second.as_str(), "Router" | "extract" | "response"));
            is_own || args.iter().any(is_of_server)
        }
        RTy::Tuple(parts) => parts.iter().any(is_of_server),
        RTy::Bounds(bounds) => bounds.iter().any(|bound| {
            matches!(&bound.name, Res::External(path)
                if matches!(known::canonical(path), [krate, second, ..]
                    if krate == "axum" && second == "response"))
        }),
        RTy::Local(..) | RTy::Nothing | RTy::Unknown(_) => false,
    }
}

//! Which functions a function gets to.
//!
//! ```text
//!   f(), a::f(), Self::f()     what the path names
//!   self.f(), self.field.f()   the method of the type, as far as it is known
//!   x.f() with x: dyn T, G: T  the method of every type of the project that implements the trait
//!   x.f() with x unknown       every method of that name with as many arguments: perhaps
//! ```
//!
//! A function that is named without being called is got to, too: it is handed on to be called.

use std::collections::VecDeque;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::infer::Walker;
use super::{DefId, Function, ImplBlock, RTy, Res, Workspace};
use crate::syntax::{AssocItem, Expr, ExprKind, FnDef, ItemKind, Path, Span};

/// The calls between the functions of a project.
pub(crate) struct Calls<'w, 'a> {
    workspace: &'w Workspace<'a>,
    /// All functions.
    pub(crate) functions: &'w [Function<'a>],
    /// By the address of what they say.
    by_def: FxHashMap<usize, usize>,
    /// Methods by their name and the number of their arguments.
    methods: FxHashMap<(&'a str, usize), Vec<usize>>,
    /// The calls in each function, as far as somebody asked.
    out: Vec<OnceLock<Vec<Call<'a>>>>,
    reached: Mutex<FxHashMap<usize, Arc<[Reached<'a>]>>>,
}

fn address(def: &FnDef) -> usize {
    ptr::from_ref(def) as usize
}

/// One place where functions of the project are named.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    /// Where.
    pub(crate) at: &'a Expr,
    /// The name that is called.
    span: Span,
    /// What may run.
    pub(crate) targets: Vec<usize>,
    /// Whether it is a guess by name.
    pub(crate) perhaps: bool,
}

/// A function that another one gets to.
#[derive(Debug, Clone)]
pub(crate) struct Reached<'a> {
    /// Which one, in the list of all functions.
    pub(crate) function: usize,
    /// The functions on the way, and the call in each; the first is the one that was asked about.
    pub(crate) way: Vec<(usize, &'a Expr)>,
    /// Where the first call on the way stands.
    pub(crate) first: Span,
    /// Whether part of the way is a guess by name.
    pub(crate) perhaps: bool,
}

impl<'w, 'a> Calls<'w, 'a> {
    /// The calls between these functions.
    pub(crate) fn new(workspace: &'w Workspace<'a>, functions: &'w [Function<'a>]) -> Self {
        let mut by_def = FxHashMap::with_capacity_and_hasher(functions.len(), FxBuildHasher);
        let mut methods: FxHashMap<(&str, usize), Vec<usize>> = FxHashMap::default();
        for (at, function) in functions.iter().enumerate() {
            by_def.insert(address(function.def), at);
            if function.def.receiver.is_some() {
                let key = (function.name(), function.def.params.len());
                methods.entry(key).or_default().push(at);
            }
        }
        Calls {
            workspace,
            functions,
            by_def,
            methods,
            out: vec![OnceLock::new(); functions.len()],
            reached: Mutex::default(),
        }
    }

    /// The place of a function in the list of all.
    pub(crate) fn index_of(&self, def: &FnDef) -> Option<usize> {
        self.by_def.get(&address(def)).copied()
    }

    /// Every function that one gets to, by the shortest way; by one without guesses, if there is one.
    pub(crate) fn reached_from(&self, root: usize) -> Arc<[Reached<'a>]> {
        // A map is whole whenever its lock is free.
        let reached = || self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = reached().get(&root) {
            return Arc::clone(known);
        }
        let found: Arc<[Reached<'a>]> = Search::default().from(self, root).into();
        reached().insert(root, Arc::clone(&found));
        found
    }

    /// The calls in a function.
    pub(crate) fn made_in(&self, function: usize) -> &[Call<'a>] {
        self.out[function].get_or_init(|| {
            let function = &self.functions[function];
            let mut calls = Vec::new();
            let mut walker = function.walker(self.workspace);
            walker.block(function.body, &mut |walker, expr| {
                calls.extend(self.call(walker, expr));
            });
            calls
        })
    }

    fn call(&self, walker: &Walker<'w, 'a>, expr: &'a Expr) -> Option<Call<'a>> {
        let (span, targets, perhaps) = match &expr.kind {
            ExprKind::Path(path) => (path.span, self.named(walker, path), false),
            ExprKind::Method {
                receiver,
                name,
                args,
            } => match walker.type_of(receiver) {
                None | Some(RTy::Unknown(_)) => {
                    let like = self.methods.get(&(name.text.as_str(), args.len()));
                    (name.span, like.cloned().unwrap_or_default(), true)
                }
                Some(ty) => (name.span, self.methods_of(&ty, &name.text), false),
            },
            _ => return None,
        };
        (!targets.is_empty()).then_some(Call {
            at: expr,
            span,
            targets,
            perhaps,
        })
    }

    /// The functions that a path names.
    fn named(&self, walker: &Walker<'w, 'a>, path: &Path) -> Vec<usize> {
        let Some(last) = path.last() else {
            return Vec::new();
        };
        if let Some(of) = walker.type_before(path) {
            return self.methods_of(&of, &last.name.text);
        }
        let function = match walker.resolve(path) {
            Res::Def(id) => match &self.workspace.def(id).item.kind {
                ItemKind::Fn(function) => self.index_of(function),
                _ => None,
            },
            Res::Assoc(id, name) => return self.methods_in(id, &name),
            _ => None,
        };
        function.into_iter().collect()
    }

    fn methods_of(&self, ty: &RTy, name: &str) -> Vec<usize> {
        for ty in [ty.behind_deref(), ty.behind_pointers()] {
            let found = match ty {
                RTy::Local(id, _) => self.methods_in(*id, name),
                RTy::Bounds(bounds) => {
                    let traits = bounds.iter().filter_map(|bound| match bound.name {
                        Res::Def(id) => Some(id),
                        _ => None,
                    });
                    traits.flat_map(|id| self.methods_in(id, name)).collect()
                }
                _ => Vec::new(),
            };
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// The methods of a type, or those that a method of a trait stands for.
    fn methods_in(&self, id: DefId, name: &str) -> Vec<usize> {
        let workspace = self.workspace;
        if let ItemKind::Trait(declared) = &workspace.def(id).item.kind {
            let blocks = workspace.impls_by_trait(id).filter(|block| !block.test);
            let written: Vec<Option<usize>> =
                blocks.map(|block| self.in_block(block, name)).collect();
            // What every type writes itself is never the trait's own.
            let is_given = written.is_empty() || written.contains(&None);
            let given = self.in_items(&declared.items, name).filter(|_| is_given);
            return written.into_iter().flatten().chain(given).collect();
        }
        let own = workspace.impls_of(id).filter(|block| !block.test);
        let written: Vec<usize> = own.filter_map(|block| self.in_block(block, name)).collect();
        if !written.is_empty() {
            return written;
        }
        let blocks = workspace.impls_of(id).filter(|block| !block.test);
        let given = blocks.filter_map(|block| self.given(block, name));
        given.collect()
    }

    fn in_block(&self, block: &ImplBlock<'a>, name: &str) -> Option<usize> {
        self.in_items(&block.def.items, name)
    }

    fn in_items(&self, items: &[AssocItem], name: &str) -> Option<usize> {
        let mut named = items.iter().filter(|item| item.name.text == name);
        named.find_map(|item| self.index_of(item.function()?))
    }

    /// The method that a trait of the project gives to the types that implement it.
    fn given(&self, block: &ImplBlock<'a>, name: &str) -> Option<usize> {
        let path = block.def.trait_path.as_ref()?;
        let Res::Def(id) = self.workspace.resolve_type(block.module, path) else {
            return None;
        };
        match &self.workspace.def(id).item.kind {
            ItemKind::Trait(declared) => self.in_items(&declared.items, name),
            _ => None,
        }
    }
}

/// Breadth first, and what is certain before what is a guess.
#[derive(Default)]
struct Search<'a> {
    certain: VecDeque<Reached<'a>>,
    guesses: VecDeque<Reached<'a>>,
    seen: FxHashSet<usize>,
    found: Vec<Reached<'a>>,
}

impl<'a> Search<'a> {
    fn from(mut self, calls: &Calls<'_, 'a>, root: usize) -> Vec<Reached<'a>> {
        self.seen.insert(root);
        self.follow(calls, root, None);
        while let Some(next) = self
            .certain
            .pop_front()
            .or_else(|| self.guesses.pop_front())
        {
            if self.seen.insert(next.function) {
                self.follow(calls, next.function, Some(&next));
                self.found.push(next);
            }
        }
        self.found
    }

    fn follow(&mut self, calls: &Calls<'_, 'a>, function: usize, from: Option<&Reached<'a>>) {
        for call in calls.made_in(function) {
            for target in call.targets.iter().filter(|of| !self.seen.contains(of)) {
                let mut way = from.map_or_else(Vec::new, |from| from.way.clone());
                way.push((function, call.at));
                let perhaps = call.perhaps || from.is_some_and(|from| from.perhaps);
                let reached = Reached {
                    function: *target,
                    first: from.map_or(call.span, |from| from.first),
                    way,
                    perhaps,
                };
                match perhaps {
                    true => self.guesses.push_back(reached),
                    false => self.certain.push_back(reached),
                }
            }
        }
    }
}

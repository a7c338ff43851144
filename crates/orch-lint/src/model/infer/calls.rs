//! What a call calls, and what exactly it gives.
//!
//! [`Walker::type_of`] sees through futures, `Result` and `Option`. Here they stay apart, for rules that
//! ask about errors.

use super::Walker;
use crate::model::{RTy, Res, Scope};
use crate::syntax::{Expr, ExprKind, FnDef, ItemKind, Path};

/// A function of the project, as it is declared.
#[derive(Debug)]
pub(crate) struct Called<'a> {
    /// Its signature.
    pub(crate) def: &'a FnDef,
    /// What its signature may name.
    pub(crate) scope: Scope<'a>,
}

impl<'a> Walker<'_, 'a> {
    /// A method or associated function that the project declares for a type or a trait.
    pub(crate) fn method_of(&self, of: &RTy, name: &str) -> Option<Called<'a>> {
        match of {
            RTy::Local(id, _) => self.workspace.impls_of(*id).find_map(|block| {
                let (_, def) = block.def.method(name)?;
                let mut scope = self.workspace.impl_scope(block);
                scope.self_ty = Some(of.clone());
                Some(Called { def, scope })
            }),
            RTy::Bounds(bounds) => bounds.iter().find_map(|bound| {
                let Res::Def(id) = bound.name else {
                    return None;
                };
                let def = self.workspace.def(id);
                let ItemKind::Trait(declared) = &def.item.kind else {
                    return None;
                };
                let item = declared.items.iter().find(|item| item.name.text == name)?;
                let mut scope = Scope::of_module(def.module);
                scope.self_ty = Some(of.clone());
                Some(Called {
                    def: item.function()?,
                    scope,
                })
            }),
            _ => None,
        }
    }

    /// The function of the project that a call or a method call calls.
    pub(crate) fn called(&self, call: &'a Expr) -> Option<Called<'a>> {
        match &call.kind {
            ExprKind::Method { receiver, name, .. } => {
                self.method_of(self.type_of(receiver)?.behind_pointers(), &name.text)
            }
            ExprKind::Call { callee, .. } => {
                let ExprKind::Path(path) = &callee.kind else {
                    return None;
                };
                self.function_of(path)
            }
            _ => None,
        }
    }

    /// The function of the project that a path names.
    pub(crate) fn function_of(&self, path: &Path) -> Option<Called<'a>> {
        if let Some(of) = self.type_before(path) {
            return self.method_of(&of, &path.last()?.name.text);
        }
        let Res::Def(id) = self.resolve(path) else {
            return None;
        };
        let found = self.workspace.def(id);
        match &found.item.kind {
            ItemKind::Fn(def) => Some(Called {
                def,
                scope: Scope::of_module(found.module),
            }),
            _ => None,
        }
    }

    /// The types of the parameters of a function, without `self`.
    pub(crate) fn parameters_of(&self, called: &Called<'a>) -> Vec<RTy> {
        let scope = called.scope.in_fn(called.def);
        let params = called.def.params.iter();
        let types = params.map(|param| self.workspace.lower(&param.ty, &scope));
        types.collect()
    }

    /// What a function gives when it is called, and awaited where it has to be.
    pub(crate) fn result_of(&self, called: &Called<'a>) -> RTy {
        awaited(&self.output(called.def, &called.scope)).clone()
    }

    /// Whether what a function gives has to be awaited.
    pub(crate) fn is_asynchronous(&self, called: &Called<'a>) -> bool {
        let output = self.output(called.def, &called.scope);
        called.def.is_async || !std::ptr::eq(awaited(&output), &raw const output)
    }
}

/// The output of a future; other types stay as they are.
fn awaited(ty: &RTy) -> &RTy {
    match ty {
        RTy::Bounds(bounds) => {
            let mut bindings = bounds.iter().flat_map(|bound| &bound.bindings);
            let output = bindings.find(|(name, _)| name == "Output");
            output.map_or(ty, |(_, output)| output)
        }
        RTy::External(path, args) => {
            let name = path.last().map_or("", String::as_str);
            match (name, args.first()) {
                ("BoxFuture" | "LocalBoxFuture", Some(output)) => output,
                ("Box" | "Pin", Some(inner)) => match awaited(inner) {
                    same if std::ptr::eq(same, inner) => ty,
                    output => output,
                },
                _ => ty,
            }
        }
        _ => ty,
    }
}

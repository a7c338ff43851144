//! Functions: receivers, arguments, results.

use syn::{FnArg, ReceiverKind};

use super::Lowering;
use super::patterns::pat;
use super::types::{generics, ty};
use crate::syntax::body::Body;
use crate::syntax::expr::{Block, Stmt};
use crate::syntax::item::{FnDef, Param, Receiver};
use crate::syntax::ty::{Generics, Ty, TyKind};

impl Lowering {
    /// Lowers a function with its body; items of the body belong to it.
    pub(super) fn function(&mut self, sig: &syn::Signature, body: Option<&syn::Block>) -> FnDef {
        let outer = std::mem::take(&mut self.nested);
        let body = body.map(|body| Body::new(self.block(body)));
        let items = std::mem::replace(&mut self.nested, outer);
        FnDef {
            is_async: sig.asyncness.is_some(),
            generics: generics(&sig.generics),
            receiver: sig.receiver().map(receiver),
            params: sig.inputs.iter().filter_map(param).collect(),
            output: match &sig.output {
                syn::ReturnType::Default => None,
                syn::ReturnType::Type(_, output) => Some(ty(output)),
            },
            body,
            items,
        }
    }

    /// Lowers the value of a `static`, which runs as a function without arguments does.
    pub(super) fn initialiser(&mut self, value: &syn::Expr) -> FnDef {
        let value = self.expr(value);
        let block = Block {
            span: value.span,
            stmts: vec![Stmt::Expr(value)],
            has_value: true,
        };
        FnDef {
            is_async: false,
            generics: Generics::default(),
            receiver: None,
            params: Vec::new(),
            output: None,
            body: Some(Body::new(block)),
            items: Vec::new(),
        }
    }
}

fn receiver(from: &syn::Receiver) -> Receiver {
    match &from.kind {
        ReceiverKind::Reference(_, _, Some(_)) => Receiver::RefMut,
        ReceiverKind::Reference(_, _, None) => Receiver::Ref,
        ReceiverKind::Typed(_, of) => typed_receiver(&ty(of)),
        _ => Receiver::Value,
    }
}

/// `self: &mut Self`, `self: Pin<&mut Self>`, `self: Arc<Self>`.
fn typed_receiver(of: &Ty) -> Receiver {
    match &of.kind {
        TyKind::Ref(_, true) => Receiver::RefMut,
        TyKind::Ref(_, false) => Receiver::Ref,
        TyKind::Path(path) => {
            let inner = path.last().and_then(|last| last.args.first());
            inner.map_or(Receiver::Value, typed_receiver)
        }
        _ => Receiver::Value,
    }
}

fn param(from: &FnArg) -> Option<Param> {
    match from {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => Some(Param {
            pat: pat(&typed.pat),
            ty: ty(&typed.ty),
        }),
    }
}

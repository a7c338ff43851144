//! What a chain of methods begins with: `Command::new("ls").arg("-l")` with `Command`.

use std::cell::OnceCell;

use super::execute::external_path;
use super::mentions::once_bound;
use crate::model::RTy;
use crate::model::constants::Bound;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind};

const MAX_DEPTH: usize = 8;

/// The variables of a body, read when somebody asks for one.
pub(super) struct Origins<'e> {
    body: &'e Block,
    bound: OnceCell<Bound<'e>>,
}

/// What a value comes from.
pub(super) struct Origin {
    /// A type of another crate, or the function of one that made the value.
    path: String,
    /// That function, where it is called in the same expression.
    pub(super) made_by: Option<String>,
}

impl Origin {
    /// Whether it is that type or function, or in that module.
    pub(super) fn is_of(&self, outer: &str) -> bool {
        is_in(&self.path, outer)
    }
}

impl<'e> Origins<'e> {
    /// Those of a body.
    pub(super) fn of(body: &'e Block) -> Self {
        let bound = OnceCell::new();
        Origins { body, bound }
    }

    /// What a value comes from, as far as that is another crate.
    pub(super) fn find(&self, walker: &Walker<'_, 'e>, value: &'e Expr) -> Option<Origin> {
        self.find_at(walker, value, 0)
    }

    /// What a variable is bound to; other values are what they are.
    pub(super) fn value(&self, expr: &'e Expr) -> &'e Expr {
        let bound = || self.bound.get_or_init(|| once_bound(self.body));
        let value = expr.as_ident().and_then(|name| bound().get(name));
        value.copied().unwrap_or(expr)
    }

    fn find_at(&self, walker: &Walker<'_, 'e>, value: &'e Expr, depth: usize) -> Option<Origin> {
        if depth > MAX_DEPTH {
            return None;
        }
        let made_by = maker(walker, value);
        let ty = walker.type_of(value);
        match ty.as_ref().map(RTy::behind_pointers) {
            None | Some(RTy::Unknown(_)) => {}
            Some(ty) => {
                let path = ty.external()?.join("::");
                return Some(Origin { path, made_by });
            }
        }
        match &value.kind {
            ExprKind::Method {
                receiver: inner, ..
            }
            | ExprKind::Try(inner)
            | ExprKind::Place(inner) => self.find_at(walker, inner, depth + 1),
            ExprKind::Call { .. } => made_by.map(|path| Origin {
                path: path.clone(),
                made_by: Some(path),
            }),
            ExprKind::Path(_) => {
                let bound = self.value(value);
                let is_bound = !std::ptr::eq(bound, value);
                is_bound.then(|| self.find_at(walker, bound, depth + 1))?
            }
            _ => None,
        }
    }
}

/// The function of another crate that a call calls.
fn maker(walker: &Walker<'_, '_>, expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => Some(external_path(walker, path)?.join("::")),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a path is another one, or leads further into it.
pub(super) fn is_in(name: &str, outer: &str) -> bool {
    name.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

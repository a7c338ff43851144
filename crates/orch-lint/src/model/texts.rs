//! Texts that are written down in the project: in literals, constants, variables, `concat!` and `format!`.

use rustc_hash::FxHashMap;

use super::infer::Walker;
use super::{RTy, Res};
use crate::syntax::ty::Segment;
use crate::syntax::{
    Block, Expr, ExprKind, ItemKind, MacroCall, Name, Pat, PatKind, Path, Span, Stmt, TyKind, visit,
};

/// The texts of a body.
pub(super) struct Texts<'a> {
    /// What variables are bound to, by their name; those bound twice to nothing.
    bound: FxHashMap<&'a str, Option<&'a Expr>>,
}

/// Variables that are bound to variables are followed this far.
const MAX_DEPTH: usize = 6;

impl<'a> Texts<'a> {
    /// Those of a body.
    pub(super) fn of(body: &'a Block) -> Self {
        let mut bound: FxHashMap<&'a str, Option<&'a Expr>> = FxHashMap::default();
        visit::each_block(body, &mut |block| {
            for stmt in &block.stmts {
                let Stmt::Let { pat, init, .. } = stmt else {
                    continue;
                };
                if let Some(name) = pat.name() {
                    let init = init.as_deref().filter(|_| !may_grow(pat));
                    let entry = bound.entry(name);
                    entry.and_modify(|of| *of = None).or_insert(init);
                }
            }
        });
        Texts { bound }
    }

    /// The text an expression is, as far as it is written down; `{}` stays where something else is put in.
    pub(super) fn text(&self, walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Place(inner) => self.text(walker, inner),
            ExprKind::Method { receiver, name, .. } if is_same(&name.text) => {
                self.text(walker, receiver)
            }
            ExprKind::Call { args, .. } if args.len() == 1 => self.text(walker, &args[0]),
            _ => self.written(walker, expr, 0),
        }
    }

    /// The same without calls: what a function makes of a text is another one.
    fn written(&self, walker: &Walker<'_, 'a>, expr: &'a Expr, depth: usize) -> Option<String> {
        let inner = |expr| self.written(walker, expr, depth);
        match &expr.kind {
            ExprKind::Path(path) => {
                let local = path.as_ident().and_then(|name| self.bound.get(name));
                match local {
                    Some(init) => self.behind(walker, *init, depth),
                    None => constant(walker, path),
                }
            }
            ExprKind::Place(of) => inner(of),
            ExprKind::Method { receiver, name, .. } if is_same(&name.text) => inner(receiver),
            ExprKind::Group(parts) => parts.iter().map(inner).collect(),
            ExprKind::Macro(call) if call.path.last()?.name.text == "format" => {
                self.formatted(walker, call, depth)
            }
            _ => literal(expr),
        }
    }

    fn behind(
        &self,
        walker: &Walker<'_, 'a>,
        init: Option<&'a Expr>,
        depth: usize,
    ) -> Option<String> {
        let init = init.filter(|_| depth < MAX_DEPTH)?;
        self.written(walker, init, depth + 1)
    }

    /// What `format!` makes, with the texts that are put in.
    fn formatted(
        &self,
        walker: &Walker<'_, 'a>,
        call: &'a MacroCall,
        depth: usize,
    ) -> Option<String> {
        let mut parts = exprs(call);
        let first = parts.next()?;
        let given: Vec<&'a Expr> = parts.collect();
        let form = self.written(walker, first, depth)?;
        let mut places = given.iter().copied();
        let mut pieces = form.split('{');
        let mut made = pieces.next()?.to_owned();
        for piece in pieces {
            let hole = piece.split_once('}');
            let put = hole.and_then(|(name, _)| {
                let put = match name {
                    "" => places.next(),
                    name => named(&given, name),
                };
                match put {
                    Some(put) => self.written(walker, put, depth),
                    None => self.captured(walker, name, first.span, depth),
                }
            });
            match (put, hole) {
                (Some(put), Some((_, behind))) => made.extend([put.as_str(), behind]),
                _ => made.extend(["{", piece]),
            }
        }
        Some(made)
    }

    /// The text of a variable or a constant that a format string names.
    fn captured(
        &self,
        walker: &Walker<'_, 'a>,
        name: &str,
        span: Span,
        depth: usize,
    ) -> Option<String> {
        let is_name = name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let is_name = is_name && name.chars().all(|of| of.is_alphanumeric() || of == '_');
        if let Some(init) = self.bound.get(name) {
            return self.behind(walker, *init, depth);
        }
        let segment = Segment {
            name: Name {
                text: name.into(),
                span,
            },
            given: None,
        };
        let path = Path {
            segments: vec![segment],
            span,
            ..Path::default()
        };
        is_name.then(|| constant(walker, &path)).flatten()
    }
}

/// Whether a variable is declared as something else than a reference, such as a `String`.
fn may_grow(pat: &Pat) -> bool {
    matches!(&pat.kind, PatKind::Typed(_, ty) if !matches!(ty.kind, TyKind::Ref(..)))
}

/// What `{0}` and `{name}` are given.
fn named<'a>(given: &[&'a Expr], name: &str) -> Option<&'a Expr> {
    if let Ok(at) = name.parse::<usize>() {
        return given.get(at).copied();
    }
    given.iter().find_map(|of| match &of.kind {
        ExprKind::Group(pair) => match pair.as_slice() {
            [left, value] if is_ident(left, name) => Some(value),
            _ => None,
        },
        _ => None,
    })
}

fn is_ident(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.as_ident() == Some(name))
}

/// The text of a constant, also of one that a type has.
fn constant(walker: &Walker<'_, '_>, path: &Path) -> Option<String> {
    let workspace = walker.workspace();
    if let Some(RTy::Local(of, _)) = walker.type_before(path) {
        let name = &path.last()?.name.text;
        let blocks = workspace.impls_of(of).filter(|block| !block.test);
        let mut values = blocks.filter_map(|block| block.def.constant(name));
        let value = values.next()?;
        return values.next().is_none().then(|| literal(value)).flatten();
    }
    let Res::Def(id) = walker.resolve(path) else {
        return None;
    };
    match &workspace.def(id).item.kind {
        ItemKind::Const(_, value) => literal(value),
        _ => None,
    }
}

/// The expressions among the tokens of a macro.
pub(super) fn exprs(call: &MacroCall) -> impl Iterator<Item = &Expr> {
    call.body.parts.iter().filter_map(|part| match part {
        Stmt::Expr(expr) => Some(expr),
        Stmt::Let { .. } => None,
    })
}

fn is_same(method: &str) -> bool {
    matches!(
        method,
        "as_str" | "as_ref" | "clone" | "into" | "to_owned" | "to_string"
    )
}

/// A text that is written here, also in pieces.
fn literal(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Str(text) => Some(text.clone()),
        ExprKind::Place(inner) => literal(inner),
        ExprKind::Method { receiver, name, .. } if is_same(&name.text) => literal(receiver),
        ExprKind::Group(parts) => parts.iter().map(literal).collect(),
        ExprKind::Macro(call) if call.path.last()?.name.text == "concat" => {
            exprs(call).map(literal).collect()
        }
        _ => None,
    }
}

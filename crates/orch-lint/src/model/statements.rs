//! SQL in strings: what functions hand to a database.
//!
//! A text counts when it is the argument of something that takes SQL: `sqlx::query("…")`, its macros,
//! `connection.execute("…")`. It may stand in a constant, a variable, `concat!` or `format!`. The same
//! words in a message or a test are no statement.

use rustc_hash::FxHashMap;

use super::infer::Walker;
use super::{Function, RTy, Res, Workspace};
use crate::known;
use crate::load::FileId;
use crate::sql::{Query, queries};
use crate::syntax::{Block, Expr, ExprKind, ItemKind, MacroCall, PatKind, Path, Span, Stmt, visit};

/// Statements of one text.
#[derive(Debug)]
pub(crate) struct SqlText {
    /// The function, by its place among all.
    pub(crate) function: usize,
    /// The file.
    pub(crate) file: FileId,
    /// The text, or what names it.
    pub(crate) span: Span,
    /// What it says.
    pub(crate) queries: Vec<Query>,
    /// Whether what takes it is a database for certain.
    pub(crate) certain: bool,
    /// The type that its rows are read into, where it is written out.
    pub(crate) row: Option<RTy>,
}

/// The texts of variables, by their name; those bound twice have none.
type Locals<'a> = FxHashMap<&'a str, Option<String>>;

/// All statements in these functions.
pub(super) fn find<'a>(workspace: &Workspace<'a>, functions: &[Function<'a>]) -> Vec<SqlText> {
    let mut found = Vec::new();
    for (at, function) in functions.iter().enumerate() {
        if !may_take_sql(function.body) {
            continue;
        }
        let locals = locals(function.body);
        let mut walker = function.walker(workspace);
        walker.block(function.body, &mut |walker, expr| {
            let Some(taken) = taken(walker, expr, &locals) else {
                return;
            };
            found.push(SqlText {
                function: at,
                file: function.file,
                span: taken.span,
                queries: queries(&taken.text),
                certain: taken.certain,
                row: taken.row,
            });
        });
    }
    found
}

/// Whether a body has a call by one of the names at all; most have none.
fn may_take_sql(body: &Block) -> bool {
    let mut found = false;
    visit::each_in_block(body, &mut |expr| {
        found |= match &expr.kind {
            ExprKind::Method { name, .. } => known::is_sql_method(&name.text),
            ExprKind::Call { callee, .. } => match &callee.kind {
                ExprKind::Path(path) => names_sql(path),
                _ => false,
            },
            ExprKind::Macro(call) => names_sql(&call.path),
            _ => false,
        };
    });
    found
}

fn names_sql(path: &Path) -> bool {
    let names = path.names();
    let is_builder = names.last() == Some(&"new") && names.contains(&"QueryBuilder");
    is_builder || names.last().is_some_and(|last| known::is_sql_name(last))
}

struct Taken {
    span: Span,
    text: String,
    certain: bool,
    row: Option<RTy>,
}

/// The text that an expression hands to a database.
fn taken<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr, locals: &Locals<'a>) -> Option<Taken> {
    let (arg, certain, row) = match &expr.kind {
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let row = path.last()?.args.last().map(|ty| walker.written(ty));
            (args.first()?, takes_sql(walker, path)?, row)
        }
        ExprKind::Macro(call) => {
            let certain = takes_sql(walker, &call.path)?;
            (first_text(call)?, certain, None)
        }
        ExprKind::Method {
            receiver,
            name,
            args,
        } if known::is_sql_method(&name.text) => {
            let of = walker.type_of(receiver);
            let certain = match of.as_ref().map(RTy::behind_pointers) {
                Some(of @ RTy::External(..)) => of.is_database(),
                None | Some(RTy::Bounds(_) | RTy::Unknown(_)) => false,
                Some(_) => return None,
            };
            (args.first()?, certain, None)
        }
        _ => return None,
    };
    let text = text(walker, arg, locals)?;
    Some(Taken {
        span: arg.span,
        text,
        certain,
        row,
    })
}

/// Whether a path takes SQL for certain; nothing when it does not.
fn takes_sql(walker: &Walker<'_, '_>, path: &Path) -> Option<bool> {
    if !names_sql(path) {
        return None;
    }
    match walker.resolve(path) {
        Res::External(found) => known::takes_sql(&found).then_some(true),
        _ => None,
    }
}

fn first_text(call: &MacroCall) -> Option<&Expr> {
    let exprs = call.body.parts.iter().filter_map(|part| match part {
        Stmt::Expr(expr) => Some(expr),
        Stmt::Let { .. } => None,
    });
    exprs
        .into_iter()
        .find(|expr| matches!(expr.kind, ExprKind::Str(_) | ExprKind::Group(_)))
}

/// The text an expression is, as far as it is written down; `{}` stays where something is put in.
fn text<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr, locals: &Locals<'a>) -> Option<String> {
    if let ExprKind::Path(path) = &expr.kind {
        if let Some(local) = path.as_ident().and_then(|name| locals.get(name)) {
            return local.clone();
        }
        let Res::Def(id) = walker.resolve(path) else {
            return None;
        };
        return match &walker.workspace().def(id).item.kind {
            ItemKind::Const(_, value) => literal(value),
            _ => None,
        };
    }
    match &expr.kind {
        ExprKind::Place(inner) => text(walker, inner, locals),
        ExprKind::Method { receiver, name, .. } if is_same_text(&name.text) => {
            text(walker, receiver, locals)
        }
        ExprKind::Call { args, .. } if args.len() == 1 => text(walker, &args[0], locals),
        _ => literal(expr),
    }
}

fn is_same_text(method: &str) -> bool {
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
        ExprKind::Method { receiver, name, .. } if is_same_text(&name.text) => literal(receiver),
        ExprKind::Group(parts) => parts.iter().map(literal).collect(),
        ExprKind::Macro(call) => match call.path.last()?.name.text.as_str() {
            "format" => literal(first_text(call)?),
            "concat" => {
                let parts = call.body.parts.iter().map(|part| match part {
                    Stmt::Expr(expr) => literal(expr),
                    Stmt::Let { .. } => None,
                });
                parts.collect()
            }
            _ => None,
        },
        _ => None,
    }
}

fn locals(body: &Block) -> Locals<'_> {
    let mut found: Locals<'_> = FxHashMap::default();
    visit::each_block(body, &mut |block| {
        for stmt in &block.stmts {
            let Stmt::Let { pat, init, .. } = stmt else {
                continue;
            };
            if let PatKind::Bind { name, .. } = &pat.kind {
                let text = init.as_ref().and_then(literal);
                let entry = found.entry(name.text.as_str());
                entry.and_modify(|of| *of = None).or_insert(text);
            }
        }
    });
    found
}

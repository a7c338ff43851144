//! SQL in strings: what functions hand to a database.
//!
//! A text counts when it is the argument of something that takes SQL: `sqlx::query("…")`, its macros,
//! `connection.execute("…")`. It may stand in a constant, a variable, `concat!` or `format!`. The same
//! words in a message or a test are no statement.

use super::infer::Walker;
use super::rows;
use super::texts::{Texts, exprs};
use super::{Function, RTy, Res, Workspace};
use crate::known;
use crate::load::FileId;
use crate::sql::{Query, queries};
use crate::syntax::{Block, Expr, ExprKind, MacroCall, Path, Span, visit};

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
    /// The type that its rows are read into, where it is written.
    pub(crate) row: Option<RTy>,
}

/// All statements in these functions.
pub(super) fn find<'a>(workspace: &Workspace<'a>, functions: &[Function<'a>]) -> Vec<SqlText> {
    let mut found = Vec::new();
    for (at, function) in functions.iter().enumerate() {
        if !may_take_sql(function.body) {
            continue;
        }
        let texts = Texts::of(function.body);
        let mut rows = rows::in_function(workspace, function);
        let mut walker = function.walker(workspace);
        walker.block(function.body, &mut |walker, expr| {
            let Some(taken) = taken(walker, expr, &texts) else {
                return;
            };
            found.push(SqlText {
                function: at,
                file: function.file,
                span: taken.span,
                queries: queries(&taken.text),
                certain: taken.certain,
                row: taken.row.or_else(|| rows.remove(&expr.span)),
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
fn taken<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr, texts: &Texts<'a>) -> Option<Taken> {
    let (arg, certain, row) = match &expr.kind {
        ExprKind::Call { callee, args } => {
            let ExprKind::Path(path) = &callee.kind else {
                return None;
            };
            let row = path.last()?.args.last().map(|ty| walker.written(ty));
            let certain = takes_sql(walker, path)?;
            let at = known::place_of_sql(&path.last()?.name.text);
            (args.get(at)?, certain, row)
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
    let text = texts.text(walker, arg)?;
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
    exprs(call).find(|expr| matches!(expr.kind, ExprKind::Str(_) | ExprKind::Group(_)))
}

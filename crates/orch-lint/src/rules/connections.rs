//! Which calls open a transaction or take a connection.

use crate::known;
use crate::model::capability::Reach;
use crate::model::infer::Walker;
use crate::model::{RTy, Res};
use crate::syntax::{Expr, ExprKind, ItemKind, MacroCall, Name, Path};

/// What a call turned out to be.
pub(super) enum Verdict {
    Fine,
    /// On what it does.
    Opens(String),
    Unknown,
}

/// The name of the call and what it does, if it may be an opener.
pub(super) fn judge<'a>(walker: &Walker<'_, 'a>, expr: &'a Expr) -> Option<(Name, Verdict)> {
    match &expr.kind {
        ExprKind::Method { receiver, name, .. } => {
            let verdict = method(walker, receiver, &name.text)?;
            Some((name.clone(), verdict))
        }
        ExprKind::Path(path) => {
            let last = path.last()?;
            let verdict = function(walker, path, &last.name.text)?;
            let text = path.text().into();
            Some((
                Name {
                    text,
                    span: path.span,
                },
                verdict,
            ))
        }
        ExprKind::Macro(call) => macro_call(walker, call),
        _ => None,
    }
}

fn method<'a>(walker: &Walker<'_, 'a>, receiver: &'a Expr, name: &str) -> Option<Verdict> {
    let is_pool_word = known::is_pool_opener(name);
    if !is_pool_word && !known::is_opener(name) {
        return None;
    }
    let Some(ty) = walker.type_of(receiver) else {
        return (!is_pool_word).then_some(Verdict::Unknown);
    };
    if is_pool_word && ty.behind_deref() != ty.behind_pointers() {
        return None;
    }
    let workspace = walker.workspace();
    let of = workspace.type_name(ty.behind_pointers());
    Some(match ty.behind_pointers() {
        of_database @ RTy::External(path, _) if of_database.is_database() => {
            let is_pool = path.last().is_some_and(|last| last.ends_with("Pool"));
            if is_pool_word && !is_pool {
                Verdict::Fine
            } else {
                Verdict::Opens(of)
            }
        }
        RTy::External(path, _) if is_pool_word || known::is_clean(path) => Verdict::Fine,
        RTy::Tuple(_) | RTy::Nothing => Verdict::Fine,
        RTy::External(..) => Verdict::Unknown,
        _ if is_pool_word => Verdict::Fine,
        RTy::Local(..) | RTy::Bounds(_) => through(walker, &ty, name, of),
        RTy::Unknown(_) => Verdict::Unknown,
    })
}

/// An opener's name on a type of the project: its result decides.
fn through(walker: &Walker<'_, '_>, ty: &RTy, name: &str, of: String) -> Verdict {
    let workspace = walker.workspace();
    let opened = walker.type_of_method(ty, name);
    match opened
        .as_ref()
        .map(|opened| workspace.reach(opened.settled()))
    {
        Some(Reach::Yes(..)) => Verdict::Opens(of),
        Some(Reach::No) => Verdict::Fine,
        Some(Reach::Unknown(_)) => Verdict::Unknown,
        // Not declared here: it comes through `Deref`, or from a macro.
        None => match workspace.reach(ty) {
            Reach::Yes(..) => Verdict::Opens(of),
            Reach::No => Verdict::Fine,
            Reach::Unknown(_) => Verdict::Unknown,
        },
    }
}

/// `PgPool::connect`, `Acquire::begin`, `tokio_postgres::connect`.
fn function(walker: &Walker<'_, '_>, path: &Path, name: &str) -> Option<Verdict> {
    if path.segments.len() < 2 && path.qself.is_none() || !known::is_connector(name) {
        return None;
    }
    if let Some(of) = walker.type_before(path) {
        let text = walker.workspace().type_name(&of);
        return match of.behind_pointers() {
            of if of.is_database() => Some(Verdict::Opens(text)),
            RTy::Local(..) if known::is_opener(name) => Some(through(walker, &of, name, text)),
            _ => None,
        };
    }
    match walker.resolve(path) {
        Res::External(path) if known::is_connect_function(&path) => {
            Some(Verdict::Opens(path[0].clone()))
        }
        _ => None,
    }
}

/// A macro whose tokens could not be read, or one of the project that names an opener.
fn macro_call(walker: &Walker<'_, '_>, call: &MacroCall) -> Option<(Name, Verdict)> {
    let is_opener = |name: &&Name| known::is_opener(&name.text);
    if let Some(name) = call.body.opaque.iter().find(is_opener) {
        return Some((name.clone(), Verdict::Unknown));
    }
    let macro_name = call.path.last()?;
    let rules = walker
        .workspace()
        .defs
        .iter()
        .filter_map(|def| match &def.item.kind {
            ItemKind::MacroRules(names) if def.item.name.text == macro_name.name.text => {
                Some(names)
            }
            _ => None,
        });
    let opens = rules
        .into_iter()
        .flatten()
        .any(|name| known::is_opener(&name.text));
    opens.then(|| (macro_name.name.clone(), Verdict::Unknown))
}

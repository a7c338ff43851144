//! Identifiers that are another one each time, and where they are made in a body.

use super::mentions::captured;
use crate::known;
use crate::model::Res;
use crate::model::infer::Walker;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

/// Crates that make identifiers, and their functions that make another one at each call.
const MAKERS: &[(&str, &[&str])] = &[
    (
        "uuid",
        &[
            "new_v1", "new_v4", "new_v6", "new_v7", "now_v1", "now_v6", "now_v7",
        ],
    ),
    ("ulid", &["new", "generate"]),
    ("rand", &["random", "random_range", "rng", "thread_rng"]),
    ("nanoid", &["nanoid"]),
    ("cuid", &["cuid"]),
    ("cuid2", &["create_id"]),
    (
        "fastrand",
        &["alphanumeric", "i32", "i64", "u32", "u64", "u128", "usize"],
    ),
];

/// The names of those functions.
pub(super) fn maker_names() -> Vec<&'static str> {
    let names = MAKERS.iter().flat_map(|(_, names)| *names);
    names.copied().collect()
}

/// Whether a function or a macro of another crate makes another identifier at each call.
pub(super) fn is_maker(path: &[String]) -> bool {
    let path = known::canonical(path);
    let (Some(first), Some(last)) = (path.first(), path.last()) else {
        return false;
    };
    let is_it = |(of, names): &(&str, &[&str])| first == of && names.contains(&last.as_str());
    MAKERS.iter().any(is_it)
}

/// The call of such a function, the macro, or the function where it is handed on to be called.
pub(super) fn made(walker: &Walker<'_, '_>, expr: &Expr) -> Option<(Span, String)> {
    let path = match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => path,
            _ => return None,
        },
        ExprKind::Macro(call) => &call.path,
        ExprKind::Path(path) => path,
        _ => return None,
    };
    let Res::External(found) = walker.resolve(path) else {
        return None;
    };
    is_maker(&found).then(|| (expr.span, path.text()))
}

/// Whether what is made at a place goes into a value, at once or under a name.
pub(super) fn goes_into(body: &Block, made: Span, value: Span) -> bool {
    let named = passed_names(body, &[value]);
    value.contains(made) || named.iter().any(|outer| outer.contains(made))
}

/// Where values are made that are given a name, and go into one of `arguments` under it, or into the
/// value of another such name.
fn passed_names(body: &Block, arguments: &[Span]) -> Vec<Span> {
    let mut bound: Vec<(&str, Span)> = Vec::new();
    let mut uses: Vec<(&str, Span)> = Vec::new();
    each_let(body, &mut |pat, init| {
        // Of several names it is not known which one gets it.
        let mut names = Vec::new();
        pat.each_name(&mut |name| names.push(name));
        if let [name] = names.as_slice() {
            bound.push((name, init.span));
        }
    });
    visit::each_in_block(body, &mut |expr| {
        if let ExprKind::Path(path) = &expr.kind
            && let Some(name) = path.as_ident()
        {
            uses.push((name, path.span));
        }
        if let ExprKind::Macro(call) = &expr.kind {
            let parts = call.body.parts.iter().filter_map(|part| match part {
                Stmt::Expr(part) => part.as_text(),
                Stmt::Let { .. } => None,
            });
            let names = parts.flat_map(captured);
            uses.extend(names.map(|name| (name, expr.span)));
        }
    });
    let mut passed: Vec<Span> = arguments.to_vec();
    let mut known = 0;
    while known < passed.len() {
        known = passed.len();
        for (name, init) in &bound {
            let mut of_name = uses.iter().filter(|(used, _)| used == name);
            let is_used = of_name.any(|(_, at)| passed.iter().any(|outer| outer.contains(*at)));
            if is_used && !passed.contains(init) {
                passed.push(*init);
            }
        }
    }
    passed.split_off(arguments.len())
}

fn each_let<'e>(body: &'e Block, see: &mut dyn FnMut(&'e Pat, &'e Expr)) {
    let mut of_block = |block: &'e Block| {
        for stmt in &block.stmts {
            if let Stmt::Let {
                pat,
                init: Some(init),
                ..
            } = stmt
            {
                see(untyped(pat), init);
            }
        }
    };
    visit::each_block(body, &mut of_block);
}

fn untyped(pat: &Pat) -> &Pat {
    match &pat.kind {
        PatKind::Typed(inner, _) => untyped(inner),
        _ => pat,
    }
}

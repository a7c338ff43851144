//! Which values of a body go nowhere.

use std::collections::HashMap;

use super::futures::parts_of_join;
use super::mentions::captured;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Stmt, visit};

/// A value that goes nowhere.
pub(super) struct Dropped<'e> {
    pub(super) value: &'e Expr,
    /// For a message: in what way, when it is not plain to see.
    pub(super) how: &'static str,
}

/// Values of statements, of `let _`, of names that are never read, and what `drop` gets.
pub(super) fn dropped(body: &Block) -> Vec<Dropped<'_>> {
    let mut found = Vec::new();
    let uses = Uses::of(body);
    for given in &uses.given_up {
        found.push(Dropped {
            value: given,
            how: " by `drop`",
        });
    }
    visit::each_block(body, &mut |block| {
        let last = block.stmts.len().saturating_sub(1);
        for (at, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                Stmt::Expr(value) if at < last || !block.has_value => found.push(Dropped {
                    value: assigned(value),
                    how: "",
                }),
                Stmt::Let {
                    pat,
                    init: Some(value),
                    ..
                } => found.extend(uses.how(pat).map(|how| Dropped { value, how })),
                _ => {}
            }
        }
    });
    found
}

/// Futures of `join!` in whose places a `let` has nothing that is read, while it has something in others.
pub(super) fn dropped_of_joins(body: &Block) -> Vec<Dropped<'_>> {
    let mut found = Vec::new();
    let uses = Uses::of(body);
    visit::each_block(body, &mut |block| {
        for stmt in &block.stmts {
            let parts = parts_of_join(stmt);
            let places = parts.iter().map(|(pat, value)| (*value, uses.how(pat)));
            let places: Vec<(&Expr, Option<&'static str>)> = places.collect();
            if places.iter().any(|(_, how)| how.is_none()) {
                let unread = places.into_iter();
                found.extend(unread.filter_map(|(value, how)| Some(Dropped { value, how: how? })));
            }
        }
    });
    found
}

/// `_ = x` gives up `x`.
fn assigned(value: &Expr) -> &Expr {
    match &value.kind {
        ExprKind::Group(parts) => match parts.as_slice() {
            [place, value] if matches!(place.kind, ExprKind::Opaque) => value,
            _ => value,
        },
        _ => value,
    }
}

fn is_variable(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.as_ident() == Some(name))
}

fn is_drop(callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Path(path) => {
            matches!(
                path.text().as_str(),
                "drop" | "mem::drop" | "std::mem::drop"
            )
        }
        _ => false,
    }
}

/// Which names of a body are read, and how often.
struct Uses<'e> {
    names: HashMap<&'e str, usize>,
    /// What `drop` gets.
    given_up: Vec<&'e Expr>,
}

impl<'e> Uses<'e> {
    fn of(body: &'e Block) -> Self {
        let mut uses = Uses {
            names: HashMap::new(),
            given_up: Vec::new(),
        };
        visit::each_in_block(body, &mut |expr| uses.see(expr));
        uses
    }

    fn see(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Path(path) => self.read(path.as_ident()),
            ExprKind::Macro(call) => {
                self.read(call.body.opaque.iter().map(|name| name.text.as_str()));
                let texts = call.body.parts.iter().filter_map(|part| match part {
                    Stmt::Expr(part) => part.as_text(),
                    Stmt::Let { .. } => None,
                });
                self.read(texts.flat_map(captured));
            }
            ExprKind::Call { callee, args } if is_drop(callee) => self.given_up.extend(args),
            _ => {}
        }
    }

    fn read(&mut self, names: impl IntoIterator<Item = &'e str>) {
        for name in names {
            *self.names.entry(name).or_default() += 1;
        }
    }

    /// In what way what a pattern gets is dropped, if it is.
    fn how(&self, pat: &Pat) -> Option<&'static str> {
        match &pat.kind {
            PatKind::Wild => Some(": nothing reads its name"),
            PatKind::Bind { name, sub: None } => {
                let name = name.text.as_str();
                let reads = self.names.get(name).copied().unwrap_or_default();
                let drops = self
                    .given_up
                    .iter()
                    .filter(|of| is_variable(of, name))
                    .count();
                match reads {
                    0 => name.starts_with('_').then_some(": nothing reads its name"),
                    _ => (reads == drops).then_some(" by `drop`"),
                }
            }
            PatKind::Typed(inner, _) => self.how(inner),
            PatKind::Group(parts) => {
                let all: Option<Vec<&str>> = parts.iter().map(|part| self.how(part)).collect();
                all?.first().copied()
            }
            _ => None,
        }
    }
}

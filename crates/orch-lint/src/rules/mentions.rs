//! Which names of a body carry a value, and where they are mentioned.
//!
//! A name carries a value when it is bound to something that mentions it, is assigned such a thing, or is a
//! local whose methods or whose `&mut` get it. Format strings mention what they capture.

use std::collections::{HashMap, HashSet};

use crate::model::constants::Bound;
use crate::syntax::{Block, Expr, ExprKind, MacroCall, Pat, PatKind, Span, Stmt, visit};

/// Names that carry a value.
pub(super) struct Carriers<'e> {
    names: HashSet<&'e str>,
    /// Where a mention carries nothing.
    without: Vec<Span>,
}

/// What is mentioned here goes into those names.
struct Flow<'e> {
    from: Vec<&'e Expr>,
    into: Vec<&'e str>,
}

impl<'e> Carriers<'e> {
    /// The names of a body that carry what `seeds` name.
    pub(super) fn of(seeds: impl IntoIterator<Item = &'e str>, body: &'e Block) -> Self {
        Self::beside(seeds, body, Vec::new())
    }

    /// The same, where mentions at some places carry nothing.
    pub(super) fn beside(
        seeds: impl IntoIterator<Item = &'e str>,
        body: &'e Block,
        without: Vec<Span>,
    ) -> Self {
        let mut carriers = Self {
            names: seeds.into_iter().collect(),
            without,
        };
        let flows = flows(body);
        let mut before = usize::MAX;
        while before != carriers.names.len() {
            before = carriers.names.len();
            for flow in &flows {
                if flow.from.iter().any(|from| carriers.are_in(from)) {
                    carriers.names.extend(&flow.into);
                }
            }
        }
        carriers
    }

    /// These names, and none that they are handed on to.
    pub(super) fn only(names: HashSet<&'e str>) -> Self {
        let without = Vec::new();
        Self { names, without }
    }

    /// Whether an expression mentions one of them.
    pub(super) fn are_in(&self, expr: &Expr) -> bool {
        let mut found = false;
        visit::each(expr, &mut |expr| found |= self.is_mentioned_by(expr));
        found
    }

    /// Whether a body mentions one of them outside of what is logged.
    pub(super) fn are_used_in(&self, body: &'e Block) -> bool {
        let mut all = Vec::new();
        visit::each_in_block(body, &mut |expr| all.push(expr));
        self.are_used_among(&all)
    }

    /// Whether one of these expressions, those in them left out, mentions one outside of what is logged.
    pub(super) fn are_used_among(&self, exprs: &[&Expr]) -> bool {
        let logs = exprs.iter().filter(|expr| match &expr.kind {
            ExprKind::Macro(call) => is_log(call),
            _ => false,
        });
        let logged: Vec<Span> = logs.map(|expr| expr.span).collect();
        let is_logged = |expr: &Expr| logged.iter().any(|outer| outer.contains(expr.span));
        let mut exprs = exprs.iter();
        exprs.any(|expr| self.is_mentioned_by(expr) && !is_logged(expr))
    }

    fn is_mentioned_by(&self, expr: &Expr) -> bool {
        if self.without.iter().any(|outer| outer.contains(expr.span)) {
            return false;
        }
        match &expr.kind {
            ExprKind::Path(path) => path
                .as_ident()
                .is_some_and(|name| self.names.contains(name)),
            ExprKind::Macro(call) => {
                let opaque = &call.body.opaque;
                let texts = call.body.parts.iter().filter_map(|part| match part {
                    Stmt::Expr(part) => part.as_text(),
                    Stmt::Let { .. } => None,
                });
                opaque
                    .iter()
                    .any(|name| self.names.contains(name.text.as_str()))
                    || texts
                        .flat_map(captured)
                        .any(|name| self.names.contains(name))
            }
            _ => false,
        }
    }
}

/// The names that a format string captures: `{a}`, `{a:?}`.
pub(super) fn captured(text: &str) -> impl Iterator<Item = &str> {
    let holes = text.split('{').skip(1);
    holes.filter_map(|hole| {
        let inner = hole.split('}').next()?;
        let name = inner.split(':').next()?;
        (!name.is_empty()).then_some(name)
    })
}

/// `info!(..)`, `tracing::warn!(..)`, `println!(..)`.
pub(super) fn is_log(call: &MacroCall) -> bool {
    const LOGS: &[&str] = &[
        "dbg", "debug", "eprint", "eprintln", "error", "event", "info", "log", "print", "println",
        "trace", "warn",
    ];
    let last = call.path.last();
    last.is_some_and(|last| LOGS.contains(&last.name.text.as_str()))
}

/// What names are bound to by `let`.
pub(super) fn bindings(body: &Block) -> Vec<(&str, &Expr)> {
    let mut found = Vec::new();
    visit::each_block(body, &mut |block| {
        for stmt in &block.stmts {
            if let Stmt::Let {
                pat,
                init: Some(init),
                ..
            } = stmt
            {
                for (pat, init) in pairs(pat, init) {
                    pat.each_name(&mut |name| found.push((name, init)));
                }
            }
        }
    });
    found
}

/// Patterns and what they are for: of `(a, b) = (c, d)` two.
fn pairs<'e>(pat: &'e Pat, init: &'e Expr) -> Vec<(&'e Pat, &'e Expr)> {
    match (&pat.kind, &init.kind) {
        (PatKind::Group(pats), ExprKind::Group(inits))
            if pats.len() == inits.len()
                && !pats.iter().any(|pat| matches!(pat.kind, PatKind::Other))
                && inits.first().is_some_and(|first| is_tuple(init, first)) =>
        {
            let both = pats.iter().zip(inits);
            both.flat_map(|(pat, init)| pairs(pat, init)).collect()
        }
        _ => vec![(pat, init)],
    }
}

/// Whether a group is a tuple, no operator and no list: its brackets stand before its first part.
fn is_tuple(group: &Expr, first: &Expr) -> bool {
    group.span.start < first.span.start
}

/// What names are bound to by `let`, those left out that are bound more than once.
pub(super) fn once_bound(body: &Block) -> Bound<'_> {
    let mut found: HashMap<&str, Option<&Expr>> = HashMap::new();
    for (name, init) in bindings(body) {
        let again = found.entry(name).and_modify(|of| *of = None);
        again.or_insert(Some(init));
    }
    let mut forget = |name| {
        found.insert(name, None);
    };
    visit::each_in_block(body, &mut |expr| match &expr.kind {
        ExprKind::Let { pat, .. } | ExprKind::For { pat, .. } => pat.each_name(&mut forget),
        ExprKind::Match { arms, .. } => arms.iter().for_each(|arm| arm.pat.each_name(&mut forget)),
        ExprKind::Closure { params, .. } => {
            params.iter().for_each(|pat| pat.each_name(&mut forget));
        }
        _ => {}
    });
    let found = found.into_iter();
    found
        .filter_map(|(name, init)| Some((name, init?)))
        .collect()
}

fn flows(body: &Block) -> Vec<Flow<'_>> {
    let mut found = Vec::new();
    let mut locals: HashSet<&str> = HashSet::new();
    visit::each_block(body, &mut |block| {
        for stmt in &block.stmts {
            if let Stmt::Let { pat, init, .. } = stmt {
                pat.each_name(&mut |name| {
                    locals.insert(name);
                });
                let both = init.iter().flat_map(|init| pairs(pat, init));
                found.extend(both.map(|(pat, init)| {
                    let mut into = Vec::new();
                    pat.each_name(&mut |name| into.push(name));
                    let from = vec![init];
                    Flow { from, into }
                }));
            }
        }
    });
    visit::each_in_block(body, &mut |expr| found.extend(flow(expr, &locals)));
    found
}

fn flow<'e>(expr: &'e Expr, locals: &HashSet<&'e str>) -> Vec<Flow<'e>> {
    let bound = |pat: &'e crate::syntax::Pat, from: &'e Expr| {
        let mut into = Vec::new();
        pat.each_name(&mut |name| into.push(name));
        let from = vec![from];
        Flow { from, into }
    };
    match &expr.kind {
        ExprKind::Let { pat, value } => vec![bound(pat, value)],
        ExprKind::For { pat, iter, .. } => vec![bound(pat, iter)],
        ExprKind::Match { scrutinee, arms } => {
            arms.iter().map(|arm| bound(&arm.pat, scrutinee)).collect()
        }
        ExprKind::Method { receiver, args, .. } => {
            let root = root(receiver).filter(|name| locals.contains(name));
            let from = args.iter().collect();
            root.map(|name| Flow {
                from,
                into: vec![name],
            })
            .into_iter()
            .collect()
        }
        ExprKind::Call { args, .. } => {
            let lent = args.iter().filter_map(|arg| match &arg.kind {
                ExprKind::Place(inner) => root(inner).filter(|name| locals.contains(name)),
                _ => None,
            });
            let into = lent.collect();
            let from = args.iter().collect();
            vec![Flow { from, into }]
        }
        // An assignment is not told from other pairs.
        ExprKind::Group(parts) if parts.len() == 2 => {
            let into = root(&parts[0]).filter(|name| locals.contains(name));
            vec![Flow {
                from: vec![&parts[1]],
                into: into.into_iter().collect(),
            }]
        }
        _ => Vec::new(),
    }
}

/// The variable that a chain of fields, methods and references begins with.
pub(super) fn root(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Path(path) => path.as_ident(),
        ExprKind::Field { base: inner, .. }
        | ExprKind::Method {
            receiver: inner, ..
        }
        | ExprKind::Place(inner)
        | ExprKind::Await(inner)
        | ExprKind::Try(inner) => root(inner),
        _ => None,
    }
}

//! Whether the log has been written wherever an outcome is finalized.
//!
//! A walk in the order of evaluation over one body, whose calls were judged before.

use std::collections::HashMap;
use std::ptr;

use crate::syntax::{Arm, Block, Expr, ExprKind, Span, Stmt, visit};

/// What a call does with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It writes an outcome, or reads those that are written.
    Writes,
    /// It may do so, when something else calls it.
    MayWrite,
    /// It finalizes what has to be written, itself or by the function of this number.
    Finalizes(Span, Option<usize>),
}

/// What a body does with the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passage {
    /// Whether the log is written whenever it comes to its end.
    pub(super) writes: Written,
    /// Where it finalizes what it has not written.
    pub(super) unwritten: Vec<(Span, Option<usize>)>,
    /// Where it finalizes what it may have written.
    pub(super) unclear: Vec<Span>,
}

/// Whether the log is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Written {
    #[default]
    No,
    /// By a closure or a future, if that was run.
    Perhaps,
    Yes,
}

/// Walks a body, of which these expressions are steps.
pub(super) fn through(body: &Block, steps: HashMap<*const Expr, Step>) -> Passage {
    let mut walk = Walk {
        steps,
        written: Written::No,
        gone: false,
        left: Written::Yes,
        repeated: 0,
        found: Vec::new(),
        unclear: Vec::new(),
    };
    walk.block(body);
    let at_end = match walk.gone {
        true => Written::Yes,
        false => walk.written,
    };
    Passage {
        writes: at_end.min(walk.left),
        unwritten: walk.found,
        unclear: walk.unclear,
    }
}

/// Whether the log has been written on every way to a point.
struct Walk {
    steps: HashMap<*const Expr, Step>,
    written: Written,
    /// Nothing after this is reached.
    gone: bool,
    /// The least that was written wherever the function was left before its end.
    left: Written,
    /// How many loops this is in, where leaving may mean leaving a loop.
    repeated: usize,
    found: Vec<(Span, Option<usize>)>,
    unclear: Vec<Span>,
}

impl Walk {
    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Let {
                    init, otherwise, ..
                } => {
                    init.iter().for_each(|init| self.expr(init));
                    if let Some(otherwise) = otherwise {
                        self.aside(|walk| walk.expr(otherwise));
                    }
                }
                Stmt::Expr(expr) => self.expr(expr),
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.expr(cond);
                let before = (self.written, self.gone);
                self.block(then);
                let after = (self.written, self.gone);
                (self.written, self.gone) = before;
                otherwise.iter().for_each(|other| self.expr(other));
                self.join(after);
            }
            ExprKind::Match { scrutinee, arms } => {
                self.expr(scrutinee);
                self.arms(arms);
            }
            ExprKind::For { iter, body, .. } => {
                self.expr(iter);
                self.aside(|walk| walk.turns(body));
            }
            ExprKind::While { cond, body } => {
                self.expr(cond);
                self.aside(|walk| walk.turns(body));
            }
            ExprKind::Closure { body, .. } => self.later(|walk| walk.expr(body)),
            ExprKind::Async(body) => self.later(|walk| walk.block(body)),
            ExprKind::Block(body) => self.block(body),
            ExprKind::Loop(body) => self.turns(body),
            ExprKind::Leave(_, value) => {
                value.iter().for_each(|value| self.expr(value));
                if self.repeated == 0 && !self.gone {
                    self.left = self.left.min(self.written);
                }
                self.gone = true;
            }
            _ if spawns(expr) => self.aside(|walk| walk.parts(expr)),
            ExprKind::Await(inner) => match &inner.kind {
                ExprKind::Async(body) => self.now(body),
                _ => self.parts(expr),
            },
            _ => self.parts(expr),
        }
        match self.steps.get(&ptr::from_ref(expr)) {
            Some(Step::Writes) => self.written = Written::Yes,
            Some(Step::MayWrite) => self.written = self.written.max(Written::Perhaps),
            Some(Step::Finalizes(span, by)) if !self.gone => match self.written {
                Written::No => self.found.push((*span, *by)),
                Written::Perhaps => self.unclear.push(*span),
                Written::Yes => {}
            },
            _ => {}
        }
    }

    fn arms(&mut self, arms: &[Arm]) {
        let before = (self.written, self.gone);
        let mut after = None;
        for arm in arms {
            (self.written, self.gone) = before;
            arm.guard.iter().for_each(|guard| self.expr(guard));
            self.expr(&arm.body);
            if let Some(others) = after {
                self.join(others);
            }
            after = Some((self.written, self.gone));
        }
    }

    /// What may run, or later, or several times: nothing that it writes counts after it.
    fn aside(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = (self.written, self.gone);
        walk(self);
        (self.written, self.gone) = before;
    }

    /// What something else may run. What is left in there is not this function.
    fn later(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = self.left;
        let mut written = self.written;
        self.aside(|of| {
            walk(of);
            written = written.max(of.written.min(Written::Perhaps));
        });
        self.written = written;
        self.left = before;
    }

    /// A future that is waited for right here.
    fn now(&mut self, body: &Block) {
        let before = (self.left, self.gone);
        self.left = Written::Yes;
        self.block(body);
        self.written = match self.gone {
            true => self.left,
            false => self.written.min(self.left),
        };
        (self.left, self.gone) = before;
    }

    fn turns(&mut self, body: &Block) {
        self.repeated += 1;
        self.block(body);
        self.repeated -= 1;
    }

    fn parts(&mut self, expr: &Expr) {
        visit::parts(expr, &mut |part| self.expr(part));
    }

    /// Two ways meet: written is what both have written.
    fn join(&mut self, (written, gone): (Written, bool)) {
        if self.gone {
            (self.written, self.gone) = (written, gone);
        } else if !gone {
            self.written = self.written.min(written);
        }
    }
}

/// Whether an expression starts something that nobody waits for there: `tokio::spawn(..)`.
fn spawns(expr: &Expr) -> bool {
    let name = match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => path.names().last().copied(),
            _ => None,
        },
        ExprKind::Method { name, .. } => Some(name.text.as_str()),
        _ => None,
    };
    name.is_some_and(|name| name.starts_with("spawn"))
}

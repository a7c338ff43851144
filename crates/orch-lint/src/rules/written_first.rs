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
    /// It finalizes what has to be written, itself or by the function of this number.
    Finalizes(Span, Option<usize>),
}

/// What a body does with the log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Passage {
    /// Whether the log is written whenever it comes to its end.
    pub(super) writes: bool,
    /// Where it finalizes what it has not written.
    pub(super) unwritten: Vec<(Span, Option<usize>)>,
}

/// Walks a body, of which these expressions are steps.
pub(super) fn through(body: &Block, steps: HashMap<*const Expr, Step>) -> Passage {
    let mut walk = Walk {
        steps,
        written: false,
        gone: false,
        left_unwritten: false,
        repeated: 0,
        found: Vec::new(),
    };
    walk.block(body);
    Passage {
        writes: (walk.written || walk.gone) && !walk.left_unwritten,
        unwritten: walk.found,
    }
}

/// Whether the log has been written on every way to a point.
struct Walk {
    steps: HashMap<*const Expr, Step>,
    written: bool,
    /// Nothing after this is reached.
    gone: bool,
    /// The function was left before the log was written.
    left_unwritten: bool,
    /// How many loops this is in, where leaving may mean leaving a loop.
    repeated: usize,
    found: Vec<(Span, Option<usize>)>,
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
                self.left_unwritten |= self.repeated == 0 && !self.written && !self.gone;
                self.gone = true;
            }
            _ => self.parts(expr),
        }
        match self.steps.get(&ptr::from_ref(expr)) {
            Some(Step::Writes) => self.written = true,
            Some(Step::Finalizes(span, by)) if !self.written && !self.gone => {
                self.found.push((*span, *by));
            }
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

    /// What is left in there is not this function.
    fn later(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = self.left_unwritten;
        self.aside(walk);
        self.left_unwritten = before;
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
    fn join(&mut self, (written, gone): (bool, bool)) {
        if self.gone {
            (self.written, self.gone) = (written, gone);
        } else if !gone {
            self.written &= written;
        }
    }
}

//! Which transactions are open where something is awaited.
//!
//! A walk in the order of evaluation. A transaction is open from the `let` that gets it, or from the
//! beginning when it is a parameter, until it is committed, rolled back, dropped or moved. After a branch
//! those are open that are open on every way there. What an await gets is everything that it mentions: the
//! transaction itself, a value that was made of it without awaiting, or an awaited one that still holds it.
//! A closure to which a transaction is lent has it open from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;

use super::transaction_handles::{Hold, hold};
use super::transaction_openers::{DIVERGING, Openers, bound, is_transaction};
use crate::model::{Function, Workspace};
use crate::syntax::{Block, Exit, Expr, ExprKind, MacroCall, Pat, Span, Stmt, TyKind, visit};

/// An await with a transaction open that it does not get.
pub(super) struct Held<'e> {
    pub(super) span: Span,
    pub(super) name: &'e str,
    /// Whether it may get it all the same.
    pub(super) perhaps: bool,
}

const ENDS: &[&str] = &["commit", "rollback", "close", "finish"];
/// Macros that await all that they are given.
const JOINS: &[&str] = &["join", "try_join"];
/// What is open at one point of a body.
#[derive(Debug, Clone, Default)]
struct State<'e> {
    open: BTreeSet<&'e str>,
    /// Values made of an open transaction.
    made_of: BTreeMap<&'e str, Hold>,
    /// Nothing after this is reached.
    gone: bool,
}

impl State<'_> {
    /// Two ways meet: open is what is open on both.
    fn join(&mut self, other: Self) {
        if self.gone {
            *self = other;
        } else if !other.gone {
            self.open.retain(|name| other.open.contains(name));
            for (name, hold) in other.made_of {
                let held = self.made_of.entry(name).or_insert(hold);
                *held = hold.max(*held);
            }
        }
    }
}

/// The walk.
struct Walk<'e> {
    openers: Openers,
    /// Awaited calls whose values hold a transaction.
    handles: HashMap<*const Expr, Hold>,
    state: State<'e>,
    /// Names of transactions that somebody else ends: mentioned by value, they are lent on.
    lent: BTreeSet<&'e str>,
    /// For each of the loops around, outer ones first: what is open where a `break` leaves it.
    exits: Vec<Option<State<'e>>>,
    found: Vec<Held<'e>>,
}

/// The awaits of a body that hold up a transaction.
pub(super) fn across_awaits<'a>(
    workspace: &Workspace<'a>,
    function: &Function<'a>,
) -> Vec<Held<'a>> {
    let openers = Openers::of(workspace, function);
    let walker = function.walker(workspace);
    let (mut given, mut lent) = (BTreeSet::new(), BTreeSet::new());
    for param in &function.def.params {
        let name = bound(&param.pat).filter(|_| is_transaction(&walker.parameter(param)));
        given.extend(name);
        lent.extend(name.filter(|_| matches!(param.ty.kind, TyKind::Ref(..))));
    }
    let mut walk = Walk {
        state: State {
            open: given,
            ..State::default()
        },
        lent,
        openers,
        handles: HashMap::new(),
        exits: Vec::new(),
        found: Vec::new(),
    };
    if !walk.openers.is_empty() || !walk.state.open.is_empty() {
        walk.handles = handles(workspace, function);
        walk.block(function.body);
    }
    walk.found
}

fn handles<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> HashMap<*const Expr, Hold> {
    let mut found = HashMap::new();
    function
        .walker(workspace)
        .block(function.body, &mut |walker, expr| {
            if let ExprKind::Await(call) = &expr.kind {
                let hold = hold(walker, call);
                found.extend(hold.map(|hold| (ptr::from_ref(&**call), hold)));
            }
        });
    found
}

impl<'e> Walk<'e> {
    /// Whether an expression mentions an open transaction or something made of one.
    fn mentions(&self, expr: &Expr) -> Option<Hold> {
        let mut found = None;
        visit::each(expr, &mut |expr| {
            let Some(name) = expr.as_ident() else {
                return;
            };
            let is_open = self.state.open.contains(name).then_some(Hold::Certain);
            found = found.max(is_open.or(self.state.made_of.get(name).copied()));
        });
        found
    }

    /// Whether a value holds an open transaction.
    fn carries(&self, value: &Expr) -> Option<Hold> {
        let mentioned = self.mentions(value)?;
        match awaited_call(value) {
            Some(call) => {
                let held = self.handles.get(&ptr::from_ref(call))?;
                Some(mentioned.min(*held))
            }
            None => Some(mentioned),
        }
    }

    fn bind(&mut self, pat: &'e Pat, value: &'e Expr, carries: Option<Hold>) {
        let is_opener = self.openers.give(value);
        pat.each_name(&mut |name| {
            self.lent.remove(name);
            self.state.open.remove(name);
            self.state.made_of.remove(name);
            if let Some(hold) = carries.filter(|_| !is_opener) {
                self.state.made_of.insert(name, hold);
            }
        });
        self.state.open.extend(bound(pat).filter(|_| is_opener));
    }

    fn block(&mut self, block: &'e Block) {
        let before = self.state.open.clone();
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
        // What was bound in here is dropped here.
        self.state.open.retain(|name| before.contains(name));
    }

    fn stmt(&mut self, stmt: &'e Stmt) {
        match stmt {
            Stmt::Let {
                pat,
                init,
                otherwise,
            } => {
                let Some(init) = init else {
                    return;
                };
                let carries = self.carries(init);
                self.expr(init);
                if let Some(otherwise) = otherwise {
                    let before = self.state.clone();
                    self.expr(otherwise);
                    self.state = before;
                }
                self.bind(pat, init, carries);
            }
            Stmt::Expr(expr) => match assigned(expr) {
                Some((name, value)) if self.openers.give(value) => {
                    self.expr(value);
                    self.state.open.insert(name);
                }
                _ => self.expr(expr),
            },
        }
    }

    fn expr(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Path(_) => {
                // By value: it goes elsewhere, and is not open here any more.
                if let Some(name) = expr.as_ident().filter(|name| !self.lent.contains(name)) {
                    self.state.open.remove(name);
                }
            }
            ExprKind::Place(inner) | ExprKind::Field { base: inner, .. } => self.borrowed(inner),
            ExprKind::Method {
                receiver,
                name,
                args,
            } => {
                self.borrowed(receiver);
                match self.openers.lend(expr) {
                    true => args.iter().for_each(|arg| self.lent_to(arg)),
                    false => args.iter().for_each(|arg| self.expr(arg)),
                }
                if let Some(of) = receiver.as_ident()
                    && ENDS.contains(&name.text.as_str())
                {
                    self.state.open.remove(of);
                }
            }
            ExprKind::Call { callee, args } => {
                self.borrowed(callee);
                args.iter().for_each(|arg| self.expr(arg));
            }
            ExprKind::Await(inner) => self.awaited(expr, inner),
            ExprKind::Try(inner) | ExprKind::Derived(inner) => self.expr(inner),
            ExprKind::Group(parts) => parts.iter().for_each(|part| self.expr(part)),
            ExprKind::Struct { fields, rest, .. } => {
                fields.iter().for_each(|(_, value)| self.expr(value));
                rest.iter().for_each(|rest| self.expr(rest));
            }
            ExprKind::Leave(exit, value) => {
                value.iter().for_each(|value| self.expr(value));
                self.leave(*exit);
            }
            ExprKind::Macro(call) => self.invoked(call),
            _ => self.control(expr),
        }
    }

    /// Whether one of the futures of `select!` has a transaction: the others wait no longer than it does.
    fn race_mentions(&self, call: &MacroCall) -> bool {
        let mut futures = call.body.parts.iter().filter_map(|part| match part {
            Stmt::Let { init, .. } => init.as_ref(),
            Stmt::Expr(_) => None,
        });
        futures.any(|future| self.mentions(future).is_some())
    }

    fn invoked(&mut self, call: &'e MacroCall) {
        let name = call.path.last().map_or("", |last| last.name.text.as_str());
        let is_raced = name == "select" && self.race_mentions(call);
        for part in &call.body.parts {
            match part {
                Stmt::Expr(part) if JOINS.contains(&name) => self.awaited(part, part),
                Stmt::Expr(part) => self.borrowed(part),
                Stmt::Let {
                    pat,
                    init: Some(init),
                    ..
                } if name == "select" && !is_raced => {
                    self.awaited(init, init);
                    self.bind(pat, init, None);
                }
                part @ Stmt::Let { .. } => self.stmt(part),
            }
        }
        self.state.gone |= DIVERGING.contains(&name);
    }

    /// An expression whose value stays where it is.
    fn borrowed(&mut self, expr: &'e Expr) {
        if expr.as_ident().is_none() {
            self.expr(expr);
        }
    }

    fn awaited(&mut self, whole: &'e Expr, inner: &'e Expr) {
        let gets = self.mentions(inner);
        let open = self.state.open.first().copied();
        self.expr(inner);
        if let Some(name) = open.filter(|_| gets != Some(Hold::Certain) && !self.state.gone) {
            self.found.push(Held {
                span: whole.span,
                name,
                perhaps: gets.is_some(),
            });
        }
    }

    fn control(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Block(block) => self.block(block),
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let outer = self.state.open.clone();
                self.expr(cond);
                let before = self.state.clone();
                self.block(then);
                let after = std::mem::replace(&mut self.state, before);
                otherwise.iter().for_each(|other| self.expr(other));
                self.state.join(after);
                self.state.open.retain(|name| outer.contains(name));
            }
            ExprKind::Let { pat, value } => {
                let carries = self.carries(value);
                self.expr(value);
                self.bind(pat, value, carries);
            }
            ExprKind::Match { scrutinee, arms } => {
                let carries = self.carries(scrutinee);
                self.expr(scrutinee);
                let before = self.state.clone();
                let mut after: Option<State<'e>> = None;
                for arm in arms {
                    self.state = before.clone();
                    self.bind(&arm.pat, scrutinee, carries);
                    arm.guard.iter().for_each(|guard| self.expr(guard));
                    self.expr(&arm.body);
                    if let Some(others) = after {
                        self.state.join(others);
                    }
                    after = Some(self.state.clone());
                }
                self.state.open.retain(|name| before.open.contains(name));
            }
            ExprKind::For { pat, iter, body } => {
                let carries = self.carries(iter);
                self.expr(iter);
                self.bind(pat, iter, carries);
                self.repeated(body);
            }
            ExprKind::While { cond, body } => {
                self.expr(cond);
                self.repeated(body);
            }
            ExprKind::Loop(body) => self.endless(body),
            ExprKind::Async(_) | ExprKind::Closure { .. } => self.captured(expr),
            _ => {}
        }
    }

    /// A body that may run several times, or not at all.
    fn repeated(&mut self, body: &'e Block) {
        let before = self.state.clone();
        let exit = self.turns(body);
        self.state.join(before);
        self.join_exit(exit);
    }

    /// A body that runs until a `break` leaves it.
    fn endless(&mut self, body: &'e Block) {
        let before = self.state.open.clone();
        let exit = self.turns(body);
        self.state.gone = true;
        self.join_exit(exit);
        self.state.open.retain(|name| before.contains(name));
    }

    /// The body of a loop; what is open where a `break` leaves it.
    fn turns(&mut self, body: &'e Block) -> Option<State<'e>> {
        self.exits.push(None);
        self.block(body);
        self.exits.pop().flatten()
    }

    fn leave(&mut self, exit: Exit) {
        let left = match exit {
            Exit::Break => self.exits.len().saturating_sub(1),
            // Which one is not known.
            Exit::BreakOf => 0,
            Exit::Continue | Exit::Return => self.exits.len(),
        };
        if !self.state.gone {
            for other in &mut self.exits[left..] {
                match other {
                    Some(other) => other.join(self.state.clone()),
                    None => *other = Some(self.state.clone()),
                }
            }
        }
        self.state.gone = true;
    }

    fn join_exit(&mut self, exit: Option<State<'e>>) {
        exit.into_iter().for_each(|exit| self.state.join(exit));
    }

    /// What runs later has the transactions that it mentions; they are not open here any more. Those that
    /// it does not mention are not open there.
    fn captured(&mut self, expr: &'e Expr) {
        let mut taken = BTreeSet::new();
        visit::each(expr, &mut |expr| {
            let name = expr.as_ident();
            taken.extend(name.and_then(|name| self.state.open.get(name).copied()));
        });
        self.state.open.retain(|name| !taken.contains(name));
        let there = State {
            open: taken,
            made_of: self.state.made_of.clone(),
            gone: false,
        };
        match &expr.kind {
            ExprKind::Async(block) => self.elsewhere(there, |walk| walk.block(block)),
            ExprKind::Closure { body, .. } => self.elsewhere(there, |walk| walk.expr(body)),
            _ => {}
        }
    }

    /// A closure that gets a transaction which ends behind it.
    fn lent_to(&mut self, arg: &'e Expr) {
        let ExprKind::Closure { params, body } = &arg.kind else {
            return self.expr(arg);
        };
        let name = params.first().and_then(bound);
        let there = State {
            open: name.into_iter().collect(),
            ..State::default()
        };
        let before = self.lent.clone();
        self.lent.extend(name);
        self.elsewhere(there, |walk| walk.expr(body));
        self.lent = before;
    }

    /// What runs later, or by others.
    fn elsewhere(&mut self, there: State<'e>, work: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.state, there);
        let exits = std::mem::take(&mut self.exits);
        work(self);
        self.state = before;
        self.exits = exits;
    }
}

/// `name = value`; as a statement, no other pair begins with a name.
fn assigned(expr: &Expr) -> Option<(&str, &Expr)> {
    match &expr.kind {
        ExprKind::Group(parts) => match parts.as_slice() {
            [place, value] => Some((place.as_ident()?, value)),
            _ => None,
        },
        _ => None,
    }
}

/// What was awaited for a value. Most often the value is data, and no handle on the transaction.
fn awaited_call(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Await(call) => Some(call),
        ExprKind::Try(inner) | ExprKind::Place(inner) => awaited_call(inner),
        ExprKind::Method { receiver, .. } => awaited_call(receiver),
        ExprKind::Field { base, .. } => awaited_call(base),
        _ => None,
    }
}

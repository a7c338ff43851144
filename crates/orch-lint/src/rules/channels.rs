//! Whether a body waits for what a task sends to it through a channel.

use super::mentions::{bindings, root};
use crate::known;
use crate::syntax::{Block, Expr, ExprKind, Pat, PatKind, Span, Stmt, visit};

/// What a body does about the other end of a channel that a task has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reply {
    /// Something else than to send: perhaps it waits somewhere else.
    Perhaps,
    /// It waits there.
    Awaited,
}

/// Functions that give both ends of a channel.
const MAKERS: &str = "bounded channel oneshot pair sync_channel unbounded unbounded_channel";
/// Methods that wait for who has the other end.
const WAITS: &str = "blocking_recv changed closed next notified recv recv_async recv_deadline recv_many \
    recv_timeout wait wait_for";
/// Methods that wait for nobody's answer.
const SENDS: &str =
    "blocking_send clone is_closed reserve send send_async send_timeout subscribe try_send";
/// Macros that await all that they are given.
const JOINS: &str = "join select try_join";

/// What two names of one body are to each other.
struct Other<'e> {
    name: &'e str,
    is_channel: bool,
}

/// Whether what `task` is given has another end that `body` waits at.
pub(super) fn reply<'e>(body: &'e Block, task: &'e Expr) -> Option<Reply> {
    let mut given = Vec::new();
    visit::each(task, &mut |expr| given.extend(expr.as_ident()));
    let others = others(body, &given);
    if others.is_empty() {
        return None;
    }
    let mut uses = Uses::default();
    visit::each_in_block(body, &mut |expr| {
        if !task.span.contains(expr.span) {
            uses.see(expr);
        }
    });
    let replies = others.iter().filter_map(|other| uses.reply(other));
    replies.max()
}

/// The other ends of what the task is given: of the same pair, or what it was cloned of.
fn others<'e>(body: &'e Block, given: &[&'e str]) -> Vec<Other<'e>> {
    let clones: Vec<(&str, &str)> = bindings(body)
        .into_iter()
        .filter_map(|(name, init)| Some((name, cloned(init)?)))
        .filter(|(name, _)| given.contains(name))
        .collect();
    let mut found: Vec<Other<'e>> = Vec::new();
    for (_, name) in &clones {
        found.push(Other {
            name,
            is_channel: false,
        });
    }
    let is_given = |name: &str| given.contains(&name) || clones.iter().any(|(_, of)| *of == name);
    for (names, is_channel) in pairs(body) {
        if names.iter().any(|name| is_given(name)) {
            let others = names.iter().copied().filter(|name| !is_given(name));
            found.extend(others.map(|name| Other { name, is_channel }));
        }
    }
    found
}

/// The names of each `let (a, b) = f(..)`, and whether they are the ends of a channel.
fn pairs(body: &Block) -> Vec<(Vec<&str>, bool)> {
    let mut found = Vec::new();
    visit::each_block(body, &mut |block| {
        for stmt in &block.stmts {
            if let Stmt::Let { pat, init, .. } = stmt
                && let PatKind::Group(parts) = &pat.kind
                && let Some(init) = init
                && let Some(maker) = maker(init)
            {
                let names = parts.iter().filter_map(Pat::name).collect();
                found.push((names, known::has(MAKERS, maker)));
            }
        }
    });
    found
}

/// The name of what is called for a value.
fn maker(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Path(path) => Some(&path.last()?.name.text),
            _ => None,
        },
        ExprKind::Method { name, .. } => Some(&name.text),
        ExprKind::Await(inner) | ExprKind::Try(inner) => maker(inner),
        _ => None,
    }
}

/// The variable of which a value is a clone.
fn cloned(value: &Expr) -> Option<&str> {
    match &value.kind {
        ExprKind::Method { receiver, name, .. } if name.text == "clone" => receiver.as_ident(),
        ExprKind::Call { args, .. } if maker(value) == Some("clone") => root(args.first()?),
        _ => None,
    }
}

/// How a body uses its variables.
#[derive(Default)]
struct Uses<'e> {
    all: Vec<(&'e str, Span)>,
    /// Where something is awaited.
    awaits: Vec<Span>,
    /// What is awaited itself, or has a method called on it that waits.
    waited: Vec<&'e str>,
    /// Uses that wait for nothing.
    idle: Vec<Span>,
}

impl<'e> Uses<'e> {
    fn see(&mut self, expr: &'e Expr) {
        match &expr.kind {
            ExprKind::Path(_) => self
                .all
                .extend(expr.as_ident().map(|name| (name, expr.span))),
            ExprKind::Await(inner) => {
                self.awaits.push(inner.span);
                self.waited.extend(place(inner));
            }
            ExprKind::Method { receiver, name, .. } if known::has(WAITS, &name.text) => {
                self.waited.extend(place(receiver));
            }
            ExprKind::Method { receiver, name, .. } if known::has(SENDS, &name.text) => {
                self.idle.push(receiver.span);
            }
            ExprKind::Call { args, .. } if maker(expr) == Some("drop") => {
                self.idle.extend(args.iter().map(|arg| arg.span));
            }
            ExprKind::Macro(call) => {
                let last = call.path.last();
                if last.is_some_and(|last| known::has(JOINS, &last.name.text)) {
                    self.awaits.push(expr.span);
                }
            }
            _ => {}
        }
    }

    fn reply(&self, other: &Other<'_>) -> Option<Reply> {
        if self.waited.contains(&other.name) {
            return Some(Reply::Awaited);
        }
        let uses = self.all.iter().filter(|(name, _)| *name == other.name);
        let active = uses.filter(|(_, at)| !self.idle.iter().any(|outer| outer.contains(*at)));
        let replies =
            active.map(
                |(_, at)| match self.awaits.iter().any(|outer| outer.contains(*at)) {
                    true => Reply::Awaited,
                    false => Reply::Perhaps,
                },
            );
        replies.max().filter(|_| other.is_channel)
    }
}

/// The variable that a value is, references left out.
fn place(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Place(inner) => place(inner),
        _ => expr.as_ident(),
    }
}

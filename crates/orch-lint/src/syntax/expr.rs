//! Bodies: statements, expressions and patterns.

use smol_str::SmolStr;

use super::span::{Name, Span};
use super::ty::{Path, Ty};

/// Statements between braces.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Block {
    /// The statements.
    pub(crate) stmts: Vec<Stmt>,
    /// Whether the last statement is its value.
    pub(crate) has_value: bool,
    /// With the braces.
    pub(crate) span: Span,
}

/// A statement. Items inside bodies are kept beside the body, see `FnDef::items`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Stmt {
    /// `let pat: ty = init else { otherwise };`
    Let {
        /// What is bound.
        pat: Box<Pat>,
        /// The value.
        init: Option<Box<Expr>>,
        /// The `else` of a `let … else`.
        otherwise: Option<Box<Expr>>,
    },
    /// An expression.
    Expr(Expr),
}

/// An expression.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Expr {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: ExprKind,
}

/// Forms of expressions. Parentheses are gone.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum ExprKind {
    /// A variable, a constant, a function, a unit variant.
    Path(Path),
    /// `f(a, b)`.
    Call {
        /// `f`.
        callee: Box<Expr>,
        /// `a`, `b`.
        args: Vec<Expr>,
    },
    /// `x.f(a)`.
    Method {
        /// `x`.
        receiver: Box<Expr>,
        /// `f`.
        name: Name,
        /// `a`.
        args: Vec<Expr>,
    },
    /// `x.f`, `x.0`.
    Field {
        /// `x`.
        base: Box<Expr>,
        /// `f`.
        name: Name,
    },
    /// `m!(..)`.
    Macro(Box<MacroCall>),
    /// `x.await`.
    Await(Box<Expr>),
    /// `x?`.
    Try(Box<Expr>),
    /// `&x`, `&mut x`, `*x`: the place behind stays the same.
    Place(Box<Expr>),
    /// `!x`, `-x`, `x as T`: another value made of `x`.
    Derived(Box<Expr>),
    /// `|a| body`.
    Closure {
        /// The parameters.
        params: Vec<Pat>,
        /// The body.
        body: Box<Expr>,
    },
    /// `async { .. }`.
    Async(Block),
    /// `{ .. }`, also `unsafe`, `const`, `try`.
    Block(Block),
    /// `if cond { .. } else ..`.
    If {
        /// The condition.
        cond: Box<Expr>,
        /// The first branch.
        then: Block,
        /// The other branch.
        otherwise: Option<Box<Expr>>,
    },
    /// `let pat = value` in a condition.
    Let {
        /// The pattern.
        pat: Box<Pat>,
        /// The value.
        value: Box<Expr>,
    },
    /// `match scrutinee { .. }`.
    Match {
        /// The value looked at.
        scrutinee: Box<Expr>,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// `for pat in iter { .. }`.
    For {
        /// The pattern.
        pat: Box<Pat>,
        /// What is iterated.
        iter: Box<Expr>,
        /// The body.
        body: Block,
    },
    /// `while cond { .. }`.
    While {
        /// The condition.
        cond: Box<Expr>,
        /// The body.
        body: Block,
    },
    /// `loop { .. }`.
    Loop(Block),
    /// `S { f: x, ..rest }`.
    Struct {
        /// `S`.
        path: Path,
        /// The values.
        fields: Vec<(Name, Expr)>,
        /// `rest`.
        rest: Option<Box<Expr>>,
    },
    /// `a = b`, `a + b`, `a..b`, `a[b]`, `(a, b)`, `[a, b]`.
    Group(Vec<Expr>),
    /// `return x`, `break x`, `continue`, `yield x`.
    Leave(Exit, Option<Box<Expr>>),
    /// A string literal.
    Str(String),
    /// Another literal.
    Lit,
    /// `true` or `false`.
    Bool(bool),
    /// Something without parts that matter here.
    Opaque,
}

/// Where one goes from an expression that has no value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Exit {
    /// `break`: behind the innermost loop.
    Break,
    /// `break 'a`: behind one of the loops or blocks around.
    BreakOf,
    /// `continue`: to the beginning of a loop.
    Continue,
    /// `return`, `yield`: to who called.
    Return,
}

/// One arm of a `match`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Arm {
    /// The pattern, without its guard.
    pub(crate) pat: Pat,
    /// `if guard`.
    pub(crate) guard: Option<Box<Expr>>,
    /// The value.
    pub(crate) body: Expr,
}

/// A macro invocation.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct MacroCall {
    /// The path before `!`.
    pub(crate) path: Path,
    /// What could be read of its tokens.
    pub(crate) body: MacroBody,
}

/// The tokens of a macro invocation, as far as they read as Rust.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct MacroBody {
    /// Statements and expressions found in the tokens.
    pub(crate) parts: Vec<Stmt>,
    /// Identifiers of the tokens that could not be read.
    pub(crate) opaque: Vec<Name>,
}

/// A pattern.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Pat {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: PatKind,
}

/// Forms of patterns.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum PatKind {
    /// `_`.
    Wild,
    /// `x`, `ref mut x`, `x @ sub`; may also name a constant or a unit variant.
    Bind {
        /// The name.
        name: Name,
        /// The pattern behind `@`.
        sub: Option<Box<Pat>>,
    },
    /// `Outcome::Unknown`.
    Path(Path),
    /// `Some(x)`.
    TupleStruct(Path, Vec<Pat>),
    /// `S { f: p, .. }`.
    Struct(Path, Vec<(SmolStr, Pat)>),
    /// `a | b`.
    Or(Vec<Pat>),
    /// `&p`.
    Ref(Box<Pat>),
    /// `(a, b)`, `[a, b]`.
    Group(Vec<Pat>),
    /// `p: T`.
    Typed(Box<Pat>, Ty),
    /// `..`, a literal, a range, a macro.
    Other,
}

impl Pat {
    /// The one name that a pattern gives to the whole value.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.kind {
            PatKind::Bind { name, .. } => Some(&name.text),
            PatKind::Typed(inner, _) | PatKind::Ref(inner) => inner.name(),
            _ => None,
        }
    }

    /// Calls `see` for each name that a pattern gives to something.
    pub(crate) fn each_name<'p>(&'p self, see: &mut dyn FnMut(&'p str)) {
        match &self.kind {
            PatKind::Bind { name, sub } => {
                see(&name.text);
                sub.iter().for_each(|sub| sub.each_name(see));
            }
            PatKind::Ref(inner) | PatKind::Typed(inner, _) => inner.each_name(see),
            PatKind::TupleStruct(_, parts) | PatKind::Or(parts) | PatKind::Group(parts) => {
                parts.iter().for_each(|part| part.each_name(see));
            }
            PatKind::Struct(_, fields) => fields.iter().for_each(|(_, part)| part.each_name(see)),
            PatKind::Wild | PatKind::Path(_) | PatKind::Other => {}
        }
    }
}

//! The owned picture of one Rust file that every later step works on.
//!
//! [`parse`] turns text into [`FileFacts`]: items, types, bodies and comments, each with the place
//! it came from. The syntax tree of the parser is gone once this returns.
//!
//! **Invariant:** nothing here knows a rule, a name of the runtime or another file.
//!
//! **Deliberately absent:** name resolution and types. See `crate::model`.

pub(crate) mod attrs;
mod body;
pub(crate) mod comments;
pub(crate) mod expr;
pub(crate) mod flow;
pub(crate) mod item;
#[cfg(feature = "cache")]
pub(crate) mod kept;
mod lower;
pub(crate) mod named;
pub(crate) mod nesting;
mod parse;
pub(crate) mod patterns;
pub(crate) mod span;
pub(crate) mod ty;
pub(crate) mod visit;

pub(crate) use attrs::Attrs;
pub(crate) use body::Body;
pub(crate) use expr::{Arm, Block, Exit, Expr, ExprKind, MacroCall, Pat, PatKind, Stmt};
pub(crate) use item::{
    AssocItem, AssocKind, Field, Fields, FnDef, ImplDef, Import, Item, ItemKind, Param, Receiver,
    Variant, Vis,
};
pub(crate) use lower::Extent;
pub(crate) use parse::{Facts, FileFacts, Mark, ParseFailure, STACK, parse};
pub(crate) use span::{Name, Pos, Span};
pub(crate) use ty::{Bound, Generics, Path, Ty, TyKind};

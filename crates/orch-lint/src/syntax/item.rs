//! Items: what a module declares.

use smol_str::SmolStr;

use super::attrs::Attrs;
use super::body::Body;
use super::expr::{Expr, Pat};
use super::span::Name;
use super::ty::{Bound, Generics, Path, Ty};

/// How far an item can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Vis {
    /// `pub`.
    Public,
    /// `pub(crate)`, `pub(super)`, `pub(in ..)`.
    Restricted,
    /// Nothing written, or `pub(self)`.
    Private,
}

/// An item of a module or of a body.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Item {
    /// Its name; empty for `use` and `impl`.
    pub(crate) name: Name,
    /// How far it can be seen.
    pub(crate) vis: Vis,
    /// Its attributes.
    pub(crate) attrs: Attrs,
    /// What it is.
    pub(crate) kind: ItemKind,
}

/// Forms of items.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum ItemKind {
    /// `struct` and `union`.
    Struct(Generics, Fields),
    /// `enum`.
    Enum(Generics, Vec<Variant>),
    /// `trait`.
    Trait(Box<TraitDef>),
    /// `impl`.
    Impl(Box<ImplDef>),
    /// `fn`.
    Fn(Box<FnDef>),
    /// `type A = B`.
    Alias(Generics, Box<Ty>),
    /// `const`.
    Const(Box<Ty>, Box<Expr>),
    /// `static`, also inside `lazy_static!` and `thread_local!`; its value is the body of a function.
    Static(Box<Ty>, Box<FnDef>),
    /// `mod`.
    Mod(ModDef),
    /// `use`.
    Use(Vec<Import>),
    /// `extern crate a as b`: the crate.
    ExternCrate(String),
    /// `macro_rules!`: the identifiers of its body.
    MacroRules(Vec<Name>),
    /// `m! { .. }` in item position: the identifiers of its tokens.
    MacroCall(Vec<Name>),
    /// `include!("path")` in item position.
    Include(String),
}

/// The fields of a struct or a variant.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Fields {
    /// In order.
    pub(crate) list: Vec<Field>,
    /// `(A, B)` instead of `{ a: A }`.
    pub(crate) tuple: bool,
}

/// One field.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Field {
    /// Its name, or its number.
    pub(crate) name: Name,
    /// How far it can be seen.
    pub(crate) vis: Vis,
    /// Its attributes.
    pub(crate) attrs: Attrs,
    /// Its type.
    pub(crate) ty: Ty,
}

/// One variant of an enum.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Variant {
    /// Its name.
    pub(crate) name: Name,
    /// Its attributes.
    pub(crate) attrs: Attrs,
    /// Its fields.
    pub(crate) fields: Fields,
}

/// A trait.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct TraitDef {
    /// Its parameters.
    pub(crate) generics: Generics,
    /// Its supertraits.
    pub(crate) supers: Vec<Bound>,
    /// Its items.
    pub(crate) items: Vec<AssocItem>,
}

/// An `impl` block.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ImplDef {
    /// Its parameters.
    pub(crate) generics: Generics,
    /// The trait; absent for inherent impls.
    pub(crate) trait_path: Option<Path>,
    /// The type.
    pub(crate) self_ty: Ty,
    /// Its items.
    pub(crate) items: Vec<AssocItem>,
}

/// An item of a trait or an `impl`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct AssocItem {
    /// Its name.
    pub(crate) name: Name,
    /// How far it can be seen.
    pub(crate) vis: Vis,
    /// Its attributes.
    pub(crate) attrs: Attrs,
    /// What it is.
    pub(crate) kind: AssocKind,
}

/// Forms of associated items.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum AssocKind {
    /// A function.
    Fn(Box<FnDef>),
    /// A constant and its value.
    Const(Option<Box<Expr>>),
    /// A type.
    Type(Option<Box<Ty>>),
    /// A macro.
    Macro,
}

/// A function.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct FnDef {
    /// `async fn`.
    pub(crate) is_async: bool,
    /// Its parameters.
    pub(crate) generics: Generics,
    /// `self` in some form.
    pub(crate) receiver: Option<Receiver>,
    /// The other arguments.
    pub(crate) params: Vec<Param>,
    /// What is behind `->`.
    pub(crate) output: Option<Ty>,
    /// Its body.
    pub(crate) body: Option<Body>,
    /// Items declared anywhere in the body.
    pub(crate) items: Vec<Item>,
}

/// How a method takes `self`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Receiver {
    /// `self`.
    Value,
    /// `&self`.
    Ref,
    /// `&mut self`, `self: &mut Self`, `self: Pin<&mut Self>`.
    RefMut,
}

/// One argument.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Param {
    /// The pattern.
    pub(crate) pat: Pat,
    /// The type.
    pub(crate) ty: Ty,
}

/// A module declaration.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ModDef {
    /// The items of `mod m { .. }`; absent for `mod m;`.
    pub(crate) inline: Option<Vec<Item>>,
}

/// One name brought in by a `use`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Import {
    /// `::` in front.
    pub(crate) global: bool,
    /// What is imported.
    pub(crate) path: Vec<SmolStr>,
    /// The name it gets; absent for a glob.
    pub(crate) name: Option<SmolStr>,
}

impl Item {
    /// The type parameters of an item that has them.
    pub(crate) fn generics(&self) -> Option<&Generics> {
        match &self.kind {
            ItemKind::Struct(generics, _)
            | ItemKind::Enum(generics, _)
            | ItemKind::Alias(generics, _) => Some(generics),
            ItemKind::Trait(def) => Some(&def.generics),
            ItemKind::Impl(def) => Some(&def.generics),
            ItemKind::Fn(def) => Some(&def.generics),
            _ => None,
        }
    }
}

impl Import {
    /// The parts of what is imported.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.path.iter().map(SmolStr::as_str).collect()
    }
}

impl AssocItem {
    /// The function, when it is one.
    pub(crate) fn function(&self) -> Option<&FnDef> {
        match &self.kind {
            AssocKind::Fn(def) => Some(def),
            _ => None,
        }
    }
}

impl ImplDef {
    /// A function by name.
    pub(crate) fn method(&self, name: &str) -> Option<(&AssocItem, &FnDef)> {
        let named = self.items.iter().filter(|item| item.name.text == name);
        named
            .into_iter()
            .find_map(|item| Some((item, item.function()?)))
    }

    /// The value of a constant.
    pub(crate) fn constant(&self, name: &str) -> Option<&Expr> {
        self.items.iter().find_map(|item| match &item.kind {
            AssocKind::Const(value) if item.name.text == name => value.as_deref(),
            _ => None,
        })
    }
}

impl Expr {
    /// The text of a string literal.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            super::ExprKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The one name that the expression is, such as that of a variable.
    pub(crate) fn as_ident(&self) -> Option<&str> {
        match &self.kind {
            super::ExprKind::Path(path) => path.as_ident(),
            _ => None,
        }
    }
}

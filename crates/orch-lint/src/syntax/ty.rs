//! Types and paths as they are written.

use std::ops::Deref;

use super::span::{Name, Span};

/// A path in any position: `sqlx::Pool<Postgres>`, `<T as Trait>::f`, `self`.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Path {
    /// `::` in front.
    pub(crate) global: bool,
    /// The type in `<T as Trait>::f` or `<T>::f`.
    pub(crate) qself: Option<Box<Ty>>,
    /// The parts between `::`.
    pub(crate) segments: Vec<Segment>,
    /// The whole path.
    pub(crate) span: Span,
}

/// One part of a path.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Segment {
    /// The identifier.
    pub(crate) name: Name,
    /// What stands in angle brackets; most parts have none.
    pub(crate) given: Option<Box<Given>>,
}

/// What stands in angle brackets.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Given {
    /// Type arguments.
    pub(crate) args: Vec<Ty>,
    /// `Output = T`.
    pub(crate) bindings: Vec<(String, Ty)>,
}

/// A type.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Ty {
    /// Where it is written.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: TyKind,
}

/// Forms of types.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum TyKind {
    /// `a::B<C>`.
    Path(Path),
    /// `&T`, `*const T`; the flag says `mut`.
    Ref(Box<Ty>, bool),
    /// `[T]`, `[T; n]`.
    Slice(Box<Ty>),
    /// `(A, B)`; empty for `()`.
    Tuple(Vec<Ty>),
    /// `dyn A + B` and `impl A + B`.
    Bounds(Vec<Bound>),
    /// `fn(A) -> B`: holds nothing.
    Fn,
    /// `!`.
    Never,
    /// `_`, a macro, or something the parser kept as tokens.
    Opaque,
}

/// A trait in a bound.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Bound {
    /// The trait.
    pub(crate) path: Path,
}

/// Type parameters with all their bounds, those of `where` included.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Generics {
    /// Names in order of declaration.
    pub(crate) params: Vec<TypeParam>,
    /// `where` bounds, by the type they speak of.
    pub(crate) wheres: Vec<(Ty, Vec<Bound>)>,
}

/// One type parameter.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct TypeParam {
    /// Its name.
    pub(crate) name: String,
    /// Bounds written at the declaration.
    pub(crate) bounds: Vec<Bound>,
    /// The type used when none is given.
    pub(crate) default: Option<Ty>,
}

impl Deref for Segment {
    type Target = Given;

    fn deref(&self) -> &Given {
        static NOTHING: Given = Given {
            args: Vec::new(),
            bindings: Vec::new(),
        };
        self.given.as_deref().unwrap_or(&NOTHING)
    }
}

impl Path {
    /// The identifiers of the segments.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.segments
            .iter()
            .map(|segment| segment.name.text.as_str())
            .collect()
    }

    /// The last identifier.
    pub(crate) fn last(&self) -> Option<&Segment> {
        self.segments.last()
    }

    /// The identifier of a path that is nothing but one.
    pub(crate) fn as_ident(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [only] if !self.global && self.qself.is_none() => Some(&only.name.text),
            _ => None,
        }
    }

    /// The path without its last segment.
    pub(crate) fn parent(&self) -> Option<Path> {
        let (last, front) = self.segments.split_last()?;
        let previous = front.last()?;
        Some(Path {
            global: self.global,
            qself: self.qself.clone(),
            segments: front.to_vec(),
            span: Span {
                start: self.span.start,
                end: previous.name.span.end.min(last.name.span.start),
            },
        })
    }

    /// `a::b::C`, as written, without arguments.
    pub(crate) fn text(&self) -> String {
        self.names().join("::")
    }
}

impl Ty {
    /// The path of a path type.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.kind {
            TyKind::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Without references around it.
    pub(crate) fn peeled(&self) -> &Ty {
        match &self.kind {
            TyKind::Ref(inner, _) => inner.peeled(),
            _ => self,
        }
    }
}

impl Generics {
    /// All bounds of a parameter, or nothing when there is no such parameter.
    pub(crate) fn bounds(&self, name: &str) -> Option<Vec<&Bound>> {
        let param = self.params.iter().find(|param| param.name == name)?;
        let mut bounds: Vec<&Bound> = param.bounds.iter().collect();
        bounds.extend(self.where_bounds(name));
        Some(bounds)
    }

    /// Bounds that `where` gives to a name, which may be a parameter of an outer scope.
    pub(crate) fn where_bounds<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Bound> {
        let of_name = self
            .wheres
            .iter()
            .filter(move |(ty, _)| ty.path().and_then(Path::as_ident) == Some(name));
        of_name.flat_map(|(_, bounds)| bounds)
    }
}

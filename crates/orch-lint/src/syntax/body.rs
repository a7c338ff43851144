//! Bodies of functions, of which most are never looked into.
//!
//! A [`Body`] that comes out of a cache is bytes until somebody reads it. What it may be about can be
//! asked without that: [`Body::mentions`].

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use super::expr::{Block, ExprKind, PatKind, Stmt};
#[cfg(feature = "cache")]
use super::kept::KeptBytes;
use super::named::{self, Named};
use super::patterns;
use super::ty::{Path, Ty, TyKind};
use super::visit;

/// The body of a function: its [`Block`], and which words are in it.
pub(crate) struct Body {
    words: Words,
    block: OnceLock<Box<Block>>,
    /// What the block names, then the block, as a cache keeps them.
    #[cfg(feature = "cache")]
    kept: KeptBytes,
    /// Where the block begins.
    #[cfg(feature = "cache")]
    block_at: usize,
}

impl Body {
    /// A body that was just parsed.
    pub(crate) fn new(block: Block) -> Self {
        Body {
            words: Words::of(&block),
            block: OnceLock::from(Box::new(block)),
            #[cfg(feature = "cache")]
            kept: KeptBytes::default(),
            #[cfg(feature = "cache")]
            block_at: 0,
        }
    }

    /// Whether one of these names may be in an expression or a type of it; when not, it is certain that none is.
    ///
    /// Asked for are names of functions, methods, fields and macros, and parts of paths and of types, those of
    /// patterns included, but no names or paths of patterns.
    /// `match` and `else` find bodies that have one.
    pub(crate) fn mentions(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.words.may_have(name))
    }

    /// Calls `see` for all that it names, where it does so first: variables, then patterns, then expressions. The
    /// block is not read for it where a cache kept the names.
    pub(crate) fn each_named<'b>(&'b self, see: &mut dyn FnMut(Named<'b>)) {
        #[cfg(feature = "cache")]
        if !self.kept.is_empty() {
            let mut rest = &self.kept[..self.block_at];
            // What is kept was compared with its check before.
            while let Ok((named, behind)) = postcard::take_from_bytes(rest) {
                see(named);
                rest = behind;
            }
            return;
        }
        named::in_block(self, see);
    }

    fn read(&self) -> Block {
        #[cfg(feature = "cache")]
        // What is kept was compared with its check before.
        return postcard::from_bytes(&self.kept[self.block_at..]).unwrap_or_default();
        #[cfg(not(feature = "cache"))]
        Block::default()
    }
}

impl Deref for Body {
    type Target = Block;

    fn deref(&self) -> &Block {
        self.block.get_or_init(|| Box::new(self.read()))
    }
}

impl Clone for Body {
    fn clone(&self) -> Self {
        Body {
            words: self.words,
            block: self.block.clone(),
            #[cfg(feature = "cache")]
            kept: self.kept.clone(),
            #[cfg(feature = "cache")]
            block_at: self.block_at,
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Body")
            .field(&self.words)
            .field(&**self)
            .finish()
    }
}

#[cfg(feature = "cache")]
impl serde::Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let mut named = Vec::new();
        named::in_block(self, &mut |one| named.push(one));
        let mut names = Vec::new();
        for one in named {
            names = postcard::to_extend(&one, names).map_err(S::Error::custom)?;
        }
        let length = u32::try_from(names.len()).map_err(S::Error::custom)?;
        let mut bytes = Vec::from(self.words.0);
        bytes.extend(length.to_le_bytes());
        bytes.extend(names);
        bytes.extend(postcard::to_stdvec(&**self).map_err(S::Error::custom)?);
        to.serialize_bytes(&bytes)
    }
}

#[cfg(feature = "cache")]
impl<'de> serde::Deserialize<'de> for Body {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = serde::Deserialize::deserialize(from)?;
        let too_short = || serde::de::Error::custom("a body without its words");
        let (words, kept) = bytes.split_first_chunk().ok_or_else(too_short)?;
        let (length, kept) = kept.split_first_chunk().ok_or_else(too_short)?;
        let block_at = u32::from_le_bytes(*length) as usize;
        if block_at > kept.len() {
            return Err(too_short());
        }
        Ok(Body {
            words: Words(*words),
            block: OnceLock::new(),
            kept: KeptBytes::of(kept),
            block_at,
        })
    }
}

const WIDTH: usize = 32;

/// A set of words that may seem to have one that it has not, and never the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Words([u8; WIDTH]);

impl Words {
    fn of(block: &Block) -> Self {
        let mut words = Words([0; WIDTH]);
        let mut written = Vec::new();
        let mut see = |pat| {
            patterns::each_part(pat, &mut |part| {
                if let PatKind::Typed(_, ty) = &part.kind {
                    written.push(ty);
                }
            });
        };
        patterns::each_in_block(block, &mut see, &mut |expr| match &expr.kind {
            ExprKind::Path(path) => words.path(path),
            ExprKind::Method { name, .. } | ExprKind::Field { name, .. } => words.add(&name.text),
            ExprKind::Macro(call) => {
                words.path(&call.path);
                call.body
                    .opaque
                    .iter()
                    .for_each(|name| words.add(&name.text));
            }
            ExprKind::Struct { path, fields, .. } => {
                words.path(path);
                fields.iter().for_each(|(name, _)| words.add(&name.text));
            }
            ExprKind::Match { .. } => words.add("match"),
            ExprKind::If {
                otherwise: Some(_), ..
            } => words.add("else"),
            _ => {}
        });
        written.into_iter().for_each(|ty| words.ty(ty));
        visit::each_block(block, &mut |block| {
            let is_else = |stmt: &Stmt| {
                matches!(
                    stmt,
                    Stmt::Let {
                        otherwise: Some(_),
                        ..
                    }
                )
            };
            if block.stmts.iter().any(is_else) {
                words.add("else");
            }
        });
        words
    }

    fn path(&mut self, path: &Path) {
        path.qself.iter().for_each(|ty| self.ty(ty));
        for segment in &path.segments {
            self.add(&segment.name.text);
            segment.args.iter().for_each(|ty| self.ty(ty));
            segment.bindings.iter().for_each(|(_, ty)| self.ty(ty));
        }
    }

    fn ty(&mut self, ty: &Ty) {
        match &ty.kind {
            TyKind::Path(path) => self.path(path),
            TyKind::Ref(inner, _) | TyKind::Slice(inner) => self.ty(inner),
            TyKind::Tuple(parts) => parts.iter().for_each(|part| self.ty(part)),
            TyKind::Bounds(bounds) => bounds.iter().for_each(|bound| self.path(&bound.path)),
            TyKind::Fn | TyKind::Never | TyKind::Opaque => {}
        }
    }

    fn add(&mut self, word: &str) {
        for (byte, bit) in bits(word) {
            self.0[byte] |= bit;
        }
    }

    fn may_have(&self, word: &str) -> bool {
        bits(word)
            .iter()
            .all(|(byte, bit)| self.0[*byte] & bit != 0)
    }
}

/// The two bits of a word: byte and bit, from its FNV-1a hash.
fn bits(word: &str) -> [(usize, u8); 2] {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let [a, b, c, d] = word.bytes().fold(0x811c_9dc5, step).to_le_bytes();
    [a ^ c, b ^ d].map(|at| (usize::from(at >> 3), 1 << (at & 7)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::named::Role;
    use crate::syntax::{ItemKind, parse};

    fn body(text: &str) -> Body {
        let facts = parse(&format!("fn f() {{ {text} }}")).unwrap();
        match &facts.items[0].kind {
            ItemKind::Fn(def) => def.body.clone().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// A rule that passes over a body because of its words must not miss a thing.
    #[test]
    fn every_name_that_an_expression_has_is_mentioned() {
        let body = body(
            "let x = a::b(c.d().e, |y| { f!(g, h; i) }); match x { Some(_) if j() => k { l: 1 }, _ => \
             async { m.await }, }; n![o => p];",
        );
        for name in "a b c d e f g h i j k l m n o p match".split(' ') {
            assert!(body.mentions(&["nowhere_at_all", name]), "{name}");
        }
    }

    /// A variable may get its type from nothing else.
    #[test]
    fn every_name_of_a_type_is_mentioned() {
        let body = body(
            "let a: Vec<B> = c(); let Some(d): Option<&[(E, impl F<G = H>)]> = i else { return }; \
             |j: &K| { l::<M>(); <N as O>::p(); Q::<R> {}; }; match s { (t @ _) => { let u: U; } }",
        );
        for name in "Vec B Option E F H K M N O R U".split(' ') {
            assert!(body.mentions(&["nowhere_at_all", name]), "{name}");
        }
    }

    /// What names what must not depend on whether a body was just parsed.
    #[cfg(feature = "cache")]
    #[test]
    fn names_that_were_kept_are_those_of_the_block() {
        let new = body(
            "let (a, B) = c::d::<E>(|f: &G| h(f)); m!(n => o); match a { P::Q { r } | ::s::T(r) => a(), \
             u @ U => <V as W>::x(U { y: u }) }",
        );
        let kept: Body = postcard::from_bytes(&postcard::to_stdvec(&new).unwrap()).unwrap();
        let named = |of: &Body| {
            let mut all = Vec::new();
            of.each_named(&mut |named| all.push(format!("{named:?}")));
            all
        };
        assert!(named(&new).len() > 20);
        assert_eq!(named(&new), named(&kept));
        assert!(kept.block.get().is_none(), "the block was not read for it");
    }

    /// Most of what a body names are its own variables, again and again.
    #[test]
    fn what_is_named_again_in_the_same_way_is_named_once() {
        let body = body("let a = b(c, c); a.d(c); c");
        let mut places = Vec::new();
        body.each_named(&mut |named| {
            let place = (named.text.into_owned(), named.role);
            assert!(!places.contains(&place), "{place:?}");
            if place.0 == "c" {
                assert_eq!(named.span.start.column, 19, "the first one");
            }
            places.push(place);
        });
        assert!(places.contains(&("b".into(), Role::Called)), "{places:?}");
        assert!(places.contains(&("b".into(), Role::Ident)), "{places:?}");
    }

    #[test]
    fn an_else_is_mentioned_wherever_it_is() {
        for text in [
            "if a { b } else { c }",
            "let Some(a) = b else { return; };",
            "let f = || { async { let Some(a) = b else { return; }; } };",
        ] {
            assert!(body(text).mentions(&["else"]), "{text}");
        }
        assert!(!body("if a { b } let x = c;").mentions(&["else"]));
    }

    #[test]
    fn most_other_names_are_not() {
        let body = body("let tx = pool.begin().await?; tx.commit().await?; Ok(())");
        let others = (0..1000).filter(|at| body.mentions(&[&format!("other_{at}")]));
        assert!(others.count() < 50);
        assert!(!body.mentions(&["match"]));
    }
}

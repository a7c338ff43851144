//! Attributes, reduced to what questions are asked about.

use std::ops::{Deref, DerefMut};

use super::span::Span;
use super::ty::Path;

/// The attributes of one item, field or variant.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Attrs {
    /// Has a doc comment or `#[doc = ..]` that is not empty.
    pub(crate) documented: bool,
    /// `#[doc(hidden)]`.
    pub(crate) hidden: bool,
    /// Whether the compiler's lint `missing_docs` is off from here on: `Some(true)` by `allow` and `expect`,
    /// `Some(false)` by `warn`, `deny` and `forbid`.
    pub(crate) docs_optional: Option<bool>,
    /// Compiled for tests only: `#[cfg(test)]`, `#[test]`, `#[tokio::test]`.
    pub(crate) test_only: bool,
    /// All else, which most have nothing of.
    lists: Option<Box<Lists>>,
}

/// What stands in attributes that not every item has.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Lists {
    /// `#[path = ".."]`; several when conditions choose between them.
    pub(crate) paths: Vec<String>,
    /// Derives, those of `cfg_attr` included unless its condition needs `test`.
    pub(crate) derives: Vec<Path>,
    /// Keys of `#[serde(..)]`.
    pub(crate) serde: Vec<String>,
    /// Keys of `#[sqlx(..)]` with their texts, empty where there is none.
    pub(crate) sqlx: Vec<(String, String)>,
    /// Paths of all other attributes.
    pub(crate) others: Vec<Path>,
    /// Those among the others that are asked what they say: `builder`, `error`, `instrument`.
    pub(crate) told: Vec<Told>,
}

/// What an attribute says.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Told {
    /// The attribute.
    pub(crate) path: Path,
    /// Its keys, with those they are within: `build_fn.validate`. Behind `=` stands a name, or what is left empty.
    pub(crate) keys: Vec<(String, Option<String>)>,
    /// The text that it begins with.
    pub(crate) text: Option<(String, Span)>,
}

impl Deref for Attrs {
    type Target = Lists;

    fn deref(&self) -> &Lists {
        static NOTHING: Lists = Lists {
            paths: Vec::new(),
            derives: Vec::new(),
            serde: Vec::new(),
            sqlx: Vec::new(),
            others: Vec::new(),
            told: Vec::new(),
        };
        self.lists.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Attrs {
    fn deref_mut(&mut self) -> &mut Lists {
        self.lists.get_or_insert_default()
    }
}

impl Attrs {
    /// The text of `#[sqlx(key = "text")]`.
    pub(crate) fn sqlx(&self, key: &str) -> Option<&str> {
        let found = self.sqlx.iter().find(|(of, _)| of == key);
        found.map(|(_, text)| text.as_str())
    }

    /// Whether another attribute with this last name is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut last = self.others.iter().filter_map(Path::last);
        last.any(|segment| segment.name.text == name)
    }

    /// What the attributes with this last name say.
    pub(crate) fn told(&self, name: &str) -> impl Iterator<Item = &Told> {
        let is_it = move |of: &&Told| of.path.last().is_some_and(|last| last.name.text == name);
        self.told.iter().filter(is_it)
    }
}

//! The templates that are part of this program, as texts.

use crate::lock::Hash;

/// A template as it is in this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its path, which is that of the file it makes: `src/[domain]/rules.rs.j2`.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

static ALL: &[BuiltIn] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Every template that a package may have of its own, ordered by path.
pub fn all() -> impl Iterator<Item = &'static BuiltIn> {
    ALL.iter()
        .filter(|template| !template.path.starts_with("migrations/"))
}

/// The template of a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static BuiltIn> {
    all().find(|template| template.path == path)
}

impl BuiltIn {
    /// The hash of its text.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(self.text.as_bytes())
    }
}

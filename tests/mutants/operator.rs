//! A program that breaks one convention.

use crate::package::Package;

/// Breaks one convention in a package.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operator {
    /// What it does, in words.
    pub(crate) name: &'static str,
    /// The code that has to be among the findings.
    pub(crate) code: &'static str,
    /// Edits a package; `None` when it has nothing to be broken that way.
    pub(crate) apply: fn(&mut Package) -> Option<()>,
    /// A file that is not changed and where it is found all the same: what is missing there.
    pub(crate) shows_in: Option<&'static str>,
}

impl Operator {
    pub(crate) const fn new(
        code: &'static str,
        name: &'static str,
        apply: fn(&mut Package) -> Option<()>,
    ) -> Self {
        Self {
            name,
            code,
            apply,
            shows_in: None,
        }
    }

    /// It is found in a file that is not changed.
    pub(crate) const fn shows_in(mut self, file: &'static str) -> Self {
        self.shows_in = Some(file);
        self
    }

    /// A package that is broken; `None` when it does not apply.
    pub(crate) fn mutant(&self, original: &Package) -> Option<Package> {
        let mut package = original.clone();
        (self.apply)(&mut package).map(|()| package)
    }
}

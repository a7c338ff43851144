//! Templates: what is built in, and what a package has of its own.
//!
//! A [`View`] is the values that one template prints. The built-in templates are compiled into this
//! program. A package that has a template of its own below [`FOLDER`] has that one rendered with the
//! same values when files are made, without anything being compiled: both engines read the same
//! language, and a test renders every built-in template with both.
//!
//! **Deliberately absent:** templates of migrations. What was written of the schema is read back from
//! its SQL, so its text is not for every package to choose.

mod built_in;
pub mod fixtures;
mod own;
mod read;
#[cfg(test)]
mod tests;
mod view;

pub use built_in::{BuiltIn, all, find};
pub use own::Own;
pub use read::read;
pub use view::View;
pub(crate) use view::views;

use crate::error::{Code, Error};

/// The folder of a package's own templates, laid out as the built-in ones are.
pub const FOLDER: &str = ".orch/templates";

/// The templates that files are made of.
#[derive(Debug, Default)]
pub struct Templates {
    own: Option<Own>,
}

/// A text, and the template of the package's own that it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What was printed.
    pub text: String,
    /// The template, where the package's own had a part in it.
    pub own: Option<&'static str>,
}

impl Templates {
    /// The built-in templates, with those in the place of some that the package has of its own.
    #[must_use]
    pub fn with(own: Option<Own>) -> Self {
        Self { own }
    }

    /// Prints a view.
    ///
    /// # Errors
    /// What is wrong with the template, in one sentence.
    pub fn render<V: View>(&self, view: &V) -> Result<Text, Error> {
        match self.own.as_ref().filter(|own| own.is_used(V::TEMPLATE)) {
            Some(own) => Ok(Text {
                text: own.render(V::TEMPLATE, view)?,
                own: Some(V::TEMPLATE),
            }),
            None => match view.render() {
                Ok(text) => Ok(Text { text, own: None }),
                Err(error) => Err(Error::new(Code::Render, error.to_string()).at(V::TEMPLATE)),
            },
        }
    }
}

/// Where a package keeps its own form of a built-in template.
#[must_use]
pub fn own_path(template: &str) -> String {
    format!("{FOLDER}/{template}")
}

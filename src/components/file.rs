//! A generated file: where it goes, whose it is, and its text.

use crate::error::{Code, Error};
use askama::Template;
use std::borrow::Cow;

/// Who may change a file after it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Rewritten byte for byte, never edited.
    Generated,
    /// Created once; afterwards changed only by a merge that keeps the user's lines.
    Yours,
}

impl Class {
    /// The word in plans and in `orch.lock`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Yours => "yours",
        }
    }
}

/// A file that a component wants to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    path: String,
    class: Class,
    text: Cow<'static, str>,
}

/// A template failed, or its output is not the language of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct RenderError {
    path: String,
    why: String,
}

impl GeneratedFile {
    /// A Rust file: rendered, and parsed before it is accepted. The text is kept as rendered.
    ///
    /// # Errors
    /// When the template fails or the text is not Rust.
    pub fn rust(
        path: impl Into<String>,
        class: Class,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        let file = Self::text(path, class, view)?;
        match syn::parse_file(&file.text) {
            Ok(_) => Ok(file),
            Err(error) => {
                let at = error.span().start();
                let line = file
                    .text
                    .lines()
                    .nth(at.line.saturating_sub(1))
                    .unwrap_or_default();
                let why = format!("not Rust, line {}: {error}: `{}`", at.line, line.trim());
                Err(RenderError {
                    path: file.path,
                    why,
                })
            }
        }
    }

    /// A TOML file: rendered, and parsed before it is accepted.
    ///
    /// # Errors
    /// When the template fails or the text is not TOML.
    pub fn toml(
        path: impl Into<String>,
        class: Class,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        let file = Self::text(path, class, view)?;
        match toml_edit::Document::parse(file.text.as_ref()) {
            Ok(_) => Ok(file),
            Err(error) => Err(RenderError {
                path: file.path,
                why: format!("not TOML: {}", error.message()),
            }),
        }
    }

    /// Any other text.
    ///
    /// # Errors
    /// When the template fails.
    pub fn text(
        path: impl Into<String>,
        class: Class,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        let path = path.into();
        match view.render() {
            Ok(mut text) => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                Ok(Self {
                    path,
                    class,
                    text: text.into(),
                })
            }
            Err(error) => Err(RenderError {
                path,
                why: error.to_string(),
            }),
        }
    }

    /// A file whose text is known to be good: a part of this program, or made by an editor of its
    /// language.
    #[must_use]
    pub fn ready(
        path: impl Into<String>,
        class: Class,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            path: path.into(),
            class,
            text: text.into(),
        }
    }

    /// Its path below the package's root, with `/` between folders.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Who may change it.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// Its text.
    #[must_use]
    pub fn contents(&self) -> &str {
        &self.text
    }
}

impl RenderError {
    /// An error of a component that could not make its file.
    #[must_use]
    pub fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            why: why.into(),
        }
    }
}

impl From<RenderError> for Error {
    fn from(error: RenderError) -> Self {
        Self::new(
            Code::Render,
            format!("a template made a wrong file: {}", error.why),
        )
        .at(error.path)
        .help("this is a defect of orch-gen; nothing was written")
    }
}

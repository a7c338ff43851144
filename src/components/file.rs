//! A generated file: where it goes, whose it is, and its text.

use super::fit::{fit, older};
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
    /// Of somebody else; some of its lines are put in, and taken out again.
    Shared,
}

impl Class {
    /// The word in plans and in `orch.lock`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Yours => "yours",
            Self::Shared => "shared",
        }
    }
}

/// A file that a component wants to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    path: String,
    class: Class,
    language: Language,
    text: Cow<'static, str>,
}

/// What has to be checked before the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Toml,
    /// A language nobody checks here, or a text that is known to be good.
    Other,
}

/// A template failed, or its output is not the language of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct RenderError {
    path: String,
    why: String,
}

impl GeneratedFile {
    /// A Rust file. It is parsed before it is written, and kept as rendered.
    ///
    /// # Errors
    /// When the template fails.
    pub fn rust(
        path: impl Into<String>,
        class: Class,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        Self::render(path.into(), class, Language::Rust, view)
    }

    /// A TOML file. It is parsed before it is written.
    ///
    /// # Errors
    /// When the template fails.
    pub fn toml(
        path: impl Into<String>,
        class: Class,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        Self::render(path.into(), class, Language::Toml, view)
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
        Self::render(path.into(), class, Language::Other, view)
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
            language: Language::Other,
            text: text.into(),
        }
    }

    fn render(
        path: String,
        class: Class,
        language: Language,
        view: &impl Template,
    ) -> Result<Self, RenderError> {
        match view.render() {
            Ok(text) => Ok(Self::of(path, class, language, text)),
            Err(error) => Err(RenderError::new(path, error.to_string())),
        }
    }

    /// A Rust file that is rendered already.
    pub(super) fn rust_text(path: String, class: Class, text: String) -> Self {
        Self::of(path, class, Language::Rust, text)
    }

    fn of(path: String, class: Class, language: Language, mut text: String) -> Self {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if language == Language::Rust {
            text = fit(&text);
        }
        Self {
            path,
            class,
            language,
            text: text.into(),
        }
    }

    /// The same file as rustfmt writes it for packages of edition 2021.
    pub(super) fn in_older_style(&mut self) {
        if self.language == Language::Rust {
            self.text = older(&self.text).into();
        }
    }

    /// Parses the text in the language of the file. A plan does this for every file that it would
    /// write; what is on the disk already was checked when it was written.
    ///
    /// # Errors
    /// When the text is not in that language; the error names the line.
    pub fn check(&self) -> Result<(), RenderError> {
        match self.language {
            Language::Rust => syn::parse_file(&self.text).map(|_| ()).map_err(|error| {
                let at = error.span().start().line;
                let line = self
                    .text
                    .lines()
                    .nth(at.saturating_sub(1))
                    .unwrap_or_default();
                let why = format!("not Rust, line {at}: {error}: `{}`", line.trim());
                RenderError::new(&self.path, why)
            }),
            Language::Toml => match toml_edit::Document::parse(self.text.as_ref()) {
                Ok(_) => Ok(()),
                Err(error) => Err(RenderError::new(
                    &self.path,
                    format!("not TOML: {}", error.message()),
                )),
            },
            Language::Other => Ok(()),
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

    /// Its text for keeps; a text that is a part of this program is not copied.
    #[must_use]
    pub fn to_contents(&self) -> Cow<'static, str> {
        self.text.clone()
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

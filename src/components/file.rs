//! A generated file: where it goes, whose it is, and its text.

use super::fit::{fit, older};
use super::{Context, Shapes};
use crate::error::{Code, Error, Result};
use crate::lock::Hash;
use crate::templates::{self, Text, View};
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
    /// The template of the package's own that it was made of.
    own: Option<&'static str>,
    /// The hash of the text, where that is known already.
    hash: Option<&'static str>,
}

/// What has to be checked before the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Toml,
    /// A language nobody checks here, or a text that is known to be good.
    Other,
}

impl Context<'_> {
    /// A Rust file. It is parsed before it is written, and kept as rendered.
    ///
    /// # Errors
    /// When the template fails.
    pub fn rust(&self, path: impl Into<String>, class: Class, view: &impl View) -> Made {
        self.render(path.into(), class, Language::Rust, view)
    }

    /// A TOML file. It is parsed before it is written.
    ///
    /// # Errors
    /// When the template fails.
    pub fn toml(&self, path: impl Into<String>, class: Class, view: &impl View) -> Made {
        self.render(path.into(), class, Language::Toml, view)
    }

    /// Any other text.
    ///
    /// # Errors
    /// When the template fails.
    pub fn text(&self, path: impl Into<String>, class: Class, view: &impl View) -> Made {
        self.render(path.into(), class, Language::Other, view)
    }

    fn render(&self, path: String, class: Class, language: Language, view: &impl View) -> Made {
        let printed = self.templates.render(view)?;
        Ok(GeneratedFile::of(path, class, language, printed))
    }
}

/// A file, or why it cannot be made.
pub type Made = Result<GeneratedFile>;

/// The error for a file that a part of this program makes wrong.
pub(super) fn defect(path: impl Into<String>, why: impl std::fmt::Display) -> Error {
    Error::new(Code::Render, format!("a template made a wrong file: {why}"))
        .at(path)
        .help("this is a defect of orch-gen; nothing was written")
}

impl GeneratedFile {
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
            own: None,
            hash: None,
        }
    }

    /// A file made of a template.
    fn of(path: String, class: Class, language: Language, printed: Text) -> Self {
        let Text { mut text, own } = printed;
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
            own,
            hash: None,
        }
    }

    /// The same file as rustfmt writes it for packages of edition 2021.
    pub(super) fn in_older_style(&mut self) {
        if self.language == Language::Rust {
            self.text = older(&self.text).into();
        }
    }

    /// Parses the text in the language of the file, unless one of its shape was parsed before. A plan does
    /// this for every file that it would write; what is on the disk already was checked when it was
    /// written.
    ///
    /// # Errors
    /// When the text is not in that language; the error names the line.
    pub fn check(&self, shapes: &Shapes<'_>) -> Result<()> {
        let why = match self.language {
            Language::Rust => shapes.not_rust(&self.text),
            Language::Toml => toml_edit::Document::parse(self.text.as_ref())
                .err()
                .map(|error| format!("not TOML: {}", error.message())),
            Language::Other => None,
        };
        match (why, self.own) {
            (None, _) => Ok(()),
            (Some(why), None) => Err(defect(&self.path, why)),
            (Some(why), Some(own)) => Err(Error::new(
                Code::OwnTemplate,
                format!("it makes a wrong {}: {why}", self.path),
            )
            .at(templates::own_path(own))
            .help("mend the template; nothing was written")),
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

    /// The template of the package's own that it was made of, if any.
    #[must_use]
    pub const fn own_template(&self) -> Option<&'static str> {
        self.own
    }

    /// Its text.
    #[must_use]
    pub fn contents(&self) -> &str {
        &self.text
    }

    /// The same file, of whose text the hash is known.
    pub(super) fn with_hash(mut self, hash: &'static str) -> Self {
        self.hash = Some(hash);
        self
    }

    /// Whether its text is a part of this program.
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        self.hash.is_some()
    }

    /// The hash of its text.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let known = self.hash.and_then(Hash::parse);
        known.unwrap_or_else(|| Hash::of(self.text.as_bytes()))
    }

    /// Its text for keeps; a text that is a part of this program is not copied.
    #[must_use]
    pub fn to_contents(&self) -> Cow<'static, str> {
        self.text.clone()
    }
}

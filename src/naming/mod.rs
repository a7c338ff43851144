//! Names: every spelling of a word, computed once.
//!
//! A [`Name`] is made from what a person typed and holds each form that generated text needs, so a
//! declaration and its use cannot differ. Nothing else in this crate changes the case of a word.
//!
//! [`Name::parse`] refuses, before anything is planned, what could not become a type, a module, a
//! file and a route at once: keywords of every edition, names of the standard library and of the
//! runtime, names of generated modules, Windows device names, paths, and anything but ASCII.

mod event;
mod plural;
mod reserved;
mod split;
#[cfg(test)]
mod tests;

pub use event::operation_names;
pub use orch_lint::nearest;
pub use reserved::{Reserved, is_device, is_keyword, reserved, reserved_field};

use crate::error::{Code, Error, Result};

/// The longest name that is accepted.
pub const MAX_LENGTH: usize = 50;

/// What a name is for; it decides the wording of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The domain: a module, a table prefix, a route.
    Domain,
    /// The event that starts an operation.
    Event,
    /// The saga: a module, a table prefix.
    Saga,
}

impl Role {
    const fn noun(self) -> &'static str {
        match self {
            Self::Domain => "a domain",
            Self::Event => "an event",
            Self::Saga => "a saga",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Domain => "Payment",
            Self::Event => "PaymentRequested",
            Self::Saga => "OrderCreation",
        }
    }
}

/// One name in all its forms.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pascal: String,
    words: Vec<String>,
    snake: String,
    plural: String,
}

impl Name {
    /// Reads a name as typed. The second value is what was typed, when it had to be converted.
    ///
    /// # Errors
    /// When the text cannot be a name, or the name is taken.
    pub fn parse(role: Role, typed: &str) -> Result<(Self, Option<String>)> {
        check_form(role, typed)?;
        let name = Self::of(typed);
        if name.pascal.is_empty() || !name.pascal.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(wrong_form(role, typed, "it has to start with a letter"));
        }
        if let Some(reserved) = reserved(&name) {
            return Err(reserved.refuse(role, typed, &name));
        }
        let converted = (name.pascal != typed).then(|| typed.to_owned());
        Ok((name, converted))
    }

    /// Every form of words that are known to be good.
    ///
    /// All forms are made from the `PascalCase` one, for that is the one that `orch.toml` keeps:
    /// what is typed as `x_y` and read back as `XY` is the same name both times.
    pub(crate) fn of(typed: &str) -> Self {
        let pascal = if split::is_pascal(typed) {
            typed.to_owned()
        } else {
            pascal_of(typed)
        };
        let words = split::words(&pascal);
        let snake = words.join("_");
        let plural = plural::of_words(&words).join("_");
        Self {
            pascal,
            words,
            snake,
            plural,
        }
    }

    /// Type name: `FileUpload`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.pascal
    }

    /// Module, table prefix and identifier: `file_upload`.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.snake
    }

    /// Constants and event types: `FILE_UPLOAD`.
    #[must_use]
    pub fn screaming(&self) -> String {
        self.snake.to_ascii_uppercase()
    }

    /// Packages and paths: `file-upload`.
    #[must_use]
    pub fn kebab(&self) -> String {
        self.snake.replace('_', "-")
    }

    /// JSON: `fileUpload`.
    #[must_use]
    pub fn camel(&self) -> String {
        split::camel(&self.words)
    }

    /// Prose: `file upload`.
    #[must_use]
    pub fn prose(&self) -> String {
        self.words.join(" ")
    }

    /// `a payment`, `an order`, for prose.
    #[must_use]
    pub fn with_article(&self) -> String {
        let prose = self.prose();
        let said_you = ["uni", "use", "usa", "uti"]
            .iter()
            .any(|start| prose.starts_with(start));
        let vowel = prose.starts_with(['a', 'e', 'i', 'o', 'u']) && !said_you;
        format!("{} {prose}", if vowel { "an" } else { "a" })
    }

    /// Plural identifier: `file_uploads`.
    #[must_use]
    pub fn plural(&self) -> &str {
        &self.plural
    }

    /// Plural path segment: `file-uploads`.
    #[must_use]
    pub fn route(&self) -> String {
        self.plural.replace('_', "-")
    }

    /// The words in lower case.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Whether both would be the same file on a disk that ignores case.
    #[must_use]
    pub fn collides_with(&self, other: &Self) -> bool {
        self.snake == other.snake || self.pascal.eq_ignore_ascii_case(&other.pascal)
    }
}

/// The form of a name that is never looked up: `camelCase` of words separated by `_`.
#[must_use]
pub fn camel_of(snake: &str) -> String {
    split::camel(&split::words(snake))
}

/// `snake_case` of a name in any case.
#[must_use]
pub fn snake_of(typed: &str) -> String {
    split::words(typed).join("_")
}

/// `PascalCase` of words separated by `_`.
#[must_use]
pub fn pascal_of(snake: &str) -> String {
    split::words(snake)
        .iter()
        .map(|word| split::capitalize(word))
        .collect()
}

fn check_form(role: Role, typed: &str) -> Result<()> {
    if typed.is_empty() {
        return Err(wrong_form(role, typed, "it is empty"));
    }
    if typed.len() > MAX_LENGTH {
        let shown: String = typed.chars().take(20).collect();
        let why = format!(
            "it has {} characters, {MAX_LENGTH} are allowed",
            typed.chars().count()
        );
        return Err(wrong_form(role, &format!("{shown}…"), &why));
    }
    if typed.contains(['/', '\\']) || typed.contains("..") {
        return Err(wrong_form(role, typed, "it looks like a path"));
    }
    if let Some(bad) = typed
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))
    {
        let why = if bad.is_ascii_graphic() {
            format!("`{bad}` cannot be in it")
        } else {
            format!("U+{:04X} cannot be in it", u32::from(bad))
        };
        return Err(wrong_form(role, typed, &why));
    }
    if typed.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong_form(role, typed, "it starts with a digit"));
    }
    Ok(())
}

fn wrong_form(role: Role, typed: &str, why: &str) -> Error {
    let shown = typed.escape_debug();
    Error::new(
        Code::NameForm,
        format!("`{shown}` cannot be {} name: {why}", role.noun()),
    )
    .help(form_help(role, typed))
}

/// Advice in the words of what was typed where something can be made of them.
fn form_help(role: Role, typed: &str) -> String {
    let kept: String = typed
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let kept = kept.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let name = Name::of(kept);
    let usable = !kept.is_empty() && kept.len() <= MAX_LENGTH && typed.is_ascii();
    if usable && reserved(&name).is_none() && name.type_name().len() > 1 {
        return format!("try `{}`", name.type_name());
    }
    format!(
        "letters and digits in PascalCase, such as `{}`",
        role.example()
    )
}

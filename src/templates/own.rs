//! Templates of a package's own, rendered by their text.

use super::{BuiltIn, FOLDER, built_in};
use crate::error::{Code, Error, Result};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, State, UndefinedBehavior};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The templates that a package has of its own.
#[derive(Debug)]
pub struct Own {
    /// All templates, the package's own in the place of the built-in ones.
    environment: Environment<'static>,
    /// Those whose text is the package's own, or includes such a one.
    used: BTreeSet<&'static str>,
}

impl Own {
    /// Takes the texts by path in; nothing when there are none.
    ///
    /// # Errors
    /// When a text is not of the template language; the error names its file and line.
    pub fn new(texts: &BTreeMap<String, String>) -> Result<Option<Self>> {
        if texts.is_empty() {
            return Ok(None);
        }
        let used = used(texts);
        let parts: BTreeSet<&str> = built_in::all().flat_map(|one| includes(one.text)).collect();
        let mut environment = environment();
        for template in built_in::all() {
            if used.contains(template.path) || parts.contains(template.path) {
                environment
                    .add_template_owned(template.path, text(texts, template).to_owned())
                    .map_err(|error| wrong(&error))?;
            }
        }
        Ok(Some(Self { environment, used }))
    }

    /// Whether a template prints something of the package's own.
    #[must_use]
    pub fn is_used(&self, template: &str) -> bool {
        self.used.contains(template)
    }

    /// Prints a view by a template's text.
    ///
    /// # Errors
    /// When the text asks for a value that the view has not; the error names its file and line.
    pub fn render(&self, template: &str, view: &impl Serialize) -> Result<String> {
        let template = self.environment.get_template(template);
        template
            .and_then(|template| template.render(Serde(view)))
            .map_err(|error| wrong(&error))
    }
}

/// The language of the built-in templates: nothing is escaped, a name that is not there is an error,
/// and three questions are asked as methods.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_unknown_method_callback(method);
    environment
}

/// `len()`, `is_empty()` and `is_some()`.
fn method(
    _: &mut State<'_, '_>,
    value: &Value,
    name: &str,
    _: &[Value],
) -> std::result::Result<Value, minijinja::Error> {
    match (name, value.len()) {
        ("len", Some(length)) => Ok(length.into()),
        ("is_empty", Some(length)) => Ok((length == 0).into()),
        ("is_some", _) => Ok((!value.is_none()).into()),
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}

/// The templates with a text of the package's own, and those that include one.
fn used(texts: &BTreeMap<String, String>) -> BTreeSet<&'static str> {
    let mut used = BTreeSet::new();
    loop {
        let before = used.len();
        for template in built_in::all() {
            let is_own = texts.contains_key(template.path);
            if is_own || includes(text(texts, template)).any(|path| used.contains(path)) {
                used.insert(template.path);
            }
        }
        if used.len() == before {
            return used;
        }
    }
}

/// The text of a template: the package's own before the one that is built in.
fn text<'a>(texts: &'a BTreeMap<String, String>, template: &'a BuiltIn) -> &'a str {
    texts
        .get(template.path)
        .map_or(template.text, String::as_str)
}

/// The paths behind `include` in a text.
pub(super) fn includes(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.split("include \"").skip(1);
    behind.filter_map(|rest| rest.split_once('"').map(|(path, _)| path))
}

fn wrong(error: &minijinja::Error) -> Error {
    let file = error.name().unwrap_or_default();
    let line = error
        .line()
        .map_or_else(String::new, |line| format!(":{line}"));
    let detail = error
        .detail()
        .map_or_else(String::new, |detail| format!(": {detail}"));
    Error::new(Code::OwnTemplate, format!("{}{detail}", error.kind()))
        .at(format!("{FOLDER}/{file}{line}"))
        .help("compare it with the one that is built in: `orch-gen templates diff`")
}

//! Reading variables, remembering every problem, and noticing names that nobody reads.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::nearest::nearest;
use super::problem::Problem;

/// One variable that the service reads, for `--help` and for spotting slips.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    /// What applies without it.
    pub(super) default: String,
    pub(super) meaning: &'static str,
}

/// The variables of the process while they are read.
#[derive(Debug, Default)]
pub(super) struct Environment {
    variables: BTreeMap<String, Option<String>>,
    known: Vec<Known>,
    problems: Vec<Problem>,
}

impl Environment {
    pub(super) fn new(variables: Vec<(OsString, OsString)>) -> Self {
        let readable = |(name, value): (OsString, OsString)| {
            (
                name.to_string_lossy().into_owned(),
                value.into_string().ok(),
            )
        };
        Self {
            variables: variables.into_iter().map(readable).collect(),
            ..Self::default()
        }
    }

    /// The text of a variable. Empty is a problem: it is set on purpose or by a slip, and nobody can
    /// tell which.
    pub(super) fn text(
        &mut self,
        name: &str,
        default: impl Into<String>,
        meaning: &'static str,
    ) -> Option<String> {
        // Several providers may share a variable.
        if !self.known.iter().any(|known| known.name == name) {
            self.known.push(Known {
                name: name.to_owned(),
                default: default.into(),
                meaning,
            });
        }
        match self.variables.get(name)? {
            Some(text) if !text.is_empty() => Some(text.clone()),
            Some(_) => {
                self.report(Problem::about(
                    name,
                    "is empty: give it a value or unset it",
                ));
                None
            }
            None => {
                self.report(Problem::about(name, "is not readable as UTF-8"));
                None
            }
        }
    }

    /// The text of a variable that OpenTelemetry defines: there, empty means that it is not set.
    #[cfg(feature = "otlp")]
    pub(super) fn standard(
        &mut self,
        name: &str,
        default: impl Into<String>,
        meaning: &'static str,
    ) -> Option<String> {
        let is_set = |variable: &str, value: &Option<String>| {
            variable != name || value.as_deref() != Some("")
        };
        self.variables
            .retain(|variable, value| is_set(variable, value));
        self.text(name, default, meaning)
    }

    /// The value of a variable, or `default` when it is not set or cannot be read; the latter is a
    /// problem.
    pub(super) fn value<T, E: fmt::Display>(
        &mut self,
        name: &str,
        (default, written): (T, String),
        meaning: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        let Some(text) = self.text(name, written, meaning) else {
            return default;
        };
        match parse(&text) {
            Ok(value) => value,
            Err(expected) => {
                self.report(Problem::value(name, &text, expected));
                default
            }
        }
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    pub(super) fn report(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Every name that begins like one of ours and is none.
    pub(super) fn refuse_unknown(&mut self, prefixes: &[String]) {
        for name in self.variables.keys() {
            let ours = prefixes
                .iter()
                .any(|prefix| name.starts_with(prefix.as_str()));
            if ours && !self.known.iter().any(|known| known.name == *name) {
                let hint = match nearest(name, self.known.iter().map(|known| known.name.as_str())) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => "--help lists them".to_owned(),
                };
                let message = format!("is not a variable of this service: {hint}");
                self.problems.push(Problem::about(name, message));
            }
        }
    }

    /// What was asked for, and all problems.
    pub(super) fn into_parts(self) -> (Vec<Known>, Vec<Problem>) {
        (self.known, self.problems)
    }
}

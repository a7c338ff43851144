//! What a caller can set, and what can go wrong before anything is checked.

use std::fmt;
use std::time::Duration;

use crate::date::Date;
use crate::rules::{self, Rule, Status};

/// Settings of a run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The day it is, for exceptions that end. Without it they do not end.
    pub today: Option<Date>,
    /// Which rules run.
    pub rules: Selection,
    /// A project without an orchestrator is not a finding.
    pub allow_empty: bool,
    /// Findings that are in the baseline are shown, too.
    pub ignore_baseline: bool,
    /// Time since any moment that stays the same, to measure the parts of a run. Without it nothing
    /// is measured.
    pub clock: Option<fn() -> Duration>,
}

/// Which rules run. Codes and names are accepted.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these; all when empty.
    pub only: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
    /// Rules that still prove themselves run, too. Those in `only` always do.
    pub preview: bool,
}

/// Why a run gave no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintError {
    kind: LintErrorKind,
    message: String,
}

/// Kinds of [`LintError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintErrorKind {
    /// The caller asked for something that does not exist.
    Usage,
    /// The baseline cannot be read.
    Baseline,
    /// The linter is broken.
    Internal,
}

impl LintError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        LintError {
            kind: LintErrorKind::Usage,
            message: message.into(),
        }
    }

    pub(crate) fn baseline(message: impl Into<String>) -> Self {
        LintError {
            kind: LintErrorKind::Baseline,
            message: message.into(),
        }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        LintError {
            kind: LintErrorKind::Internal,
            message: message.into(),
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> LintErrorKind {
        self.kind
    }

    /// 2 for wrong usage and a damaged baseline, 3 for a broken linter.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            LintErrorKind::Usage | LintErrorKind::Baseline => 2,
            LintErrorKind::Internal => 3,
        }
    }
}

impl fmt::Display for LintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for LintError {}

impl Selection {
    /// Only these rules.
    pub fn only<S: Into<String>>(rules: impl IntoIterator<Item = S>) -> Self {
        Selection {
            only: rules.into_iter().map(Into::into).collect(),
            ..Selection::default()
        }
    }

    /// The rules meant; an error names one that does not exist.
    pub(crate) fn resolve(&self) -> Result<Vec<&'static Rule>, LintError> {
        let find = |name: &String| {
            rules::find(name).ok_or_else(|| LintError::usage(format!("there is no rule `{name}`")))
        };
        let only = self.only.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        let except = self
            .except
            .iter()
            .map(find)
            .collect::<Result<Vec<_>, _>>()?;
        let is_in = |list: &[&Rule], rule: &Rule| list.iter().any(|of| of.code() == rule.code());
        let is_asked_for = |rule: &Rule| match only.is_empty() {
            true => self.preview || rule.status() == Status::Stable,
            false => is_in(&only, rule),
        };
        let wanted = |rule: &&Rule| is_asked_for(rule) && !is_in(&except, rule);
        Ok(rules::ALL
            .iter()
            .copied()
            .filter(|rule| wanted(rule))
            .collect())
    }
}

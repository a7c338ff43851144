//! What a caller can set, and what can go wrong before anything is checked.

use std::fmt;
use std::time::Duration;

use crate::date::Date;
use crate::rules::{self, Rule};
use crate::settings::Problem;

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

/// Which rules run. Codes and names are accepted, and win over `orch.toml`, but for what it says of
/// some files only.
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
    problems: Vec<Problem>,
}

/// Kinds of [`LintError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintErrorKind {
    /// The caller asked for something that does not exist.
    Usage,
    /// A section `[lint]` of `orch.toml` is wrong.
    Settings,
    /// The baseline cannot be read.
    Baseline,
    /// The linter is broken.
    Internal,
}

impl LintError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(LintErrorKind::Usage, message)
    }

    pub(crate) fn baseline(message: impl Into<String>) -> Self {
        Self::new(LintErrorKind::Baseline, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(LintErrorKind::Internal, message)
    }

    pub(crate) fn settings(problems: Vec<Problem>) -> Self {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        LintError {
            problems,
            ..Self::new(LintErrorKind::Settings, lines.join("\n"))
        }
    }

    fn new(kind: LintErrorKind, message: impl Into<String>) -> Self {
        LintError {
            kind,
            message: message.into(),
            problems: Vec::new(),
        }
    }

    /// What is wrong with sections `[lint]`, at least one thing when that is the kind.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> LintErrorKind {
        self.kind
    }

    /// 2 for wrong usage, wrong settings and a damaged baseline, 3 for a broken linter.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            LintErrorKind::Usage | LintErrorKind::Settings | LintErrorKind::Baseline => 2,
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
    pub(crate) fn resolve(&self) -> Result<Chosen, LintError> {
        let find = |name: &String| {
            rules::find(name).ok_or_else(|| LintError::usage(format!("there is no rule `{name}`")))
        };
        Ok(Chosen {
            only: self.only.iter().map(find).collect::<Result<_, _>>()?,
            except: self.except.iter().map(find).collect::<Result<_, _>>()?,
            preview: self.preview,
        })
    }
}

/// A [`Selection`] of rules that exist.
#[derive(Debug)]
pub(crate) struct Chosen {
    only: Vec<&'static Rule>,
    except: Vec<&'static Rule>,
    pub(crate) preview: bool,
}

impl Chosen {
    /// Whether a rule may run.
    pub(crate) fn allows(&self, rule: &Rule) -> bool {
        (self.only.is_empty() || self.names(rule)) && !self.excludes(rule)
    }

    /// Whether a rule is asked for by name.
    pub(crate) fn names(&self, rule: &Rule) -> bool {
        is_in(&self.only, rule)
    }

    /// Whether a rule is taken out.
    pub(crate) fn excludes(&self, rule: &Rule) -> bool {
        is_in(&self.except, rule)
    }
}

fn is_in(list: &[&Rule], rule: &Rule) -> bool {
    list.iter().any(|of| of.code() == rule.code())
}

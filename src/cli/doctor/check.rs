//! One thing that has to be right.

use crate::error::Error;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    /// Nothing fails by it now.
    Warning,
    Problem,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was looked at, how it is, and what to type.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) fix: Option<String>,
}

impl Check {
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            message: message.into(),
            fix: None,
        }
    }

    pub(super) fn warning(
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Warning,
            fix: Some(fix.into()),
            ..Self::ok(name, message)
        }
    }

    pub(super) fn problem(
        name: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Problem,
            fix: Some(fix.into()),
            ..Self::ok(name, message)
        }
    }

    /// The problem that an error names.
    pub(super) fn refused(name: &'static str, error: &Error) -> Self {
        let place = error
            .place()
            .map_or_else(String::new, |at| format!(" ({at})"));
        let message = format!("{}: {}{place}", error.code().number(), error.what());
        let explain = format!("`orch-gen explain {}` says more", error.code().number());
        Self::problem(name, message, error.advice().unwrap_or(&explain))
    }
}

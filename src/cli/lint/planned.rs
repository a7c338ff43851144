//! Linting of what is written, while it is written.

use super::today;
use crate::cli::Environment;
use crate::cli::facts::Facts;
use crate::cli::output::Output;
use crate::plan::Plan;
use orch_lint::sources::{Disk, Overlay};
use orch_lint::{LintError, Options, Report};
use std::borrow::Cow;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread::{self, JoinHandle};

/// Linting of what a plan makes of a package, while the plan is carried out.
#[must_use]
pub(in crate::cli) struct Linting(Option<JoinHandle<(Linted, Facts)>>);

type Linted = std::result::Result<Report, LintError>;

impl Linting {
    /// Begins, unless nothing is written.
    pub(in crate::cli) fn of(
        plan: &Plan,
        root: &Path,
        environment: &Environment,
        facts: Facts,
    ) -> Self {
        if plan.is_empty() || plan.conflicts().next().is_some() {
            return Self(None);
        }
        let options = Options {
            today: today(environment),
            ..Options::default()
        };
        let files = plan.steps().into_iter().map(|step| {
            let text = |bytes: Cow<'_, [u8]>| String::from_utf8_lossy(&bytes).into_owned();
            (step.path, step.contents.map(text))
        });
        let tree = Overlay::new(Disk::new(root), files.collect());
        let lint = move || {
            let linted = orch_lint::lint_with(&tree, &options, &facts.cache);
            (linted, facts)
        };
        Self(Some(thread::spawn(lint)))
    }

    /// Says, after something was added to a package, whether it keeps the conventions. What is generated
    /// keeps them; what was there before may not.
    pub(in crate::cli) fn report(self, output: &mut Output<'_>) {
        let Some(thread) = self.0 else {
            return;
        };
        let (linted, facts) = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        match linted {
            Ok(report) if report.findings.is_empty() => {
                let rules = report.rules.len();
                output.say(&format!("Linted by {rules} rules: no findings."));
            }
            Ok(report) => {
                let summary = report.summary();
                output.say(&format!("Linted: {summary}; `orch-gen lint` shows them."));
            }
            Err(error) => output.note(&format!("not linted: {error}")),
        }
        facts.save();
    }
}

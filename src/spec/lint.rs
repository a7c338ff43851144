//! The section `[lint]`: the linter reads it, here its refusals become errors of this program.
//!
//! **Deliberately absent:** what the section says. No command asks, and edits leave it as it is.

use crate::error::{Code, Error};
use orch_lint::settings::Problem;

/// The key of the section.
pub(super) const KEY: &str = "lint";

/// The error of a run that is not begun because of what is wrong with sections; `None` when nothing is.
pub(crate) fn refusal(problems: &[Problem]) -> Option<Error> {
    let (first, more) = problems.split_first()?;
    Some(match more.len() {
        0 => error(first),
        more => error(first).help(format!(
            "{}; `orch-gen lint --verify-config` shows {more} more",
            first.help
        )),
    })
}

/// One thing that is wrong, as an error.
pub(crate) fn error(problem: &Problem) -> Error {
    Error::new(Code::LintSettings, problem.message.as_str())
        .at(problem.place())
        .help(problem.help.as_str())
}

//! Compensation code: what is run to take a step back.

use crate::model::{Function, Workspace};

/// Words that names of compensations begin with or consist of.
const WORDS: &[&str] = &["compensate", "undo", "rollback", "roll_back", "revert"];

/// Whether a name is that of a compensation: `compensate`, `undo_pay`.
pub(super) fn names_compensation(name: &str) -> bool {
    WORDS.iter().any(|word| {
        let rest = name.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

/// What a compensation takes back, by its name: `pay` of `undo_pay`.
pub(super) fn taken_back(name: &str) -> Option<&str> {
    let rests = WORDS.iter().filter_map(|word| name.strip_prefix(word));
    let mut rests = rests.filter_map(|rest| rest.strip_prefix('_'));
    rests.next().filter(|rest| !rest.is_empty())
}

/// Whether a function is compensation code of a package that stands on the runtime: one of the runtime's
/// traits says so, or its name does in a package with sagas.
pub(super) fn is_compensation<'a>(workspace: &Workspace<'a>, function: &Function<'a>) -> bool {
    names_compensation(function.name()) && workspace.knows_runtime(function.module)
}

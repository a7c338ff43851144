//! Business rules of cancellations: what is refused before anything is recorded.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use orch_runtime::{CommandError, Violations};

use super::generated::command::CancellationCommand;

/// Refuses what the business does not allow. Types, lengths and limits of orch.toml are checked
/// already; nothing here may call out or read a database.
///
/// # Errors
/// Every field that breaks a rule.
pub fn check(command: &CancellationCommand) -> Result<(), CommandError> {
    let found = Violations::new();
    // A rule, with `let mut found`: found.add("recipient", "is not accepted on Sundays");
    let _ = command;
    found.into_result()
}

//! Business rules of payments: what is refused before anything is recorded.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use orch_runtime::{CommandError, Violations};

use super::generated::command::PaymentCommand;

/// Refuses what the business does not allow. Types, lengths and limits of orch.toml are checked
/// already; nothing here may call out or read a database.
///
/// # Errors
/// Every field that breaks a rule.
pub fn check(command: &PaymentCommand) -> Result<(), CommandError> {
    let found = Violations::new();
    // A rule, with `let mut found`: found.add("orderId", "is not accepted on Sundays");
    let _ = command;
    found.into_result()
}

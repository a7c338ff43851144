//! Business rules of notifications: what is refused before anything is recorded.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite.

use orch_runtime::{CommandError, Violations};

use super::generated::command::NotificationCommand;

/// Refuses what the business does not allow. Types, lengths and limits of orch.toml are checked
/// already; nothing here may call out or read a database.
///
/// # Errors
/// Every field that breaks a rule.
pub fn check(command: &NotificationCommand) -> Result<(), CommandError> {
    let mut found = Violations::new();
    // What a purchase tells is written down as told by the shop: nobody else speaks for one.
    if command.transaction_id().is_some() {
        found.add("transactionId", "is named by purchases only");
    }
    found.into_result()
}

//! The step `notification` of a purchase: Notification.NotificationSent.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The operation has
//! the step's own key: whoever begins the step how often, it is called once.

use orch_runtime::saga::{StepError, StepRun};

use crate::notification::generated::command::NotificationCommand;
use crate::purchase::generated::command::PurchaseCommand;

/// What Notification.NotificationSent is asked for.
///
/// # Errors
/// When a field is not acceptable: the step is refused.
pub fn command(run: &StepRun<'_, PurchaseCommand>) -> Result<NotificationCommand, StepError> {
    let purchase = run.input;
    let recipient = purchase.user_id().to_owned();
    let kind = "purchase_success".to_owned();
    let text = format!("{} × {} is yours", purchase.quantity(), purchase.item_id());
    let command = NotificationCommand::new(recipient, kind, text);
    command.map_err(StepError::from)
}

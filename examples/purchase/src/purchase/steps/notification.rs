//! The step `notification` of a purchase: Notification.NotificationSent, undone by Notification.CancellationSent.
//!
//! Written once by orch-gen and yours from then on; upgrades merge, they never overwrite. The operation has
//! the step's own key: whoever begins the step how often, it is called once.

use orch_runtime::saga::{StepError, StepRun};

use crate::notification::cancellation::generated::command::{
    CancellationChannels, CancellationCommand,
};
use crate::notification::generated::command::{NotificationChannels, NotificationCommand};
use crate::purchase::generated::command::PurchaseCommand;

/// What Notification.NotificationSent is asked for: the buyer hears that it is his.
///
/// # Errors
/// When a field is not acceptable: the step is refused.
pub fn command(run: &StepRun<'_, PurchaseCommand>) -> Result<NotificationCommand, StepError> {
    let purchase = run.input;
    let recipient = purchase.user_id().to_owned();
    let kind = "purchase_success".to_owned();
    let text = format!("{} × {} is yours", purchase.quantity(), purchase.item_id());
    let channels = vec![NotificationChannels::Push, NotificationChannels::Email];
    let transaction_id = run.saga_id.as_str().to_owned();
    let command =
        NotificationCommand::new(recipient, kind, text, Some(channels), Some(transaction_id));
    command.map_err(StepError::from)
}

/// What takes it back: Notification.CancellationSent. Who never heard that it is his is told nothing.
///
/// # Errors
/// When a field is not acceptable: the step is refused.
pub fn compensation(run: &StepRun<'_, PurchaseCommand>) -> Result<CancellationCommand, StepError> {
    let purchase = run.input;
    let recipient = purchase.user_id().to_owned();
    let (quantity, item_id) = (purchase.quantity(), purchase.item_id());
    let text = format!("{quantity} × {item_id} is cancelled, and what you paid is yours again");
    let channels = vec![
        CancellationChannels::Push,
        CancellationChannels::Email,
        CancellationChannels::Sms,
    ];
    let transaction_id = run.saga_id.as_str().to_owned();
    let command = CancellationCommand::new(recipient, text, Some(channels), Some(transaction_id));
    command.map_err(StepError::from)
}

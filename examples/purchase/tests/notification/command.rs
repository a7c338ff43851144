//! What a command accepts, and that nobody gets around it.

use orch_runtime::serde_json::{self, Value, json};
use orch_runtime::{Command, CommandError, JsonFields};

use purchase::notification::generated::command::NotificationCommand;

use crate::world::{SAMPLE, sample};

fn body() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

fn read(body: &Value) -> Result<NotificationCommand, CommandError> {
    NotificationCommand::from_json(JsonFields::new(body.as_object().unwrap().clone()))
}

/// The names of the fields that are refused when `field` is `value`.
fn refused(field: &str, value: &str) -> Vec<String> {
    let mut body = body();
    body[field] = serde_json::from_str(value).unwrap();
    let error = read(&body).unwrap_err();
    let violations = error.violations().iter();
    violations.map(|found| found.field.clone()).collect()
}

#[test]
fn a_sample_is_accepted_and_survives_the_database() {
    let command = read(&body()).unwrap();
    let stored = serde_json::to_string(&command).unwrap();
    let again: NotificationCommand = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, command);
    let event_type = NotificationCommand::EVENT_TYPE;
    assert_eq!(event_type, "NOTIFICATION_SENT");
    assert!(!Command::biz_key(&command).as_str().is_empty());
}

#[test]
fn unknown_fields_are_refused_by_name() {
    assert_eq!(refused("noSuchField", "1"), ["noSuchField"]);
}

#[test]
fn recipient_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("recipient", value), ["recipient"]);
}

#[test]
fn recipient_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(256));
    assert_eq!(refused("recipient", value), ["recipient"]);
}

#[test]
fn recipient_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("recipient", value), ["recipient"]);
}

#[test]
fn kind_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("kind", value), ["kind"]);
}

#[test]
fn kind_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(256));
    assert_eq!(refused("kind", value), ["kind"]);
}

#[test]
fn kind_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("kind", value), ["kind"]);
}

#[test]
fn text_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("text", value), ["text"]);
}

#[test]
fn text_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(501));
    assert_eq!(refused("text", value), ["text"]);
}

#[test]
fn channels_that_is_wrong_type_is_refused() {
    let value = r#""not this""#;
    assert_eq!(refused("channels", value), ["channels"]);
}

#[test]
fn transaction_id_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("transactionId", value), ["transactionId"]);
}

#[test]
fn transaction_id_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(101));
    assert_eq!(refused("transactionId", value), ["transactionId"]);
}

#[test]
fn transaction_id_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("transactionId", value), ["transactionId"]);
}

/// What the database holds is checked again when it comes back.
#[test]
fn a_stored_command_cannot_bypass_the_checks() {
    let stored: Result<NotificationCommand, _> = serde_json::from_value(json!({}));
    assert!(stored.is_err());
}

#[test]
fn debug_output_names_the_command_and_no_secret() {
    let shown = format!("{:?}", sample());
    assert!(shown.starts_with("NotificationCommand"));
}

//! What a command accepts, and that nobody gets around it.

use orch_runtime::serde_json::{self, Value, json};
use orch_runtime::{Command, CommandError, JsonFields};

use purchase::purchase::generated::command::PurchaseCommand;

use crate::world::{SAMPLE, sample};

fn body() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

fn read(body: &Value) -> Result<PurchaseCommand, CommandError> {
    PurchaseCommand::from_json(JsonFields::new(body.as_object().unwrap().clone()))
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
    let again: PurchaseCommand = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, command);
    let event_type = PurchaseCommand::EVENT_TYPE;
    assert_eq!(event_type, "PURCHASE_INITIATED");
    assert!(!Command::biz_key(&command).as_str().is_empty());
}

#[test]
fn unknown_fields_are_refused_by_name() {
    assert_eq!(refused("noSuchField", "1"), ["noSuchField"]);
}

#[test]
fn user_id_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("userId", value), ["userId"]);
}

#[test]
fn user_id_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(51));
    assert_eq!(refused("userId", value), ["userId"]);
}

#[test]
fn user_id_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("userId", value), ["userId"]);
}

#[test]
fn item_id_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("itemId", value), ["itemId"]);
}

#[test]
fn item_id_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(51));
    assert_eq!(refused("itemId", value), ["itemId"]);
}

#[test]
fn item_id_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("itemId", value), ["itemId"]);
}

#[test]
fn quantity_that_is_wrong_type_is_refused() {
    let value = r#""not this""#;
    assert_eq!(refused("quantity", value), ["quantity"]);
}

#[test]
fn quantity_that_is_below_min_is_refused() {
    let value = "0";
    assert_eq!(refused("quantity", value), ["quantity"]);
}

#[test]
fn quantity_that_is_above_max_is_refused() {
    let value = "1001";
    assert_eq!(refused("quantity", value), ["quantity"]);
}

#[test]
fn price_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("price", value), ["price"]);
}

#[test]
fn price_that_is_below_min_is_refused() {
    let value = r#"{"value":"0.00","currency":"EUR"}"#;
    assert_eq!(refused("price", value), ["price"]);
}

/// What the database holds is checked again when it comes back.
#[test]
fn a_stored_command_cannot_bypass_the_checks() {
    let stored: Result<PurchaseCommand, _> = serde_json::from_value(json!({}));
    assert!(stored.is_err());
}

#[test]
fn debug_output_names_the_command_and_no_secret() {
    let shown = format!("{:?}", sample());
    assert!(shown.starts_with("PurchaseCommand"));
}

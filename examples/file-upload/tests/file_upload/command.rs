//! What a command accepts, and that nobody gets around it.

use orch_runtime::serde_json::{self, Value, json};
use orch_runtime::{Command, CommandError, JsonFields};

use file_upload::file_upload::generated::command::FileUploadCommand;

use crate::world::{SAMPLE, sample};

fn body() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

fn read(body: &Value) -> Result<FileUploadCommand, CommandError> {
    FileUploadCommand::from_json(JsonFields::new(body.as_object().unwrap().clone()))
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
    let again: FileUploadCommand = serde_json::from_str(&stored).unwrap();
    assert_eq!(again, command);
    let event_type = FileUploadCommand::EVENT_TYPE;
    assert_eq!(event_type, "FILE_UPLOAD_REQUESTED");
    assert!(!Command::biz_key(&command).as_str().is_empty());
}

#[test]
fn unknown_fields_are_refused_by_name() {
    assert_eq!(refused("noSuchField", "1"), ["noSuchField"]);
}

#[test]
fn object_key_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("objectKey", value), ["objectKey"]);
}

#[test]
fn object_key_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(1025));
    assert_eq!(refused("objectKey", value), ["objectKey"]);
}

#[test]
fn object_key_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("objectKey", value), ["objectKey"]);
}

#[test]
fn content_type_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("contentType", value), ["contentType"]);
}

#[test]
fn content_type_that_is_too_long_is_refused() {
    let value = &format!("\"{}\"", "x".repeat(128));
    assert_eq!(refused("contentType", value), ["contentType"]);
}

#[test]
fn content_type_that_is_too_short_is_refused() {
    let value = r#""""#;
    assert_eq!(refused("contentType", value), ["contentType"]);
}

#[test]
fn size_that_is_wrong_type_is_refused() {
    let value = r#""not this""#;
    assert_eq!(refused("size", value), ["size"]);
}

#[test]
fn size_that_is_below_min_is_refused() {
    let value = "0";
    assert_eq!(refused("size", value), ["size"]);
}

#[test]
fn sha256_that_is_wrong_type_is_refused() {
    let value = "42";
    assert_eq!(refused("sha256", value), ["sha256"]);
}

#[test]
fn sha256_that_is_wrong_form_is_refused() {
    let value = r#""0000000000000000000000000000000000000000000000000000000000000000""#;
    assert_eq!(refused("sha256", value), ["sha256"]);
}

/// What the database holds is checked again when it comes back.
#[test]
fn a_stored_command_cannot_bypass_the_checks() {
    let stored: Result<FileUploadCommand, _> = serde_json::from_value(json!({}));
    assert!(stored.is_err());
}

#[test]
fn debug_output_names_the_command_and_no_secret() {
    let shown = format!("{:?}", sample());
    assert!(shown.starts_with("FileUploadCommand"));
}

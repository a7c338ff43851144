//! Every row of the table at [`FcmClient`], and what an account must be.

use axum::http::HeaderMap;
use serde_json::{Value as Json, json};

use super::meaning::receipt;
use super::*;
use crate::clock::Timestamp;
use crate::gateway::answer::{Answer, CallError};
use crate::secret::Secret;

fn meaning_of(status: u16, body: &Json) -> Result<Receipt, GatewayError> {
    let body = body.to_string();
    let answer = Answer::new(
        status,
        &HeaderMap::new(),
        body.as_bytes(),
        Timestamp::default(),
    );
    receipt(Ok(answer))
}

fn error(status: &str, code: &str) -> Json {
    let details = json!([{"@type": "other"}, {"errorCode": code}]);
    json!({"error": {"status": status, "message": "no", "details": details}})
}

fn code_of(found: Result<Receipt, GatewayError>) -> String {
    match found {
        Err(GatewayError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_that_was_taken_has_its_name() {
    let done = meaning_of(200, &json!({"name": "projects/p/messages/1"})).unwrap();
    assert_eq!(done.provider_ref.as_deref(), Some("projects/p/messages/1"));
}

#[test]
fn a_device_that_is_gone_is_final() {
    let gone = error("NOT_FOUND", "UNREGISTERED");
    assert_eq!(code_of(meaning_of(404, &gone)), "UNREGISTERED");
    let wrong = json!({"error": {"status": "INVALID_ARGUMENT", "message": "no"}});
    assert_eq!(code_of(meaning_of(400, &wrong)), "INVALID_ARGUMENT");
    assert_eq!(code_of(meaning_of(403, &json!(null))), "HTTP_403");
}

#[test]
fn a_token_that_was_refused_is_fetched_again_and_a_certificate_of_apple_is_not() {
    let refused = meaning_of(401, &error("UNAUTHENTICATED", "OTHER"));
    assert!(matches!(refused, Err(GatewayError::Unavailable { .. })));
    let apple = error("UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR");
    assert_eq!(code_of(meaning_of(401, &apple)), "THIRD_PARTY_AUTH_ERROR");
}

#[test]
fn busy_and_lost_are_not_refused() {
    for status in [408, 425, 429, 500, 502, 503] {
        let found = meaning_of(status, &json!(null));
        assert!(
            matches!(found, Err(GatewayError::Unavailable { .. })),
            "{status}"
        );
    }
    let lost = receipt(Err(CallError::no_answer("reset")));
    assert!(matches!(lost, Err(GatewayError::NoAnswer { .. })));
    assert!(matches!(
        meaning_of(302, &json!(null)),
        Err(GatewayError::NoAnswer { .. })
    ));
}

#[test]
fn what_is_no_service_account_is_refused_and_not_shown() {
    let good = json!({"type": "service_account", "project_id": "p", "client_email": "a@b",
        "private_key": "s3cret", "token_uri": "https://t.example/token"});
    let refused = |field: &str, value: Json| {
        let mut file = good.clone();
        file[field] = value;
        let refused = ServiceAccount::parse(&Secret::new(file.to_string())).unwrap_err();
        assert!(!refused.to_string().contains("s3cret"));
        refused.to_string()
    };
    assert!(refused("private_key", "s3cret".into()).contains("private_key"));
    assert!(refused("type", "user".into()).contains("type"));
    assert!(refused("project_id", "../x".into()).contains("project_id"));
    assert!(refused("token_uri", "nowhere".into()).contains("token_uri"));
    assert!(refused("client_email", Json::Null).contains("client_email"));
    assert!(ServiceAccount::parse(&Secret::new(String::new())).is_err());
}

/// A log of a message must not let its reader write to the device.
#[test]
fn a_message_is_printed_without_the_devices_token() {
    let message = FcmMessage {
        token: "device-token",
        title: Some("Paid"),
        body: "10.00 EUR",
    };
    let text = format!("{message:?}");
    assert!(!text.contains("device-token"), "{text}");
    assert!(
        text.contains("Paid") && text.contains("10.00 EUR"),
        "{text}"
    );
}

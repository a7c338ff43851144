//! Every row of the table at [`TwilioClient`] that differs from the usual meaning.

use axum::http::HeaderMap;
use serde_json::json;

use super::meaning::receipt;
use super::*;
use crate::clock::Timestamp;
use crate::gateway::answer::{Answer, CallError};

fn meaning_of(status: u16, body: &serde_json::Value) -> Result<Receipt, GatewayError> {
    let body = body.to_string();
    let answer = Answer::new(
        status,
        &HeaderMap::new(),
        body.as_bytes(),
        Timestamp::default(),
    );
    receipt(Ok(answer))
}

#[test]
fn a_message_that_was_taken_has_its_sid() {
    for status in ["queued", "accepted", "sent"] {
        let done = meaning_of(201, &json!({"sid": "SM1", "status": status}));
        assert_eq!(done.unwrap().provider_ref.as_deref(), Some("SM1"));
    }
}

#[test]
fn a_message_that_failed_at_once_is_refused() {
    let failed = json!({"sid": "SM1", "status": "failed", "error_code": 30_007});
    let Err(GatewayError::Refused { code, .. }) = meaning_of(201, &failed) else {
        panic!("it failed");
    };
    assert_eq!(code, "30007");
}

#[test]
fn a_refusal_has_twilios_code() {
    let body = json!({"code": 21_211, "message": "no number", "status": 400});
    let (code, message) = ("21211".to_owned(), "no number".to_owned());
    assert_eq!(
        meaning_of(400, &body),
        Err(GatewayError::Refused { code, message })
    );
}

#[test]
fn busy_and_lost_are_not_refused() {
    for status in [408, 425, 429, 500, 503] {
        let found = meaning_of(status, &json!({"code": 20_429}));
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
fn an_account_is_read_and_its_token_not_shown() {
    let text = format!("AC{}:s3cret", "0a".repeat(16));
    let account: TwilioAccount = text.parse().unwrap();
    assert!(!format!("{account:?}").contains("s3cret"));
    for wrong in [
        "",
        "AC12:t",
        &text[2..],
        &text[..34],
        &text[..35],
        "AC0a:",
        &format!("{text} "),
    ] {
        assert_eq!(
            wrong.parse::<TwilioAccount>(),
            Err(InvalidAccount),
            "{wrong}"
        );
    }
}

//! Every row of the table at [`StripeClient`].

use axum::http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::meaning::receipt;
use super::*;
use crate::clock::Timestamp;
use crate::gateway::answer::{Answer, CallError};

fn answer(status: u16, body: &serde_json::Value, should_retry: Option<&'static str>) -> Answer {
    let mut head = HeaderMap::new();
    head.insert("retry-after", HeaderValue::from_static("7"));
    if let Some(word) = should_retry {
        head.insert("stripe-should-retry", HeaderValue::from_static(word));
    }
    Answer::new(
        status,
        &head,
        body.to_string().as_bytes(),
        Timestamp::default(),
    )
}

fn meaning_of(status: u16, body: &serde_json::Value) -> Result<Receipt, GatewayError> {
    receipt(Ok(answer(status, body, None)))
}

fn is_unknown(found: &Result<Receipt, GatewayError>) -> bool {
    matches!(found, Err(GatewayError::NoAnswer { .. }))
}

fn code_of(found: Result<Receipt, GatewayError>) -> String {
    match found {
        Err(GatewayError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_success_is_what_its_status_says() {
    let done = meaning_of(200, &json!({"id": "ch_1", "status": "succeeded"})).unwrap();
    assert_eq!(done.provider_ref.as_deref(), Some("ch_1"));
    for open in ["pending", "requires_action", "something_new"] {
        assert!(is_unknown(&meaning_of(
            200,
            &json!({"id": "ch_1", "status": open})
        )));
    }
    for (status, reason) in [("failed", "failure_code"), ("canceled", "failure_reason")] {
        let body = json!({"id": "ch_1", "status": status, reason: "expired_card"});
        assert_eq!(code_of(meaning_of(200, &body)), "expired_card");
    }
    // It was taken, and nobody knows how it stands.
    assert!(is_unknown(&meaning_of(200, &json!(null))));
}

#[test]
fn a_refusal_has_the_most_exact_code_there_is() {
    let error = |error: serde_json::Value| meaning_of(402, &json!({"error": error}));
    let declined =
        json!({"type": "card_error", "code": "card_declined", "decline_code": "lost_card"});
    assert_eq!(code_of(error(declined)), "lost_card");
    assert_eq!(
        code_of(error(json!({"type": "card_error", "code": "expired_card"}))),
        "expired_card"
    );
    assert_eq!(code_of(error(json!({"type": "card_error"}))), "card_error");
    for status in [400, 401, 402, 403, 404, 422] {
        assert_eq!(
            code_of(meaning_of(status, &json!(null))),
            format!("HTTP_{status}")
        );
    }
}

#[test]
fn busy_answers_mean_later_and_keep_retry_after() {
    for status in [408, 409, 424, 425, 429, 500, 502, 503, 504] {
        let found = meaning_of(status, &json!(null));
        let Err(GatewayError::Unavailable { after, .. }) = found else {
            panic!("{status}: {found:?}");
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
    }
}

/// The key was used before, by a program that sent other parameters: that call may have taken money.
#[test]
fn a_key_that_came_with_other_parameters_is_no_refusal() {
    let body = json!({"error": {"type": "idempotency_error", "message": "keys can only…"}});
    assert!(is_unknown(&meaning_of(400, &body)));
}

#[test]
fn stripe_says_itself_whether_another_try_helps() {
    let told = |status, word| receipt(Ok(answer(status, &json!(null), Some(word))));
    for status in [409, 500, 503] {
        assert!(is_unknown(&told(status, "false")), "{status}");
    }
    for status in [400, 402, 500] {
        let found = told(status, "true");
        assert!(
            matches!(found, Err(GatewayError::Unavailable { .. })),
            "{status}"
        );
    }
    assert_eq!(code_of(told(402, "false")), "HTTP_402");
}

#[test]
fn the_three_ends_of_a_call_stay_apart() {
    let not_sent = receipt(Err(CallError::not_sent("refused")));
    assert!(matches!(not_sent, Err(GatewayError::Unavailable { .. })));
    assert!(is_unknown(&receipt(Err(CallError::no_answer("reset")))));
    assert!(is_unknown(&meaning_of(303, &json!(null))));
}

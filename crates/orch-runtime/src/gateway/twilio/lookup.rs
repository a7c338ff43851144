//! What became of a message whose answer was lost: the messages to the same number with the same text.
//!
//! Only `To` is asked for, and the list is read to its end. Twilio's filter by `DateSent` leaves out what it
//! has not sent yet, its order says nothing about them, and a message that waits in its queue is not one
//! that did not happen.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value as Json;

use crate::clock::{Timestamp, earlier};
use crate::gateway::answer::text_of;
use crate::ids::OpId;
use crate::operation::idempotency::Probe;

use super::TwilioMessage;
use super::api::Api;

/// What Twilio's clock and ours may differ by, with the second to which it rounds.
const CLOCKS: Duration = Duration::from_secs(60);
/// Pages of one question. A number that has had more messages is looked at by a person.
const PAGES: usize = 10;
/// What Twilio writes before the texts of accounts that do not pay yet.
const TRIAL: &str = "Sent from your Twilio trial account - ";

/// Looks for the message of `key`.
pub(super) async fn message(api: &Api, key: &OpId, message: &TwilioMessage<'_>) -> Probe {
    if !is_e164(message.to) {
        return unknown("a number that is not in E.164 form cannot be looked for");
    }
    let Some(made) = key.made_at() else {
        return unknown("the operation's id does not say when it was made");
    };
    let since = earlier(made, CLOCKS);
    let mut found: Vec<Json> = Vec::new();
    let mut page = api.list(message.to).await;
    for _ in 0..PAGES {
        let body = match page {
            Ok(answer) if answer.status == 200 => answer.body,
            Ok(answer) => {
                return unknown(format!(
                    "the provider answered {} when asked",
                    answer.status
                ));
            }
            Err(error) => return unknown(error.to_string()),
        };
        let Some(messages) = body["messages"].as_array() else {
            return unknown("the provider's list cannot be read");
        };
        let Ok(newer) = made_since(messages, since) else {
            return unknown("a message of the provider's list does not say when it was made");
        };
        found.extend(
            newer
                .iter()
                .filter(|other| is_same(other, message))
                .map(|other| (*other).clone()),
        );
        match body["next_page_uri"].as_str() {
            Some(next) => page = api.page(next).await,
            None => return said_by(&found),
        }
    }
    unknown(format!(
        "the provider has more than {PAGES} pages of messages to this number"
    ))
}

/// `+` and at most fifteen digits, for a phone or behind the name of a channel.
fn is_e164(to: &str) -> bool {
    let number = to.rsplit(':').next().unwrap_or_default();
    let digits = number.strip_prefix('+').unwrap_or_default();
    (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Those of `messages` that were made at `since` or later.
fn made_since(messages: &[Json], since: Timestamp) -> Result<Vec<&Json>, ()> {
    let mut newer = Vec::new();
    for message in messages {
        let made = message["date_created"].as_str().ok_or(())?;
        if DateTime::parse_from_rfc2822(made).map_err(drop)? >= since {
            newer.push(message);
        }
    }
    Ok(newer)
}

fn is_same(other: &Json, message: &TwilioMessage<'_>) -> bool {
    let body = other["body"].as_str().unwrap_or_default();
    body.strip_prefix(TRIAL).unwrap_or(body) == message.body
}

fn said_by(found: &[Json]) -> Probe {
    match found {
        [] => Probe::NotCommitted,
        [one] => Probe::Committed {
            message: format!("the provider has it, and it is {}", status(one)),
            provider_ref: text_of(&one["sid"]),
            result: None,
        },
        several => unknown(format!(
            "the provider has {} messages with this text to this number",
            several.len()
        )),
    }
}

fn status(message: &Json) -> String {
    text_of(&message["status"]).unwrap_or_else(|| "without a status".to_owned())
}

fn unknown(reason: impl Into<String>) -> Probe {
    let reason = reason.into();
    Probe::StillUnknown { reason }
}

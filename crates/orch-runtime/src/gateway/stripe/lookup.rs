//! What became of a call whose answer was lost: the newest charges, or the refunds of one charge, by the
//! operation's id in their metadata.

use std::time::Duration;

use serde_json::Value as Json;

use crate::clock::{Timestamp, earlier};
use crate::gateway::answer::text_of;
use crate::ids::OpId;
use crate::operation::idempotency::Probe;

use super::api::{Api, Kind};
use super::meaning::Standing;

/// What Stripe's clock and ours may differ by.
const CLOCKS: Duration = Duration::from_secs(300);
/// Pages of one question, at 100 each. An account that is busier is searched by a person.
const PAGES: usize = 20;

/// Looks through the charges made since the operation was accepted.
pub(super) async fn charge(api: &Api, key: &OpId) -> Probe {
    let since = key.made_at().map(|made| earlier(made, CLOCKS));
    let since = since.map(|since: Timestamp| since.timestamp().to_string());
    let filter: Vec<(&str, &str)> = since
        .iter()
        .map(|since| ("created[gte]", since.as_str()))
        .collect();
    search(api, Kind::Charges, &filter, key).await
}

/// Looks through the refunds of `charge`.
pub(super) async fn refund(api: &Api, key: &OpId, charge: &str) -> Probe {
    search(api, Kind::Refunds, &[("charge", charge)], key).await
}

async fn search(api: &Api, kind: Kind, filter: &[(&str, &str)], key: &OpId) -> Probe {
    let mut last: Option<String> = None;
    for _ in 0..PAGES {
        let mut filter = filter.to_vec();
        filter.push(("limit", "100"));
        filter.extend(last.as_deref().map(|id| ("starting_after", id)));
        let page = match api.list(kind, &filter).await {
            Ok(page) if page.status == 200 => page.body,
            Ok(page) => {
                return unknown(format!("the provider answered {} when asked", page.status));
            }
            Err(error) => return unknown(error.to_string()),
        };
        let Some(objects) = page["data"].as_array() else {
            return unknown("the provider's list cannot be read");
        };
        if let Some(said) = objects.iter().find_map(|object| said_by(object, key)) {
            return said;
        }
        if page["has_more"] != true {
            return Probe::NotCommitted;
        }
        last = objects.last().and_then(|object| text_of(&object["id"]));
        if last.is_none() {
            return unknown("the provider's list has no end");
        }
    }
    unknown(format!(
        "the provider has more than {PAGES} pages since then"
    ))
}

/// What one charge or refund says about the operation. A failed one says nothing: another attempt may have
/// succeeded, and if none did, nothing happened.
fn said_by(object: &Json, key: &OpId) -> Option<Probe> {
    if object["metadata"]["op_id"] != key.as_str() {
        return None;
    }
    match Standing::of(object) {
        Standing::Succeeded => Some(Probe::Committed {
            message: "the provider has it".to_owned(),
            provider_ref: text_of(&object["id"]),
            result: None,
        }),
        Standing::Open(status) => Some(unknown(format!("at the provider it is {status}"))),
        Standing::Failed { .. } => None,
    }
}

fn unknown(reason: impl Into<String>) -> Probe {
    let reason = reason.into();
    Probe::StillUnknown { reason }
}

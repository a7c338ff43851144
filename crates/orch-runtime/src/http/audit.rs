//! One line for every request that is refused for who sent it, or for how many were sent.
//!
//! A line says where the connection came from and why it was refused; method and route stand in the
//! span around it. Never the credential: nothing of the head is at hand here.
//!
//! **Invariant:** no address writes more lines than the limit on refused credentials lets through in
//! its window, so that a flood of refusals is no flood of lines. The measurement
//! `http_request_duration_seconds` counts all of them by status.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::http::StatusCode;
use axum::response::Response;

use crate::clock::Timestamp;

use super::client::address;
use super::error::Reason;
use super::rate_limit::{RateLimit, RateLimiter};

/// Writes the lines, and not too many.
#[derive(Debug)]
pub(super) struct Audit {
    lines: RateLimiter,
}

impl Audit {
    /// At most `limit` lines per address.
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            lines: RateLimiter::new(limit),
        }
    }

    /// Writes a line when `response` is a refusal of the kind.
    pub(super) fn note(&self, now: Timestamp, peer: Option<IpAddr>, response: &Response) {
        let Some(outcome) = outcome(response.status()) else {
            return;
        };
        if self.lines.admit(now, || address(peer)).is_err() {
            return;
        }
        let client = match peer {
            Some(peer) => Cow::from(peer.to_canonical().to_string()),
            None => Cow::from("unknown"),
        };
        let reason = response.extensions().get::<Reason>();
        let reason = reason.map_or(outcome, |Reason(reason)| reason);
        tracing::warn!(target: "audit", action = "ADMIT", outcome, %client, reason);
    }
}

fn outcome(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("UNAUTHENTICATED"),
        StatusCode::FORBIDDEN => Some("FORBIDDEN"),
        StatusCode::TOO_MANY_REQUESTS => Some("RATE_LIMITED"),
        _ => None,
    }
}

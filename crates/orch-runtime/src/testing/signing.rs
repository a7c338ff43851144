//! Signatures as a provider makes them.

use ring::hmac::{HMAC_SHA256, Key, sign};

use crate::clock::Timestamp;

/// The value of `X-Signature` for `body`, as [`HmacSha256`](crate::callback::HmacSha256) checks it.
#[must_use]
pub fn signature(secret: &str, body: &str) -> String {
    format!("sha256={}", hex(secret, body))
}

/// The value of `Stripe-Signature` for `body` at `at`, as
/// [`TimestampedHmacSha256`](crate::callback::TimestampedHmacSha256) checks it.
#[must_use]
pub fn timestamped_signature(secret: &str, body: &str, at: Timestamp) -> String {
    let stamp = at.timestamp();
    let hex = hex(secret, &format!("{stamp}.{body}"));
    format!("t={stamp},v1={hex}")
}

fn hex(secret: &str, signed: &str) -> String {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    let tag = sign(&key, signed.as_bytes());
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

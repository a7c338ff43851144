//! Signatures as a provider makes them.

#[cfg(feature = "twilio")]
use base64::Engine as _;
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

/// The value of `X-Twilio-Signature` for the form `body` posted to `url`, as
/// [`TwilioSignature`](crate::callback::TwilioSignature) checks it.
#[cfg(feature = "twilio")]
#[must_use]
pub fn twilio_signature(secret: &str, url: &str, body: &str) -> String {
    let mut fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
    fields.sort();
    let fields = fields.iter().map(|(name, value)| format!("{name}{value}"));
    let signed = format!("{url}{}", fields.collect::<String>());
    let key = Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(sign(&key, signed.as_bytes()))
}

fn hex(secret: &str, signed: &str) -> String {
    let key = Key::new(HMAC_SHA256, secret.as_bytes());
    let tag = sign(&key, signed.as_bytes());
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

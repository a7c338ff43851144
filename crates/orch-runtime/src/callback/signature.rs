//! The signatures that providers use, ready made.
//!
//! Both are an HMAC with SHA-256 under a secret that only the provider and we know. While a secret is
//! being replaced, the old and the new one are both accepted. Comparisons take the same time whatever
//! is wrong.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName};
use ring::hmac::{HMAC_SHA256, Key, verify};

use crate::clock::{Timestamp, from_millis};
use crate::secret::Secret;

use super::{CallbackRefused, SHORTEST_SECRET};

/// How old, or how far in the future, a signature may be.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Signatures in one header; more are a waste of our time.
const MOST_SIGNATURES: usize = 8;

/// A secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Nothing would be accepted.
    #[error("there must be a secret")]
    None,
    /// It can be guessed.
    #[error("a secret must have at least {SHORTEST_SECRET} bytes")]
    TooShort,
}

/// A signature over the body: `X-Signature: sha256=<hex>`, as GitHub and many others send it.
///
/// It does not say when it was made, so a recorded request stays valid; the inbox makes that harmless,
/// because a second delivery of an event changes nothing.
#[derive(Debug, Clone)]
pub struct HmacSha256 {
    keys: Vec<Key>,
    header: HeaderName,
}

impl HmacSha256 {
    /// Accepts signatures under any of `secrets`, in the header `X-Signature`.
    ///
    /// # Errors
    /// When there is no secret, or one is shorter than 16 bytes.
    pub fn new(secrets: &[Secret<String>]) -> Result<Self, InvalidSecret> {
        Ok(Self {
            keys: keys(secrets)?,
            header: HeaderName::from_static("x-signature"),
        })
    }

    /// Sets the header.
    #[must_use]
    pub fn header(mut self, header: HeaderName) -> Self {
        self.header = header;
        self
    }

    /// Checks the signature of `body`.
    ///
    /// # Errors
    /// When it is missing, unreadable or wrong.
    pub fn verify(&self, head: &HeaderMap, body: &[u8]) -> Result<(), CallbackRefused> {
        let text = only(head, self.header.as_str())?;
        let signature = text.strip_prefix("sha256=").and_then(digest_of_hex);
        let signature = signature.ok_or_else(unreadable)?;
        accepted(&self.keys, body, &[signature])
    }
}

/// A signature over a time and the body: `Stripe-Signature: t=<unix seconds>,v1=<hex>`, made over
/// `<t>.<body>`. Any of several `v1` may be the right one; other schemes are not looked at.
///
/// Signatures of more than five minutes ago, or ahead, are refused.
#[derive(Debug, Clone)]
pub struct TimestampedHmacSha256 {
    keys: Vec<Key>,
    header: HeaderName,
    tolerance: Duration,
}

impl TimestampedHmacSha256 {
    /// Accepts signatures under any of `secrets`, in the header `Stripe-Signature`.
    ///
    /// # Errors
    /// As [`HmacSha256::new`].
    pub fn new(secrets: &[Secret<String>]) -> Result<Self, InvalidSecret> {
        Ok(Self {
            keys: keys(secrets)?,
            header: HeaderName::from_static("stripe-signature"),
            tolerance: TOLERANCE,
        })
    }

    /// Sets the header.
    #[must_use]
    pub fn header(mut self, header: HeaderName) -> Self {
        self.header = header;
        self
    }

    /// Sets how old, or how far in the future, a signature may be.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the signature of `body`, as of `now`.
    ///
    /// # Errors
    /// When it is missing, unreadable, wrong or too old.
    pub fn verify(
        &self,
        head: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), CallbackRefused> {
        let text = only(head, self.header.as_str())?;
        let (stamp, signatures) = parts(text).ok_or_else(unreadable)?;
        let signed = [stamp.as_bytes(), b".", body].concat();
        accepted(&self.keys, &signed, &signatures)?;
        let made_at = seconds(stamp).ok_or_else(unreadable)?;
        match (now - made_at).abs().to_std() {
            Ok(apart) if apart <= self.tolerance => Ok(()),
            _ => Err(CallbackRefused::new("its signature is too old, or ahead")),
        }
    }
}

type Digest = [u8; 32];

/// The time as it was signed, and the signatures of the scheme that we know.
fn parts(text: &str) -> Option<(&str, Vec<Digest>)> {
    let (mut stamp, mut signatures) = (None, Vec::new());
    for part in text.split(',') {
        match part.trim().split_once('=')? {
            ("t", _) if stamp.is_some() => return None,
            ("t", text) => stamp = Some(text),
            ("v1", hex) if signatures.len() < MOST_SIGNATURES => {
                signatures.push(digest_of_hex(hex)?);
            }
            _ => {}
        }
    }
    Some((stamp?, signatures))
}

fn seconds(text: &str) -> Option<Timestamp> {
    let seconds: u32 = text.parse().ok()?;
    Some(from_millis(i64::from(seconds) * 1_000))
}

/// The header, which must be there once: of two, a machine in between may have checked the other.
pub(super) fn only<'h>(head: &'h HeaderMap, name: &str) -> Result<&'h str, CallbackRefused> {
    let mut values = head.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| unreadable()),
        (Some(_), Some(_)) => Err(CallbackRefused::new(
            "it has more than one signature header",
        )),
        (None, _) => Err(CallbackRefused::new("it has no signature")),
    }
}

fn accepted(keys: &[Key], signed: &[u8], signatures: &[Digest]) -> Result<(), CallbackRefused> {
    let is_of = |signature: &Digest| {
        keys.iter()
            .any(|key| verify(key, signed, signature).is_ok())
    };
    if signatures.iter().any(is_of) {
        Ok(())
    } else {
        Err(wrong())
    }
}

fn keys(secrets: &[Secret<String>]) -> Result<Vec<Key>, InvalidSecret> {
    if secrets.is_empty() {
        return Err(InvalidSecret::None);
    }
    let key = |secret: &Secret<String>| match secret.expose().as_bytes() {
        short if short.len() < SHORTEST_SECRET => Err(InvalidSecret::TooShort),
        secret => Ok(Key::new(HMAC_SHA256, secret)),
    };
    secrets.iter().map(key).collect()
}

fn digest_of_hex(hex: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(digest)
}

pub(super) fn wrong() -> CallbackRefused {
    CallbackRefused::new("its signature is wrong")
}

pub(super) fn unreadable() -> CallbackRefused {
    CallbackRefused::new("its signature cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const OLD: &str = "whsec_old_0123456789";
    const NEW: &str = "whsec_new_0123456789";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const NOW: i64 = 1_800_000_000;

    fn secrets(texts: &[&str]) -> Vec<Secret<String>> {
        let secret = |text: &&str| Secret::new((*text).to_owned());
        texts.iter().map(secret).collect()
    }

    fn hex(secret: &str, signed: &[u8]) -> String {
        let key = Key::new(HMAC_SHA256, secret.as_bytes());
        let tag = ring::hmac::sign(&key, signed);
        tag.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    fn head(name: &'static str, values: &[&str]) -> HeaderMap {
        let name = HeaderName::from_static(name);
        let value = |text: &&str| (name.clone(), HeaderValue::from_str(text).unwrap());
        values.iter().map(value).collect()
    }

    fn plain(values: &[&str], body: &[u8]) -> bool {
        let scheme = HmacSha256::new(&secrets(&[OLD, NEW])).unwrap();
        scheme.verify(&head("x-signature", values), body).is_ok()
    }

    /// A known answer, made by `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        let known = "sha256=c34c3195f4d0282ae2dee7ddba19f07877594896ece7578eed7044843650c708";
        let scheme = HmacSha256::new(&secrets(&["0123456789abcdef"])).unwrap();
        assert_eq!(
            scheme.verify(&head("x-signature", &[known]), b"body"),
            Ok(())
        );
    }

    #[test]
    fn a_signature_under_the_old_or_the_new_secret_is_accepted() {
        for secret in [OLD, NEW] {
            let hex = hex(secret, BODY);
            for hex in [hex.to_uppercase(), hex] {
                assert!(plain(&[&format!("sha256={hex}")], BODY));
            }
        }
        assert!(!plain(
            &[&format!("sha256={}", hex("whsec_gone_0123456789", BODY))],
            BODY
        ));
    }

    #[test]
    fn a_missing_double_damaged_or_foreign_signature_is_refused() {
        let good = format!("sha256={}", hex(NEW, BODY));
        let (good, cut) = (&*good, &good[..good.len() - 2]);
        let bare = good.trim_start_matches("sha256=");
        let wrong: [&[&str]; 6] = [&[], &[good, good], &[cut], &[bare], &[""], &["sha256="]];
        for values in wrong {
            assert!(!plain(values, BODY), "{values:?}");
        }
        assert!(!plain(&[good], br#"{"id":"evt_2"}"#));
        assert!(!plain(&[good], b""));
    }

    fn stamped(value: &str, body: &[u8]) -> bool {
        let scheme = TimestampedHmacSha256::new(&secrets(&[OLD, NEW])).unwrap();
        let head = head("stripe-signature", &[value]);
        scheme.verify(&head, body, from_millis(NOW * 1_000)).is_ok()
    }

    fn signed_at(seconds: i64) -> String {
        let signed = [format!("{seconds}.").as_bytes(), BODY].concat();
        format!("t={seconds},v1={}", hex(NEW, &signed))
    }

    #[test]
    fn a_time_is_signed_with_the_body_and_must_be_near() {
        assert!(stamped(&signed_at(NOW), BODY));
        assert!(stamped(&signed_at(NOW - 300), BODY));
        assert!(!stamped(&signed_at(NOW - 301), BODY));
        assert!(!stamped(&signed_at(NOW + 301), BODY));
        assert!(!stamped(&signed_at(NOW), b"{}"));
        let moved =
            signed_at(NOW - 1_000).replace(&format!("t={}", NOW - 1_000), &format!("t={NOW}"));
        assert!(!stamped(&moved, BODY), "the time must be signed");
    }

    #[test]
    fn any_of_several_signatures_may_be_the_right_one() {
        let good = signed_at(NOW);
        let wrong = "00".repeat(32);
        assert!(stamped(&format!("{good},v1={wrong},v0=abc"), BODY));
        assert!(stamped(
            &good.replace(",v1=", &format!(",v1={wrong}, v1=")),
            BODY
        ));
        assert!(!stamped(&format!("t={NOW},v1={wrong}"), BODY));
        assert!(!stamped(&good.replace("v1=", "v0="), BODY));
        assert!(!stamped(&format!("{good},t={NOW}"), BODY));
        for damaged in ["", "t=", "v1=", "t=1", &format!("t=-1,v1={wrong}"), "t"] {
            assert!(!stamped(damaged, BODY), "{damaged}");
        }
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused_and_none_is_printed() {
        assert_eq!(HmacSha256::new(&[]).err(), Some(InvalidSecret::None));
        let short = secrets(&[NEW, "fifteen-bytes.."]);
        assert_eq!(HmacSha256::new(&short).err(), Some(InvalidSecret::TooShort));
        let shown = format!("{:?}", HmacSha256::new(&secrets(&[NEW])).unwrap());
        assert!(!shown.contains("whsec"), "{shown}");
    }
}

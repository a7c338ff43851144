//! The text of a sealed value: `orch1:<key id>:<base64url(nonce ‖ ciphertext ‖ tag)>`.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::aead::NONCE_LEN;

use crate::store::{Place, SEALED};

/// How the texts begin that the key of this id sealed.
pub(super) fn prefix(key_id: &str) -> String {
    format!("{SEALED}{key_id}:")
}

/// A sealed value, taken apart.
pub(super) struct Envelope<'a> {
    pub(super) key_id: &'a str,
    body: &'a str,
}

impl<'a> Envelope<'a> {
    /// `None` when the text is none: it was written before there were keys.
    pub(super) fn of(stored: &'a str) -> Option<Self> {
        let rest = stored.strip_prefix(SEALED)?;
        let (key_id, body) = rest.split_once(':').unwrap_or((rest, ""));
        Some(Self { key_id, body })
    }

    /// The nonce, and ciphertext with tag.
    pub(super) fn decode(&self) -> Option<([u8; NONCE_LEN], Vec<u8>)> {
        let mut nonce = BASE64.decode(self.body).ok()?;
        if nonce.len() < NONCE_LEN {
            return None;
        }
        let sealed = nonce.split_off(NONCE_LEN);
        Some((nonce.try_into().ok()?, sealed))
    }
}

/// The text of what begins with `prefix`; `bytes` are nonce, ciphertext and tag.
pub(super) fn text(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(prefix.len() + bytes.len().div_ceil(3) * 4);
    text.push_str(prefix);
    BASE64.encode_string(bytes, &mut text);
    text
}

/// What is authenticated with a text: each part behind its length, so that no two places give the same
/// bytes.
pub(super) fn additional_data(place: &Place<'_>) -> Vec<u8> {
    let fence = place.fence.to_string();
    let parts = [
        SEALED,
        place.domain,
        place.column.as_str(),
        place.op_id,
        place.event_type,
        &fence,
    ];
    let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_le_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}

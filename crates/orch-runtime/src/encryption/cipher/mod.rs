//! Sealing and opening of texts, and digests of commands.

use std::sync::Arc;

use ring::aead::{Aad, NONCE_LEN, Nonce};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::operation::command::Fingerprint;
use crate::store::{NewOperation, Place, SealError, Sealing};

use super::envelope::{self, Envelope};
use super::key_ring::KeyRing;

/// Separates the digests of commands from whatever else a key could be used for.
const FINGERPRINT: &[u8] = b"orch1 fingerprint";

/// Seals stored texts with the current key of a ring and opens them with any; clones share it.
#[derive(Debug, Clone)]
pub struct PayloadCipher {
    ring: Arc<KeyRing>,
    random: SystemRandom,
}

impl PayloadCipher {
    /// A cipher with these keys.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self {
            ring: Arc::new(ring),
            random: SystemRandom::new(),
        }
    }

    /// Its keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }
}

impl Sealing for PayloadCipher {
    fn seal(&self, place: &Place<'_>, text: &str) -> Result<String, SealError> {
        let key = self.ring.sealing();
        let failed = |problem| SealError::new(place, self.ring.current(), problem);
        let mut nonce = [0; NONCE_LEN];
        let filled = self.random.fill(&mut nonce);
        filled.map_err(|_| failed("the system gives no random bytes"))?;
        let mut bytes =
            Vec::with_capacity(NONCE_LEN + text.len() + key.cipher.algorithm().tag_len());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(text.as_bytes());
        let additional = Aad::from(envelope::additional_data(place));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let body = &mut bytes[NONCE_LEN..];
        let tag = key
            .cipher
            .seal_in_place_separate_tag(nonce, additional, body);
        let tag = tag.map_err(|_| failed("the text is too long"))?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(envelope::text(&key.prefix, &bytes))
    }

    fn open(&self, place: &Place<'_>, stored: String) -> Result<String, SealError> {
        let Some(envelope) = Envelope::of(&stored) else {
            return Ok(stored);
        };
        let failed = |problem| SealError::new(place, envelope.key_id, problem);
        let key = self.ring.key(envelope.key_id);
        let key = key.ok_or_else(|| failed("the key is not among those of this process"))?;
        let (nonce, mut bytes) = envelope
            .decode()
            .ok_or_else(|| failed("what is stored is damaged"))?;
        let additional = Aad::from(envelope::additional_data(place));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = key.cipher.open_in_place(nonce, additional, &mut bytes);
        let length = opened
            .map_err(|_| failed("it was changed, moved here, or sealed with another key"))?
            .len();
        bytes.truncate(length);
        String::from_utf8(bytes).map_err(|_| failed("it is no text"))
    }

    fn fingerprint(&self, domain: &str, operation: &NewOperation) -> Fingerprint {
        let mut of_owner = hmac::Context::with_key(self.ring.fingerprints());
        of_owner.update(FINGERPRINT);
        of_owner.update(&(domain.len() as u64).to_le_bytes());
        of_owner.update(domain.as_bytes());
        of_owner.update(operation.owner_id.as_str().as_bytes());
        let of_owner = hmac::Key::new(hmac::HMAC_SHA256, of_owner.sign().as_ref());
        let mut digest = hmac::Context::with_key(&of_owner);
        digest.update(operation.event_type.as_bytes());
        digest.update(&[0]);
        digest.update(operation.payload.as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.sign().as_ref());
        Fingerprint::keyed(&bytes, operation.fingerprint.clone())
    }

    fn current_prefix(&self) -> &str {
        &self.ring.sealing().prefix
    }

    fn key_ids(&self) -> Vec<String> {
        self.ring.ids().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests;

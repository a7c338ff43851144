//! What a store does with the texts that it seals, the same for every store.

use std::sync::Arc;

use crate::ids::EventId;
use crate::operation::decision::Settlement;
use crate::operation::outcome::{self, Outcome};

use super::sealing::{Place, Rotated, SealError, SealedColumn, Sealing};
use super::settled::{End, Entry};
use super::{Accepted, KeyUse, Lease, NewOperation, StoreError, StoreErrorKind};

/// Seals and opens the texts of one domain; without a cipher it leaves them as they are.
#[derive(Debug, Clone)]
pub(super) struct Sealer {
    domain: &'static str,
    cipher: Option<Arc<dyn Sealing>>,
}

/// The command of an operation that is being recorded, for its first lease.
pub(super) struct Opened(Option<String>);

/// A stored text and its place.
pub(super) struct Stored {
    pub(super) column: SealedColumn,
    pub(super) op_id: String,
    pub(super) event_type: String,
    pub(super) fence: u32,
    pub(super) text: String,
}

/// A stored text, and what takes its place if it is still the same.
pub(super) struct Rewrite {
    pub(super) stored: Stored,
    pub(super) sealed: String,
}

impl Sealer {
    pub(super) fn new(domain: &'static str, cipher: Option<Arc<dyn Sealing>>) -> Self {
        Self { domain, cipher }
    }

    /// The operation as it is written.
    pub(super) fn accept(
        &self,
        mut operation: NewOperation,
    ) -> Result<(NewOperation, Opened), StoreError> {
        let Some(cipher) = &self.cipher else {
            return Ok((operation, Opened(None)));
        };
        operation.fingerprint = cipher.fingerprint(self.domain, &operation);
        let event_type = operation.event_type;
        let place = self.place(SealedColumn::Payload, operation.op_id.as_str(), event_type);
        let sealed = seal(cipher, "accept", &place, &operation.payload)?;
        let opened = std::mem::replace(&mut operation.payload, sealed);
        Ok((operation, Opened(Some(opened))))
    }

    /// An answer as it is logged.
    pub(super) fn entry(&self, lease: &Lease, outcome: &Outcome) -> Result<Entry, StoreError> {
        let mut entry = Entry::new(lease, outcome);
        if let Some(cipher) = &self.cipher {
            let place = Place {
                fence: lease.fence.0,
                ..self.place(
                    SealedColumn::Outcome,
                    lease.op_id().as_str(),
                    &lease.event_type,
                )
            };
            entry.outcome = seal(cipher, "record", &place, &entry.outcome)?;
        }
        Ok(entry)
    }

    /// What a callback says, as the inbox keeps it.
    pub(super) fn callback(
        &self,
        event_id: &EventId,
        outcome: &Outcome,
    ) -> Result<String, StoreError> {
        let text = outcome::encode(outcome);
        let Some(cipher) = &self.cipher else {
            return Ok(text);
        };
        let place = self.place(SealedColumn::Callback, event_id.as_str(), "");
        seal(cipher, "receive callback", &place, &text)
    }

    /// What a kept callback says; why it cannot be read, if it cannot.
    pub(super) fn open_callback(&self, event_id: &str, stored: String) -> Result<Outcome, String> {
        let text = self.open(SealedColumn::Callback, event_id, "", stored);
        outcome::decode(&text.map_err(|error| error.to_string())?)
    }

    /// The end of a term as it is written.
    pub(super) fn end(&self, lease: &Lease, settlement: Settlement) -> Result<End, StoreError> {
        let mut end = End::new(lease, settlement);
        let Some(cipher) = &self.cipher else {
            return Ok(end);
        };
        for (column, text) in [
            (SealedColumn::Result, &mut end.result),
            (SealedColumn::ErrorCause, &mut end.error_cause),
            (SealedColumn::Payload, &mut end.redacted),
        ] {
            if let Some(text) = text {
                let place = self.place(column, lease.op_id().as_str(), &lease.event_type);
                *text = seal(cipher, "settle", &place, text)?;
            }
        }
        Ok(end)
    }

    /// The term with its command as it was asked for.
    pub(super) fn lease(&self, mut lease: Lease) -> Result<Lease, SealError> {
        let stored = std::mem::take(&mut lease.payload);
        let op_id = lease.facts.op_id.as_str();
        lease.payload = self.open(SealedColumn::Payload, op_id, &lease.event_type, stored)?;
        Ok(lease)
    }

    /// The stored text of a column of the operation.
    pub(super) fn open(
        &self,
        column: SealedColumn,
        op_id: &str,
        event_type: &str,
        stored: String,
    ) -> Result<String, SealError> {
        match &self.cipher {
            Some(cipher) => cipher.open(&self.place(column, op_id, event_type), stored),
            None => Ok(stored),
        }
    }

    /// The text of a logged outcome.
    pub(super) fn open_outcome(
        &self,
        op_id: &str,
        event_type: &str,
        fence: u32,
        stored: String,
    ) -> Result<String, SealError> {
        let Some(cipher) = &self.cipher else {
            return Ok(stored);
        };
        let place = self.place(SealedColumn::Outcome, op_id, event_type);
        cipher.open(&Place { fence, ..place }, stored)
    }

    /// What a logged outcome says in words; why it cannot be read, if it cannot.
    pub(super) fn detail(
        &self,
        op_id: &str,
        event_type: &str,
        fence: u32,
        stored: String,
    ) -> String {
        match self.open_outcome(op_id, event_type, fence, stored) {
            Ok(text) => outcome::detail(&text),
            Err(error) => error.to_string(),
        }
    }

    /// How texts begin that need not be written again; `None` when nothing is sealed.
    pub(super) fn current_prefix(&self) -> Option<&str> {
        self.cipher.as_deref().map(Sealing::current_prefix)
    }

    pub(super) fn key_ids(&self) -> Vec<String> {
        self.cipher
            .as_deref()
            .map(Sealing::key_ids)
            .unwrap_or_default()
    }

    /// The texts under the current key; those that cannot be opened are reported and left out.
    pub(super) fn rewrites(&self, found: Vec<Stored>, rotated: &mut Rotated) -> Vec<Rewrite> {
        let Some(cipher) = &self.cipher else {
            return Vec::new();
        };
        let mut rewrites = Vec::with_capacity(found.len());
        let mut failed = 0;
        let mut first_error = None;
        for stored in found {
            let place = Place {
                fence: stored.fence,
                ..self.place(stored.column, &stored.op_id, &stored.event_type)
            };
            let opened = cipher.open(&place, stored.text.clone());
            match opened.and_then(|text| cipher.seal(&place, &text)) {
                Ok(sealed) => rewrites.push(Rewrite { stored, sealed }),
                Err(error) => {
                    failed += 1;
                    first_error.get_or_insert(error);
                }
            }
        }
        if let Some(error) = first_error {
            tracing::warn!(%error, failed, "left under their key; the first of them is named");
        }
        rotated.unreadable += failed;
        rewrites
    }

    fn place<'a>(&self, column: SealedColumn, op_id: &'a str, event_type: &'a str) -> Place<'a> {
        Place {
            domain: self.domain,
            column,
            op_id,
            event_type,
            fence: 0,
        }
    }
}

impl Opened {
    /// The answer of a store that saw the sealed command only.
    pub(super) fn answer(self, accepted: Accepted) -> Accepted {
        match (accepted, self.0) {
            (Accepted::New(Some(mut lease)), Some(payload)) => {
                lease.payload = payload;
                Accepted::New(Some(lease))
            }
            (accepted, _) => accepted,
        }
    }
}

impl KeyUse {
    /// `key_id` is empty for texts that were never sealed.
    pub(super) fn counted(key_id: String, texts: i64) -> Self {
        Self {
            key_id: (!key_id.is_empty()).then_some(key_id),
            texts: u64::try_from(texts).unwrap_or(0),
        }
    }
}

/// Without random bytes nothing is written; they may be there in a moment.
fn seal(
    cipher: &Arc<dyn Sealing>,
    operation: &'static str,
    place: &Place<'_>,
    text: &str,
) -> Result<String, StoreError> {
    let sealed = cipher.seal(place, text);
    sealed.map_err(|error| StoreError::new(StoreErrorKind::Unavailable, operation, error))
}

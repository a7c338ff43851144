//! What of sagas is sealed, where the operations of their database are: what they were asked to do, what their
//! steps gave, and nothing that statements look for.
//!
//! **Deliberately absent:** taking secrets out of a saga that has ended, as `Command::SECRETS` does with an
//! operation. What a saga was asked to do is needed until its last compensation, its kind names no field as
//! secret, and it stays for people; it stays sealed.

use std::sync::Arc;

use crate::ids::{BizKey, OpId, SagaId};
use crate::operation::command::Fingerprint;
use crate::store::hook::HookError;
use crate::store::{
    NewOperation, Place, SealError, SealedColumn, Sealing, StoreError, StoreErrorKind,
};

use super::record::{NewSaga, StepRecord};

/// Seals and opens the texts of one kind of saga; without a cipher it leaves them as they are.
#[derive(Debug, Clone)]
pub(super) struct Seals {
    prefix: &'static str,
    pub(super) cipher: Option<Arc<dyn Sealing>>,
}

/// A step as it is written.
#[derive(Debug, Clone)]
pub(super) struct StepRow {
    pub(super) step: StepRecord,
    /// What it gave.
    pub(super) data: Option<String>,
}

impl Seals {
    pub(super) fn new(prefix: &'static str, cipher: Option<Arc<dyn Sealing>>) -> Self {
        Self { prefix, cipher }
    }

    /// What a saga is asked to do, as it is written.
    pub(super) fn payload(&self, id: &SagaId, text: &str) -> Result<String, StoreError> {
        self.seal(&self.payload_of(id.as_str()), text)
    }

    /// What a saga was asked to do.
    pub(super) fn open_payload(&self, id: &SagaId, stored: String) -> Result<String, SealError> {
        self.open(&self.payload_of(id.as_str()), stored)
    }

    /// A step as it is written.
    pub(super) fn step(&self, id: &SagaId, step: &StepRecord) -> Result<StepRow, HookError> {
        let text = step.result.as_ref().map(ToString::to_string);
        let place = self.data_of(id.as_str(), &step.name);
        let data = text.map(|text| self.seal(&place, &text)).transpose();
        Ok(StepRow {
            step: step.clone(),
            data: data.map_err(|error| HookError::new(error.to_string()))?,
        })
    }

    /// What a step gave.
    pub(super) fn open_data(
        &self,
        id: &str,
        step: &str,
        stored: String,
    ) -> Result<String, SealError> {
        self.open(&self.data_of(id, step), stored)
    }

    /// The digest that recognises a saga when it is asked for again: nobody without the key can try inputs.
    pub(super) fn fingerprint(&self, saga: &NewSaga, op_id: OpId) -> Fingerprint {
        let plain = Fingerprint::of(self.prefix, &saga.payload);
        let Some(cipher) = &self.cipher else {
            return plain;
        };
        let asked = NewOperation {
            biz_key: BizKey::of(op_id.as_str()),
            op_id,
            owner_id: saga.owner_id.clone(),
            idem_key: saga.idem_key.clone(),
            event_type: self.prefix,
            fingerprint: plain,
            payload: saga.payload.clone(),
            columns: Vec::new(),
            accepted_at: saga.now,
            deadline_at: saga.deadline_at,
            trace_parent: None,
        };
        cipher.fingerprint(self.prefix, &asked)
    }

    /// The place of a payload.
    pub(super) fn payload_of<'p>(&self, id: &'p str) -> Place<'p> {
        Place {
            domain: self.prefix,
            column: SealedColumn::SagaPayload,
            op_id: id,
            event_type: "",
            fence: 0,
        }
    }

    /// The place of what a step gave.
    pub(super) fn data_of<'p>(&self, id: &'p str, step: &'p str) -> Place<'p> {
        Place {
            domain: self.prefix,
            column: SealedColumn::StepResult,
            op_id: id,
            event_type: step,
            fence: 0,
        }
    }

    /// The place of an event in the outbox, or among the dead letters.
    pub(super) fn event_of<'p>(&self, event_id: &'p str) -> Place<'p> {
        crate::events::seal::place(self.prefix, event_id)
    }

    /// Without random bytes nothing is written; they may be there in a moment.
    fn seal(&self, place: &Place<'_>, text: &str) -> Result<String, StoreError> {
        let Some(cipher) = &self.cipher else {
            return Ok(text.to_owned());
        };
        let sealed = cipher.seal(place, text);
        sealed.map_err(|error| StoreError::new(StoreErrorKind::Unavailable, "seal", error))
    }

    fn open(&self, place: &Place<'_>, stored: String) -> Result<String, SealError> {
        match &self.cipher {
            Some(cipher) => cipher.open(place, stored),
            None => Ok(stored),
        }
    }
}

//! Who wants to hear of the operations of sagas that end in this process, or are parked.

use std::sync::{PoisonError, RwLock};

use tokio::sync::mpsc::Sender;

use crate::ids::{IdemKey, OpId, SagaId};
use crate::operation::decision::Settlement;
use crate::operation::state::OperationState;
use crate::operation::view::OperationView;
use crate::store::Lease;

/// Where an operation stands, and what a saga has to know of it. What has ended stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    pub(crate) state: OperationState,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) provider_ref: Option<String>,
    pub(crate) result: Option<serde_json::Value>,
}

/// The end of an operation of a saga, told by the engine that ended it.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) saga: SagaId,
    pub(crate) op_id: OpId,
    pub(crate) ended: Ended,
    key: IdemKey,
}

impl Ending {
    fn new(lease: &Lease, settlement: &Settlement) -> Option<Self> {
        let key = lease.saga_key.clone()?;
        Some(Self {
            saga: SagaId::of_key(&key)?,
            op_id: lease.op_id().clone(),
            ended: settlement.into(),
            key,
        })
    }

    /// The step that the operation did or undid.
    pub(crate) fn step(&self) -> &str {
        self.key.as_str().split('/').nth(1).unwrap_or_default()
    }
}

impl From<&Settlement> for Ended {
    fn from(settlement: &Settlement) -> Self {
        let ended = Self {
            state: settlement.state(),
            code: None,
            message: String::new(),
            provider_ref: None,
            result: None,
        };
        match settlement.clone() {
            Settlement::Complete {
                message,
                provider_ref,
                result,
            } => Self {
                message,
                provider_ref,
                result,
                ..ended
            },
            Settlement::Fail { code, message, .. } => Self {
                code: Some(code),
                message,
                ..ended
            },
            Settlement::Park { code, reason } => Self {
                code: Some(code.to_owned()),
                message: reason,
                ..ended
            },
            Settlement::Retry { reason, .. } | Settlement::Ask { reason, .. } => Self {
                message: reason,
                ..ended
            },
        }
    }
}

impl From<OperationView> for Ended {
    fn from(view: OperationView) -> Self {
        let outcome = view.outcome;
        let (code, message, provider_ref, result) = outcome.map_or_else(Default::default, |told| {
            (told.code, told.message, told.provider_ref, told.result)
        });
        Self {
            state: view.state,
            code,
            message,
            provider_ref,
            result,
        }
    }
}

/// Those who listen.
#[derive(Debug, Default)]
pub(super) struct Endings(RwLock<Vec<Sender<Ending>>>);

impl Endings {
    /// Tells `listener`, too, from now on and for as long as it is there.
    pub(super) fn add(&self, listener: Sender<Ending>) {
        // A list is whole whenever its lock is free.
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(listener);
    }

    /// Tells of the end of `lease`'s operation, if it is one of a saga. Whoever has no room for it finds it
    /// later by itself.
    pub(super) fn tell(&self, lease: &Lease, settlement: &Settlement) {
        let Some(ending) = Ending::new(lease, settlement) else {
            return;
        };
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            // One that has left is taken out by the next that comes.
            let _ = listener.try_send(ending.clone());
        }
    }
}

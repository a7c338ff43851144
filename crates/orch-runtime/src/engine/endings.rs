//! Who wants to hear of every operation that ends in this process, or is parked.

use std::sync::{PoisonError, RwLock};

use tokio::sync::mpsc::UnboundedSender;

use crate::ids::OpId;

/// Those who listen.
#[derive(Debug, Default)]
pub(super) struct Endings(RwLock<Vec<UnboundedSender<OpId>>>);

impl Endings {
    /// Tells `listener`, too, from now on and for as long as it is there.
    pub(super) fn add(&self, listener: UnboundedSender<OpId>) {
        // A list is whole whenever its lock is free.
        let mut listeners = self.0.write().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(listener);
    }

    pub(super) fn tell(&self, op_id: &OpId) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            // One that has left is taken out by the next that comes.
            let _ = listener.send(op_id.clone());
        }
    }
}

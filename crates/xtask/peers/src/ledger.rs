//! What happened: in which order, and when the last of it was.
//!
//! It is also whoever is asked: it ships nothing where sagas are to be undone. The bench of the runtime notes in it,
//! too.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::sync::Notify;

/// What may happen to an operation, or in a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// All that an operation does.
    Execute,
    Reserve,
    Pay,
    Ship,
    /// What came of it where nothing is shipped.
    Refuse,
    /// Undoes [`Ship`](Self::Ship). Nothing that was shipped is ever undone here.
    TakeBack,
    /// Undoes [`Pay`](Self::Pay).
    Refund,
    /// Undoes [`Reserve`](Self::Reserve).
    Release,
}

/// What is to happen under each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Operations,
    /// Sagas of three steps.
    Sagas,
    /// The same; the third step is refused for good, so the two before it are undone.
    SagasUndone,
}

impl Work {
    /// All of it, in order.
    fn effects(self) -> &'static [Effect] {
        use Effect::{Execute, Pay, Refund, Refuse, Release, Reserve, Ship};
        match self {
            Self::Operations => &[Execute],
            Self::Sagas => &[Reserve, Pay, Ship],
            Self::SagasUndone => &[Reserve, Pay, Refuse, Refund, Release],
        }
    }
}

/// Nothing is shipped. Asking again does not help.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody ships there")
    }
}

impl Error for Refused {}

/// One slot for each number.
#[derive(Debug)]
pub(crate) struct Ledger {
    work: Work,
    slots: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    effects: Mutex<Vec<Effect>>,
    last_at: OnceLock<Instant>,
    ended: Notify,
}

impl Slot {
    fn effects(&self) -> MutexGuard<'_, Vec<Effect>> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    pub(crate) fn new(work: Work, count: usize) -> Self {
        let slots = (0..count).map(|_| Slot::default()).collect();
        Self { work, slots }
    }

    /// What is to happen.
    pub(crate) fn work(&self) -> Work {
        self.work
    }

    /// What an operation does, which is nothing but this note.
    pub(crate) fn execute(&self, number: usize) {
        self.note(number, Effect::Execute);
    }

    /// What a step of a saga does, or what undoes it.
    pub(crate) fn perform(&self, number: usize, effect: Effect) -> Result<(), Refused> {
        let refused = self.work == Work::SagasUndone && effect == Effect::Ship;
        match refused {
            true => self.note(number, Effect::Refuse),
            false => self.note(number, effect),
        }
        if refused { Err(Refused) } else { Ok(()) }
    }

    fn note(&self, number: usize, effect: Effect) {
        if let Some(slot) = self.slots.get(number) {
            slot.effects().push(effect);
            if self.work.effects().last() == Some(&effect) {
                slot.last_at.get_or_init(Instant::now);
                slot.ended.notify_one();
            }
        }
    }

    /// Waits until the last of `number` happened, and answers when that was.
    pub(crate) async fn ended(&self, number: usize) -> Result<Instant> {
        let slot = self.slots.get(number).context("no such number")?;
        loop {
            if let Some(at) = slot.last_at.get() {
                return Ok(*at);
            }
            slot.ended.notified().await;
        }
    }

    /// All of it happened under every number, once and in order, and nothing else did.
    pub(crate) fn check(&self) -> Result<()> {
        let wanted = self.work.effects();
        for (number, slot) in self.slots.iter().enumerate() {
            let found = slot.effects();
            ensure!(
                *found == wanted,
                "{number}: {found:?} happened, and not {wanted:?}"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(work: Work, effects: &[Effect]) -> Result<()> {
        let ledger = Ledger::new(work, 1);
        for effect in effects {
            let _ = ledger.perform(0, *effect);
        }
        ledger.check()
    }

    /// Engines are compared by work that they did, and did once.
    #[test]
    fn a_step_that_is_missing_or_happened_twice_or_too_early_is_found() {
        use Effect::{Pay, Refund, Release, Reserve, Ship};
        after(Work::Sagas, &[Reserve, Pay, Ship]).unwrap();
        after(Work::Sagas, &[Reserve, Pay]).unwrap_err();
        after(Work::Sagas, &[Reserve, Pay, Pay, Ship]).unwrap_err();
        after(Work::Sagas, &[Pay, Reserve, Ship]).unwrap_err();
        after(Work::Sagas, &[Reserve, Pay, Ship, Release]).unwrap_err();
        after(Work::SagasUndone, &[Reserve, Pay, Ship, Refund, Release]).unwrap();
        after(Work::SagasUndone, &[Reserve, Pay, Ship, Refund]).unwrap_err();
        after(Work::SagasUndone, &[Reserve, Pay, Ship, Release, Refund]).unwrap_err();
        after(
            Work::SagasUndone,
            &[Reserve, Pay, Ship, Refund, Refund, Release],
        )
        .unwrap_err();
    }

    #[test]
    fn nothing_is_shipped_where_sagas_are_undone() {
        let ledger = Ledger::new(Work::SagasUndone, 1);
        ledger.perform(0, Effect::Pay).unwrap();
        ledger.perform(0, Effect::Ship).unwrap_err();
    }
}

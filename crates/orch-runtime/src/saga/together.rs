//! Turns that are taken in memory and written together with those of other sagas.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ids::SagaId;
use crate::store::Lease;
use crate::store::hook::HookTx;

use super::advance::{Asked, Found, Guard};
use super::engine::{Inner, SagaError, Sagas};
use super::pattern::SagaPattern;
use super::record::{NewSaga, SagaRecord};
use super::shared::{Closed, Write, Written};
use super::tables::Inserted;
use super::turn::{Next, Turned, Turning};

/// How often a turn is taken anew when somebody else changed the saga meanwhile, before it gets a transaction of
/// its own.
const TURNS: u32 = 3;

/// What a turn came to in memory.
enum Drawn {
    /// It can be written.
    Turn(Box<Turning>),
    /// Nothing happened.
    Nothing,
    /// It needs a transaction of its own.
    Alone,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Records a saga and begins with it, together with others; nothing where it needs a transaction of its own.
    pub(super) async fn begin_shared(&self, new: &NewSaga) -> Option<(Inserted, Option<Turned>)> {
        let saga = new.record(&self.inner.script.plan);
        let Drawn::Turn(turning) = self.inner.draw(saga, &Found::new()).await else {
            return None;
        };
        let write = Write::of(&turning, Some(new.clone()), &self.inner.seals).ok()?;
        match self.inner.shared.write(write).await {
            Written::Yes(leases) => {
                let turned = self.inner.recorded(*turning, leases);
                Some((Inserted::New, Some(turned)))
            }
            Written::Existing(id) => Some((Inserted::Existing(id), None)),
            Written::Mismatch => Some((Inserted::Mismatch, None)),
            Written::Conflict | Written::Alone => None,
        }
    }

    /// Advances a saga together with others; `false` where it needs a transaction of its own.
    pub(super) async fn turn_shared(&self, id: &SagaId, found: &Found) -> Result<bool, SagaError> {
        let mut kept = self.inner.known.take(id);
        for _ in 1..=TURNS {
            let was_kept = kept.is_some();
            let saga = match kept.take() {
                Some(saga) => Some(saga),
                None => self.load(id).await?,
            };
            let Some(saga) = saga.filter(|saga| !saga.state.is_final()) else {
                return Ok(true);
            };
            let turning = match self.inner.draw(saga, found).await {
                Drawn::Turn(turning) => turning,
                // Somebody else may have gone on with it since.
                Drawn::Nothing if was_kept => continue,
                Drawn::Nothing | Drawn::Alone => return Ok(false),
            };
            let Ok(write) = Write::of(&turning, None, &self.inner.seals) else {
                return Ok(false);
            };
            match self.inner.shared.write(write).await {
                Written::Yes(leases) => {
                    let turned = self.inner.recorded(*turning, leases);
                    self.follow(Some(turned));
                    return Ok(true);
                }
                Written::Conflict => {}
                Written::Alone | Written::Existing(_) | Written::Mismatch => return Ok(false),
            }
        }
        Ok(false)
    }
}

impl<I: DeserializeOwned + Send + Sync + 'static> Inner<I> {
    /// Takes a turn in memory.
    async fn draw(&self, saga: SagaRecord, found: &Found) -> Drawn {
        // What choreographed sagas tell is numbered in the transaction in which it is told.
        if saga.pattern != SagaPattern::Orchestration {
            return Drawn::Alone;
        }
        let mut closed = Closed::default();
        let mut tx = HookTx::new(&mut closed);
        let asked = (&Asked::Look, Guard::Shared);
        let taken = self.take(&mut tx, saga, found, asked, None).await;
        if closed.was_asked {
            return Drawn::Alone;
        }
        match taken {
            Ok(Some(turning)) if turning.next.is_put_off() => Drawn::Nothing,
            Ok(Some(turning)) => Drawn::Turn(Box::new(turning)),
            Ok(None) | Err(_) => Drawn::Alone,
        }
    }

    /// A turn is durable, and its operations are.
    fn recorded(&self, mut turning: Turning, leases: Vec<Option<Box<Lease>>>) -> Turned {
        let wanted = std::mem::take(&mut turning.moved.wanted);
        let recorded = wanted.into_iter().zip(leases);
        let taken = recorded.map(|(wanted, lease)| wanted.recorded(lease));
        turning.moved.taken = taken.collect();
        if let Next::Save(next @ Some(_)) = turning.next {
            self.known.keep(SagaRecord {
                version: turning.saga.version + 1,
                look_at: next,
                ..turning.saga.clone()
            });
        }
        turning.into()
    }
}

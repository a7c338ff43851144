//! What keeps sagas going in a service: it hears of operations that end in this process, and looks at sagas
//! of which nobody heard.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::engine::{Ending, Shutdown};

use super::engine::Sagas;
use super::rotation::SagaRotation;

/// Endings that wait for their turns. Those of which more come are found by looking around.
const ENDINGS: usize = 16_384;

/// Turns that are taken at the same time, and written together.
const HEARD: usize = 512;

/// Operations that end, as they do.
#[derive(Debug)]
pub(crate) struct Endings {
    endings: Receiver<Ending>,
    /// Keeps the channel open where no domain tells anything.
    _teller: Sender<Ending>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Keeps sagas going until `shutdown`. Looking and hearing do not wait for each other: where something ends
    /// all the time, what nobody hears of would never be looked at. Counting waits for neither: alarms look at it.
    pub(crate) async fn keep_going(self, endings: Endings, shutdown: Shutdown) {
        let look = self.look_around(shutdown.clone());
        let count = self.count_around(shutdown.clone());
        tokio::join!(look, count, self.hear(endings, shutdown));
    }

    /// What ends in this process from now on.
    pub(crate) fn endings(&self) -> Endings {
        let (teller, endings) = mpsc::channel(ENDINGS);
        self.listen(&teller);
        Endings {
            endings,
            _teller: teller,
        }
    }

    async fn look_around(&self, mut shutdown: Shutdown) {
        let pause = self.inner.config.look_every / 3;
        let mut rotation = SagaRotation::default();
        while !shutdown.is_requested() {
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.inner.clock.sleep(pause) => {
                    self.sweep().await;
                    self.go_on_rotating(&mut rotation).await;
                }
            }
        }
    }

    /// Shows what waits for a person, and what nobody looks after.
    async fn count_around(&self, mut shutdown: Shutdown) {
        let pause = self.inner.config.look_every / 3;
        while !shutdown.is_requested() {
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.inner.clock.sleep(pause) => {
                    let parked = self.count_parked().await;
                    self.inner.metrics.parked(parked.ok());
                    let overdue = self.count_overdue().await;
                    self.inner.metrics.overdue(overdue.ok());
                }
            }
        }
    }

    /// Advances sagas of which operations end in this process, until `shutdown`.
    pub(crate) async fn hear(&self, mut endings: Endings, mut shutdown: Shutdown) {
        let room = Arc::new(Semaphore::new(HEARD));
        while !shutdown.is_requested() {
            let ending = tokio::select! {
                () = shutdown.requested() => return,
                ending = endings.endings.recv() => ending,
            };
            let Some(ending) = ending.filter(|ending| self.is_concerned(ending)) else {
                continue;
            };
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let sagas = self.clone();
            tokio::spawn(async move {
                let id = ending.saga.clone();
                if let Err(error) = sagas.hear_of(ending).await {
                    tracing::warn!(saga = %id, %error, "not advanced; it is looked at later");
                }
                drop(place);
            });
        }
    }

    /// Looks at all sagas of which nobody heard until now, each of them once.
    async fn sweep(&self) {
        let (now, mut last) = (self.inner.clock.now(), None);
        loop {
            match self.look_behind(now, last.as_ref()).await {
                Ok(mut looked) if looked.len() >= self.inner.config.batch as usize => {
                    last = looked.pop();
                }
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(scheduler = "sagas", %error);
                    return;
                }
            }
        }
    }

    /// Hears of the operations that end in this process, of all domains that serve steps.
    fn listen(&self, teller: &Sender<Ending>) {
        let mut told: Vec<&str> = Vec::new();
        let steps = self.inner.script.steps.iter();
        let engines = steps.flat_map(|step| step.engine().into_iter().chain(step.undo_engine()));
        for engine in engines {
            if !told.contains(&engine.domain()) {
                told.push(engine.domain());
                engine.tell_endings(teller.clone());
            }
        }
    }
}

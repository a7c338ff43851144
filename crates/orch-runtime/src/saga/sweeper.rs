//! What keeps sagas going in a service: it hears of operations that end in this process, and looks at sagas
//! of which nobody heard.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedSender};

use crate::engine::Shutdown;
use crate::ids::{OpId, SagaId};
use crate::store::StoreError;
use crate::value::Value;

use super::engine::{Sagas, unreadable};

/// Operations whose sagas are found by one statement.
const TOGETHER: usize = 64;

/// Sagas that are advanced at the same time.
const AT_ONCE: usize = 32;

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Keeps sagas going until `shutdown`. Looking and hearing do not wait for each other: where something ends
    /// all the time, what nobody hears of would never be looked at.
    pub(crate) async fn keep_going(self, shutdown: Shutdown) {
        tokio::join!(self.look_around(shutdown.clone()), self.hear(shutdown));
    }

    async fn look_around(&self, mut shutdown: Shutdown) {
        let pause = self.inner.config.look_every / 3;
        while !shutdown.is_requested() {
            tokio::select! {
                () = shutdown.requested() => {}
                () = self.inner.clock.sleep(pause) => self.sweep().await,
            }
        }
    }

    async fn hear(&self, mut shutdown: Shutdown) {
        // Held here, the teller keeps the channel open where no domain tells anything.
        let (teller, mut endings) = mpsc::unbounded_channel();
        self.listen(&teller);
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut ended = Vec::with_capacity(TOGETHER);
        while !shutdown.is_requested() {
            tokio::select! {
                () = shutdown.requested() => {}
                _ = endings.recv_many(&mut ended, TOGETHER) => {
                    if let Err(error) = self.heard(&mut ended, &room).await {
                        tracing::warn!(scheduler = "sagas", %error, "endings are found later");
                    }
                }
            }
        }
    }

    /// Looks at sagas of which nobody heard, until there is none.
    async fn sweep(&self) {
        loop {
            match self.run_once(self.inner.clock.now()).await {
                Ok(looked) if looked >= self.inner.config.batch as usize => {}
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(scheduler = "sagas", %error);
                    return;
                }
            }
        }
    }

    /// Hears of the operations that end in this process, of all domains that serve steps.
    fn listen(&self, teller: &UnboundedSender<OpId>) {
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

    /// Advances the sagas of operations that have ended. Most operations of a domain belong to none.
    async fn heard(&self, ended: &mut Vec<OpId>, room: &Arc<Semaphore>) -> Result<(), StoreError> {
        let inner = &self.inner;
        let names: Vec<Value> = ended.drain(..).map(|op_id| Value::from(&op_id)).collect();
        let sql = inner.tables.of_operations(names.len());
        for row in inner.database.query(sql, names).await? {
            let id: SagaId = row.get("transaction_id").map_err(unreadable)?;
            let Ok(place) = Arc::clone(room).acquire_owned().await else {
                return Ok(());
            };
            let sagas = self.clone();
            tokio::spawn(async move {
                if let Err(error) = sagas.look(&id).await {
                    tracing::warn!(saga = %id, %error, "not advanced; it is looked at later");
                }
                drop(place);
            });
        }
        Ok(())
    }
}

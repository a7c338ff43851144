//! Sagas in simulated processes: who moves them on, who asks for them, and what must be true of them.

mod checks;
mod clients;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Clock, Timestamp};
use crate::engine::{Engine, Shutdown};
use crate::ids::{IdSource, IdemKey, OwnerId, SagaId};
use crate::saga::{Choreography, SagaError, SagaPattern, SagaTables, Sagas};
use crate::store::Database;

pub(super) use self::checks::SagaChecks;
pub(super) use self::clients::SagaClients;

/// Where the sagas of a simulated process live.
pub struct SagaPlace<'p> {
    /// Its database, in which its operations are, too.
    pub database: Database,
    /// The engine that serves steps.
    pub engine: &'p Engine,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Names that are the same in every run of a seed.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for SagaPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SagaPlace({:?})", self.engine)
    }
}

/// What a simulation must know of sagas to hold them against what happened.
#[derive(Debug, Clone, Copy)]
pub struct SagaFacts {
    /// Where they are kept.
    pub tables: SagaTables,
    /// The optional steps.
    pub optional: &'static [&'static str],
    /// What the provider calls a step of the saga of that name, or its compensation, whose further attempts are
    /// named behind a slash; nothing where the step is work in our own database.
    pub order: fn(step: &str, undone: bool, saga: &str) -> Option<String>,
    /// Statements that write what is there before the first saga.
    pub wealth: &'static str,
    /// A statement that answers `saga`, `step` and `undone` for each effect in our own database.
    pub ledger: &'static str,
    /// A statement that answers one number `n`, which must stay the same.
    pub sum: &'static str,
}

type Doing<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Cancel,
    Compensate,
    Look,
}

/// What a process does with sagas.
trait Resident: Send + Sync {
    fn ask(&self, name: &str, pattern: SagaPattern) -> Doing<Result<SagaId, SagaError>>;
    fn wish(&self, wish: Wish, id: SagaId) -> Doing<()>;
    fn look(&self, now: Timestamp) -> Doing<()>;
    fn deliver(&self, now: Timestamp) -> Doing<()>;
    fn hear(&self) -> Doing<()>;
}

/// The sagas of one simulated process.
#[derive(Clone)]
pub struct SimSagas(Arc<dyn Resident>);

impl fmt::Debug for SimSagas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimSagas")
    }
}

impl SimSagas {
    /// Sagas that are asked for by name, and the handlers of those that are choreographed.
    #[must_use]
    pub fn new<I>(sagas: Sagas<I>, choreography: Choreography, input: fn(&str) -> I) -> Self
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        Self(Arc::new(Living {
            sagas,
            choreography,
            input,
        }))
    }

    /// Looks at sagas of which nobody heard.
    pub(super) fn look(&self, now: Timestamp) -> Doing<()> {
        self.0.look(now)
    }

    /// Publishes what is due, and handles it.
    pub(super) fn deliver(&self, now: Timestamp) -> Doing<()> {
        self.0.deliver(now)
    }

    /// Hears of operations that end in this process, for ever.
    pub(super) fn hear(&self) -> Doing<()> {
        self.0.hear()
    }
}

struct Living<I> {
    sagas: Sagas<I>,
    choreography: Choreography,
    input: fn(&str) -> I,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Resident for Living<I> {
    fn ask(&self, name: &str, pattern: SagaPattern) -> Doing<Result<SagaId, SagaError>> {
        let (sagas, input) = (self.sagas.clone(), (self.input)(name));
        let key = IdemKey::new(name).expect("a key");
        Box::pin(async move {
            sagas.set_pattern(pattern).expect("events have names");
            let asked = sagas.initiate(OwnerId::anonymous(), key, &input).await;
            asked.map(|initiated| initiated.id)
        })
    }

    // Trouble shows: what was wished for may not happen, and what did not happen is not done half.
    fn wish(&self, wish: Wish, id: SagaId) -> Doing<()> {
        let sagas = self.sagas.clone();
        Box::pin(async move {
            drop(match wish {
                Wish::Cancel => sagas.cancel(&id).await,
                Wish::Compensate => sagas.compensate(&id).await,
                Wish::Look => sagas.look(&id).await,
            });
        })
    }

    fn look(&self, now: Timestamp) -> Doing<()> {
        let sagas = self.sagas.clone();
        Box::pin(async move { drop(sagas.run_once(now).await) })
    }

    fn deliver(&self, now: Timestamp) -> Doing<()> {
        let choreography = self.choreography.clone();
        Box::pin(async move { drop(choreography.run_once(now).await) })
    }

    fn hear(&self) -> Doing<()> {
        let sagas = self.sagas.clone();
        Box::pin(async move {
            let (signal, shutdown) = Shutdown::new();
            let endings = sagas.endings();
            sagas.hear(endings, shutdown).await;
            drop(signal);
        })
    }
}

//! The engine of one kind of saga: accepts, advances, and looks after those that were left.
//!
//! Nobody owns a saga: whoever learns that something happened advances it, in one transaction that only one
//! of several can commit. What a crash leaves behind is found by [`run_once`](Sagas::run_once).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use crate::clock::{Clock, Timestamp, later};
use crate::engine::{Ending, Taken};
use crate::guard;
use crate::ids::{IdSource, IdemKey, OwnerId, SagaId};
use crate::metrics::SagaMetrics;
use crate::operation::command::Fingerprint;
use crate::outlive::outliving;
use crate::store::hook::HookErrorKind;
use crate::store::{Database, Manner, StoreError, TransactionError};
use crate::value::Column;

use super::advance::{Asked, Found, Guard, Script};
use super::builder::{SagaConfig, SagasBuilder};
use super::cache::Cached;
use super::choreography::Told;
use super::decision::Stop;
use super::integrity::SagaKinds;
use super::known::Known;
use super::pattern::{SagaPattern, Switch};
use super::plan::StepPlan;
use super::read::unreadable;
use super::record::NewSaga;
use super::seals::Seals;
use super::shared::Shared;
use super::tables::{Due, Inserted, SagaTables};
use super::turn::{Turned, report};

/// How often a transaction is begun anew when somebody else changed the saga meanwhile.
pub(super) const TURNS: u32 = 5;

/// A saga was not accepted, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SagaError {
    /// The key was used before, for something else.
    #[error("this idempotency key was used before for another request")]
    KeyReused,
    /// What it is asked to do cannot be stored, or read back.
    #[error("the input of the saga: {0}")]
    Input(#[from] serde_json::Error),
    /// The plan has no such step.
    #[error("the saga has no step \"{0}\"")]
    NoSuchStep(String),
    /// Others change it all the time, or hold it for too long. What was asked for did not happen.
    #[error("others hold the saga {0}: ask again later")]
    Busy(SagaId),
    /// The database failed. Whether the saga was recorded is not known: the same key may be sent again.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}

impl From<StoreError> for SagaError {
    fn from(error: StoreError) -> Self {
        Self::Transaction(error.into())
    }
}

/// What became of a saga that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiated {
    /// Its name.
    pub id: SagaId,
    /// Whether the same was asked for under this key before.
    pub replayed: bool,
}

/// A handle on the engine of one kind of saga; clones share it.
pub struct Sagas<I> {
    pub(super) inner: Arc<Inner<I>>,
}

impl<I> Clone for Sagas<I> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<I> std::fmt::Debug for Sagas<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sagas({})", self.inner.tables.prefix)
    }
}

pub(super) struct Inner<I> {
    pub(super) database: Database,
    pub(super) tables: SagaTables,
    pub(super) script: Script<I>,
    pub(super) columns: fn(&I) -> Vec<Column>,
    pub(super) config: SagaConfig,
    /// The pattern of new sagas.
    pub(super) pattern: Switch,
    /// What choreographed sagas tell.
    pub(super) told: Option<Told>,
    /// Sagas as they were written last.
    pub(super) known: Known,
    /// Where sagas that have ended are read from, and not from the database.
    pub(super) cache: Option<Cached>,
    /// What seals their texts.
    pub(super) seals: Seals,
    /// All kinds of sagas of the service.
    pub(super) kinds: SagaKinds,
    /// Turns that are written together.
    pub(super) shared: Shared,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) metrics: SagaMetrics,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Starts to put an engine together for sagas of these steps, kept in `tables` of `database`, in which the
    /// operations of its steps are, too.
    #[must_use]
    pub fn builder(database: Database, tables: SagaTables, plan: &[StepPlan]) -> SagasBuilder<I> {
        SagasBuilder::new(database, tables, plan)
    }

    /// The tables of these sagas.
    #[must_use]
    pub fn tables(&self) -> SagaTables {
        self.inner.tables
    }

    /// Records a saga durably, and begins with its first steps in the same commit. The first request under a
    /// key wins; the same one again answers the same saga. Once it is being recorded, it goes on even if this future
    /// is dropped, as a server does when its client hangs up.
    ///
    /// # Errors
    /// See [`SagaError`].
    pub async fn initiate(
        &self,
        owner: OwnerId,
        idem_key: IdemKey,
        input: &I,
    ) -> Result<Initiated, SagaError> {
        guard::assert_outside("Sagas::initiate");
        let payload = serde_json::to_string(input)?;
        let now = self.inner.clock.now();
        let (op_id, seals) = (self.inner.ids.op_id(now), &self.inner.seals);
        let id = SagaId::of(&op_id);
        let mut saga = NewSaga {
            owner_id: owner,
            idem_key,
            fingerprint: Fingerprint::of(self.inner.tables.prefix, &payload),
            pattern: self.pattern(),
            stored: seals.payload(&id, &payload)?,
            payload,
            id,
            columns: (self.inner.columns)(input),
            now,
            deadline_at: later(now, self.inner.config.time_budget),
            demands: self.inner.script.plan.demands().written(),
        };
        saga.fingerprint = seals.fingerprint(&saga, op_id);
        let sagas = self.clone();
        outliving(async move { sagas.record(saga).await }).await
    }

    async fn record(&self, saga: NewSaga) -> Result<Initiated, SagaError> {
        let id = saga.id.clone();
        let begun = self.begin_shared(&saga).await;
        let (inserted, turned) = match begun {
            Some(begun) => begun,
            // What is seldom needed must not make every request larger.
            None => Box::pin(self.insert(saga)).await?,
        };
        match inserted {
            Inserted::New => {
                self.inner.metrics.started.inc();
                self.follow(turned);
                Ok(Initiated {
                    id,
                    replayed: false,
                })
            }
            Inserted::Existing(id) => Ok(Initiated { id, replayed: true }),
            Inserted::Mismatch => Err(SagaError::KeyReused),
        }
    }

    /// Records a saga and begins with it. Steps that need what somebody holds are put off: requests that wait for one
    /// row would take the places of all others.
    async fn insert(&self, saga: NewSaga) -> Result<(Inserted, Option<Turned>), SagaError> {
        let (known, mut guard) = (Arc::new((Arc::clone(&self.inner), saga)), Guard::None);
        for _ in 1..=TURNS {
            let known = Arc::clone(&known);
            let database = &self.inner.database;
            let done = database.transaction_as(Manner::GivesUp, move |mut tx| {
                let known = Arc::clone(&known);
                Box::pin(async move {
                    let (inner, saga) = &*known;
                    let inserted = inner.tables.insert(&mut tx, saga).await?;
                    if inserted != Inserted::New {
                        return Ok((inserted, None));
                    }
                    let turned = inner.begin(&mut tx, saga, guard).await?;
                    Ok((inserted, turned))
                })
            });
            match done.await {
                Err(error) if guard == Guard::None && needs_savepoints(&error) => {
                    guard = Guard::All
                }
                Err(error) if is_refusal(&error, HookErrorKind::Conflict) => {}
                Err(error) if is_refusal(&error, HookErrorKind::Busy) => break,
                done => return Ok(done?),
            }
        }
        Err(SagaError::Busy(known.1.id.clone()))
    }

    /// The database that they are kept in.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// Has no further step begin, and what happened undone. A saga that has ended stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance_whole(id, Asked::Stop(Stop::Cancelled)).await
    }

    /// Brings a saga as far as it can come now. It does no harm to ask for it at any time, any number of
    /// times.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance_whole(id, Asked::Look).await
    }

    /// Has what happened undone, and begins compensations again that certainly did not work. Asked for three
    /// times, it undoes a step once. A compensation in doubt is decided where its domain's dead letters are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn compensate(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance_whole(id, Asked::Compensate).await
    }

    /// Advances a saga, even if whoever asked for it goes away.
    async fn advance_whole(&self, id: &SagaId, asked: Asked) -> Result<(), SagaError> {
        let (sagas, id) = (self.clone(), id.clone());
        outliving(async move { sagas.advance(&id, asked).await }).await
    }

    /// Looks at sagas of which nobody heard for a while, those that wait longest first; says how many. One that
    /// cannot be advanced holds up no other, and is looked at again later.
    ///
    /// # Errors
    /// When the database fails. What is left is found the next time.
    pub async fn run_once(&self, now: Timestamp) -> Result<usize, SagaError> {
        Ok(self.look_behind(now, None).await?.len())
    }

    /// Looks at the next sagas of which nobody heard, behind `after`; says which.
    pub(super) async fn look_behind(
        &self,
        now: Timestamp,
        after: Option<&Due>,
    ) -> Result<Vec<Due>, SagaError> {
        let Inner {
            database,
            tables,
            config,
            ..
        } = &*self.inner;
        let begin = after.map_or(Timestamp::UNIX_EPOCH, |after| after.look_at);
        let behind = after.map_or("", |after| after.id.as_str());
        let params = vec![now.into(), begin.into(), behind.into(), config.batch.into()];
        let rows = database.query(tables.due(), params).await?;
        let due = rows.iter().map(Due::read).collect::<Result<Vec<_>, _>>();
        let due = due.map_err(unreadable)?;
        let (room, mut looking) = (database.background(), JoinSet::new());
        for due in due.clone() {
            let (sagas, place) = (self.clone(), Arc::clone(&room).acquire_owned().await);
            looking.spawn(async move {
                sagas.look_at_due(&due, now).await;
                drop(place);
            });
        }
        while let Some(looked) = looking.join_next().await {
            if let Err(error) = looked {
                tracing::error!(%error, "looking at a saga broke");
            }
        }
        Ok(due)
    }

    async fn look_at_due(&self, due: &Due, now: Timestamp) {
        let id = &due.id;
        match self.advance(id, Asked::Look).await {
            Ok(()) => return,
            // To write when to look again would take the same lock.
            Err(error @ SagaError::Busy(_)) => {
                tracing::warn!(saga = %id, %error);
                return;
            }
            Err(error) => tracing::error!(saga = %id, %error, "cannot be advanced"),
        }
        let until = later(now, self.inner.config.look_every);
        let known = (self.inner.tables, id.clone(), due.version);
        let database = &self.inner.database;
        let put_off = database.transaction_as(Manner::GivesUp, move |mut tx| {
            let (tables, id, version) = known.clone();
            Box::pin(async move { tables.put_off(&mut tx, (&id, version), until).await })
        });
        if let Err(error) = put_off.await {
            tracing::warn!(saga = %id, %error, "is looked at again at once");
        }
    }

    async fn advance(&self, id: &SagaId, asked: Asked) -> Result<(), SagaError> {
        for _ in 1..=TURNS {
            let Some(saga) = self.load(id).await? else {
                return Ok(());
            };
            if saga.state.is_final() {
                return Ok(());
            }
            let found = self.inner.operations(&saga).await?;
            if self.turn(id, found, asked.clone()).await? {
                return Ok(());
            }
        }
        Err(SagaError::Busy(id.clone()))
    }

    /// Whether the plan has the step of an operation that ended.
    pub(super) fn is_concerned(&self, ending: &Ending) -> bool {
        self.inner.script.plan.index_of(ending.step()).is_some()
    }

    /// Advances a saga of which an operation has ended. What the ending says is true for ever, so that
    /// nothing has to be read before the turn.
    pub(super) async fn hear_of(&self, ending: Ending) -> Result<(), SagaError> {
        let Ending {
            saga, op_id, ended, ..
        } = ending;
        let found = Found::from([(op_id, ended)]);
        if self.turn_shared(&saga, &found).await? {
            return Ok(());
        }
        // What is seldom needed must not make every turn larger.
        Box::pin(self.hear_alone(&saga, found)).await
    }

    async fn hear_alone(&self, saga: &SagaId, found: Found) -> Result<(), SagaError> {
        let place = self.inner.database.background().acquire_owned().await;
        for _ in 1..=TURNS {
            if self.turn(saga, found.clone(), Asked::Look).await? {
                return Ok(());
            }
        }
        drop(place);
        Err(SagaError::Busy(saga.clone()))
    }

    /// One turn of a saga; `false` when somebody else had one meanwhile, and this one has to begin anew.
    async fn turn(&self, id: &SagaId, found: Found, asked: Asked) -> Result<bool, SagaError> {
        let turned = self.take_turn(id, found, asked).await?;
        let is_taken = turned.is_some();
        self.follow(turned.flatten());
        Ok(is_taken)
    }

    /// One turn of a saga, which nobody follows yet; nothing when somebody else had one meanwhile. Of a saga that has
    /// ended it is an empty one.
    pub(super) async fn take_turn(
        &self,
        id: &SagaId,
        found: Found,
        asked: Asked,
    ) -> Result<Option<Option<Turned>>, SagaError> {
        let known = Arc::new((Arc::clone(&self.inner), id.clone(), found, asked));
        let mut turned = self.turn_with(&known, Guard::None).await;
        if matches!(&turned, Err(error) if needs_savepoints(error)) {
            turned = self.turn_with(&known, Guard::All).await;
        }
        match turned {
            Ok(turned) => Ok(Some(turned)),
            Err(error) if is_refusal(&error, HookErrorKind::Conflict) => Ok(None),
            Err(error) if is_refusal(&error, HookErrorKind::Busy) => {
                Err(SagaError::Busy(id.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn turn_with(
        &self,
        known: &Arc<(Arc<Inner<I>>, SagaId, Found, Asked)>,
        guard: Guard,
    ) -> Result<Option<Turned>, TransactionError> {
        let known = Arc::clone(known);
        let database = &self.inner.database;
        let turned = database.transaction_as(Manner::GivesUp, move |mut tx| {
            let known = Arc::clone(&known);
            Box::pin(async move {
                let (inner, id, found, asked) = &*known;
                match inner.load(&mut tx, id).await? {
                    Some(saga) => inner.turn(&mut tx, saga, found, (asked, guard), None).await,
                    None => Ok(None),
                }
            })
        });
        turned.await
    }

    /// What a turn did is durable: it is said, what was told is delivered, and what it accepted begins.
    pub(super) fn follow(&self, turned: Option<Turned>) {
        let pattern = turned.as_ref().map(|turned| turned.saga.pattern);
        if pattern != Some(SagaPattern::Orchestration) {
            self.inner.told.iter().for_each(Told::wake);
        }
        if let Some(Turned { saga, moved, ended }) = turned {
            report(&saga, &moved, ended);
            self.forget(&saga.id);
            let metrics = &self.inner.metrics;
            for step in moved.changed.iter().map(|step| &saga.steps[step]) {
                metrics.step(&step.name, step.state);
            }
            if ended {
                let took = (saga.updated_at - saga.created_at).to_std();
                metrics.ended(saga.state, took.unwrap_or_default());
            }
            moved.taken.into_iter().for_each(Taken::committed);
        }
    }
}

/// Whether a transaction's work was refused for this.
fn is_refusal(error: &TransactionError, kind: HookErrorKind) -> bool {
    matches!(error, TransactionError::Refused(error) if error.kind() == kind)
}

/// Whether a turn without savepoints has to be taken again with them: whatever a step did to it, it then does to
/// itself alone.
fn needs_savepoints(error: &TransactionError) -> bool {
    let TransactionError::Refused(refused) = error else {
        return false;
    };
    !matches!(
        refused.kind(),
        HookErrorKind::Conflict | HookErrorKind::Busy
    )
}

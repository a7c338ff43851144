//! The engine of one kind of saga: accepts, advances, and looks after those that were left.
//!
//! Nobody owns a saga: whoever learns that something happened advances it, in one transaction that only one
//! of several can commit. What a crash leaves behind is found by [`run_once`](Sagas::run_once).

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Clock, Timestamp, later};
use crate::dead_letter::Decision;
use crate::engine::Engine;
use crate::guard;
use crate::ids::{IdSource, IdemKey, OwnerId, SagaId};
use crate::operation::command::Fingerprint;
use crate::store::hook::{HookError, HookTx};
use crate::store::{Database, StoreError, StoreErrorKind, TransactionError};
use crate::value::{Column, DecodeError, Value};

use super::advance::{Asked, Found, Moved, Script, look_at};
use super::builder::{SagaConfig, SagasBuilder};
use super::choreography::{Before, Told};
use super::decision::Stop;
use super::pattern::{SagaPattern, Switch};
use super::plan::StepPlan;
use super::record::{self, Inserted, NewSaga, SagaRecord, SagaTables, StepError};
use super::role::Role;
use super::state::{SagaState, StepState};

/// How often a transaction is begun anew when somebody else changed the saga meanwhile.
const TURNS: u32 = 5;

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
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Starts to put an engine together for sagas of these steps, kept in `tables` of `database`, in which the
    /// operations of its steps are, too.
    #[must_use]
    pub fn builder(database: Database, tables: SagaTables, plan: &[StepPlan]) -> SagasBuilder<I> {
        SagasBuilder::new(database, tables, plan)
    }

    /// Records a saga durably, and begins with its first steps in the same commit. The first request under a
    /// key wins; the same one again answers the same saga.
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
        let saga = NewSaga {
            id: SagaId::of(&self.inner.ids.op_id(now)),
            owner_id: owner,
            idem_key,
            fingerprint: Fingerprint::of(self.inner.tables.prefix, &payload)
                .as_str()
                .to_owned(),
            pattern: self.pattern(),
            payload,
            columns: (self.inner.columns)(input),
            now,
            deadline_at: later(now, self.inner.config.time_budget),
        };
        let id = saga.id.clone();
        let inner = Arc::clone(&self.inner);
        let done = self.inner.database.transaction_for(move |mut tx| {
            let (inner, saga) = (Arc::clone(&inner), saga.clone());
            Box::pin(async move {
                let inserted = inner.tables.insert(&mut tx, &saga).await?;
                let moved = match inserted {
                    Inserted::New => inner.begin(&mut tx, &saga).await?,
                    _ => None,
                };
                Ok((inserted, moved))
            })
        });
        let (inserted, moved) = done.await?;
        match inserted {
            Inserted::New => {
                moved.iter().for_each(|moved| self.follow(moved));
                Ok(Initiated {
                    id,
                    replayed: false,
                })
            }
            Inserted::Existing(id) => Ok(Initiated { id, replayed: true }),
            Inserted::Mismatch => Err(SagaError::KeyReused),
        }
    }

    /// The saga, if `owner` has one of that name. Somebody else's looks like none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        owner: &OwnerId,
        id: &SagaId,
    ) -> Result<Option<SagaRecord>, SagaError> {
        let found = self.load(id).await?;
        Ok(found.filter(|saga| saga.owner_id == *owner))
    }

    /// Has no further step begin, and what happened undone. A saga that has ended stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance(id, Asked::Stop(Stop::Cancelled)).await
    }

    /// Brings a saga as far as it can come now. It does no harm to ask for it at any time, any number of
    /// times.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn look(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance(id, Asked::Look).await
    }

    /// Has what happened undone, and begins compensations again that certainly did not work. Asked for three
    /// times, it undoes a step once. A compensation in doubt is decided where its domain's dead letters are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn compensate(&self, id: &SagaId) -> Result<(), SagaError> {
        self.advance(id, Asked::Compensate).await
    }

    /// Leaves a step as it is whose compensation did not work, as a person decided: the saga ends FAILED when
    /// nothing else is left. A step that does not wait for a person stays as it is.
    ///
    /// # Errors
    /// When the database fails, or the plan has no such step.
    pub async fn leave(
        &self,
        id: &SagaId,
        step: &str,
        decision: &Decision,
    ) -> Result<(), SagaError> {
        let plan = &self.inner.script.plan;
        let at = plan.index_of(step);
        let at = at.ok_or_else(|| SagaError::NoSuchStep(step.to_owned()))?;
        let why = StepError {
            code: "LEFT".to_owned(),
            message: decision.text("left"),
        };
        self.advance(id, Asked::Leave(plan.steps()[at].name, why))
            .await
    }

    /// Looks at sagas of which nobody heard for a while; says how many. One that cannot be advanced holds up
    /// no other, and is looked at again later.
    ///
    /// # Errors
    /// When the database fails. What is left is found the next time.
    pub async fn run_once(&self, now: Timestamp) -> Result<usize, SagaError> {
        let Inner {
            database,
            tables,
            config,
            ..
        } = &*self.inner;
        let params = vec![Value::from(now), Value::from(config.batch)];
        let rows = database.query(tables.due(), params).await?;
        let due = rows.iter().map(|row| row.get("transaction_id"));
        let due: Vec<SagaId> = due.collect::<Result<_, _>>().map_err(unreadable)?;
        for id in &due {
            if let Err(error) = self.advance(id, Asked::Look).await {
                tracing::error!(saga = %id, %error, "cannot be advanced");
                self.put_off(id, later(now, self.inner.config.look_every))
                    .await?;
            }
        }
        Ok(due.len())
    }

    async fn put_off(&self, id: &SagaId, until: Timestamp) -> Result<(), SagaError> {
        let (tables, id) = (self.inner.tables, id.clone());
        let done = self.inner.database.transaction_for(move |mut tx| {
            let id = id.clone();
            Box::pin(async move { tables.put_off(&mut tx, &id, until).await })
        });
        Ok(done.await?)
    }

    async fn load(&self, id: &SagaId) -> Result<Option<SagaRecord>, SagaError> {
        let Inner {
            database,
            tables,
            script,
            ..
        } = &*self.inner;
        let name = vec![Value::from(id.as_str())];
        let rows = database.query(tables.select(), name).await?;
        Ok(record::saga(&script.plan, &rows).map_err(unreadable)?)
    }

    async fn advance(&self, id: &SagaId, asked: Asked) -> Result<(), SagaError> {
        for turn in 1..=TURNS {
            let Some(saga) = self.load(id).await? else {
                return Ok(());
            };
            if saga.state.is_final() {
                return Ok(());
            }
            let found = self.inner.operations(&saga).await?;
            let known = Arc::new((Arc::clone(&self.inner), id.clone(), found, asked.clone()));
            let moved = self.inner.database.transaction_for(move |mut tx| {
                let known = Arc::clone(&known);
                Box::pin(async move {
                    let (inner, id, found, asked) = &*known;
                    inner.advance(&mut tx, id, found, asked, None).await
                })
            });
            match moved.await {
                Ok(moved) => {
                    moved.iter().for_each(|moved| self.follow(moved));
                    return Ok(());
                }
                Err(TransactionError::Refused(_)) if turn < TURNS => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Has accepted operations executed, and what was told delivered.
    pub(super) fn follow(&self, moved: &Moved) {
        self.inner.told.iter().for_each(Told::wake);
        for step in moved.accepted.iter() {
            let step = &self.inner.script.steps[step];
            let engines = step.engine().into_iter().chain(step.undo_engine());
            engines.for_each(Engine::nudge);
        }
    }
}

impl<I: DeserializeOwned + Send + Sync + 'static> Inner<I> {
    /// Where the operations stand that a saga waits for.
    async fn operations(&self, saga: &SagaRecord) -> Result<Found, StoreError> {
        let mut found = Found::new();
        for (step, does) in saga.steps.iter().zip(&self.script.steps) {
            let (op_id, engine) = match step.state {
                StepState::Running | StepState::InDoubt => (&step.op_id, does.engine()),
                StepState::Undoing | StepState::UndoParked => {
                    (&step.undo_op_id, does.undo_engine())
                }
                _ => continue,
            };
            if let (Some(op_id), Some(engine)) = (op_id, engine)
                && let Some(operation) = engine.store().find(op_id).await?
            {
                found.insert(op_id.clone(), operation);
            }
        }
        Ok(found)
    }

    /// Has a saga begin that was just recorded: with its first steps, or by telling their handlers of it.
    async fn begin(&self, tx: &mut HookTx<'_>, saga: &NewSaga) -> Result<Option<Moved>, HookError> {
        match saga.pattern {
            SagaPattern::Orchestration => {
                let found = Found::new();
                self.advance(tx, &saga.id, &found, &Asked::Look, None).await
            }
            SagaPattern::Choreography => {
                self.told()?.initiated(tx, saga).await?;
                Ok(Some(Moved::default()))
            }
        }
    }

    /// What choreographed sagas tell.
    pub(super) fn told(&self) -> Result<&Told, HookError> {
        let none = || {
            let sagas = self.tables.prefix;
            HookError::new(format!(
                "{sagas} has choreographed sagas and no names for their events: add `.events(..)`"
            ))
        };
        self.told.as_ref().ok_or_else(none)
    }

    /// Advances a saga in `tx`, in a role or in that which its pattern gives to whoever looks at it; nothing
    /// when it is gone or has ended.
    pub(super) async fn advance(
        &self,
        tx: &mut HookTx<'_>,
        id: &SagaId,
        found: &Found,
        asked: &Asked,
        role: Option<Role>,
    ) -> Result<Option<Moved>, HookError> {
        let Some(mut saga) = self.tables.load(tx, &self.script.plan, id).await? else {
            return Ok(None);
        };
        if saga.state.is_final() {
            return Ok(None);
        }
        let input: I = serde_json::from_str(&saga.payload)
            .map_err(|error| HookError::new(format!("the input of saga {id}: {error}")))?;
        let now = self.clock.now();
        let role = role.unwrap_or(Role::of(saga.pattern));
        let (script, before) = (&self.script, Before::of(&saga));
        let moved = script
            .advance(tx, &mut saga, &input, found, asked, (role, now))
            .await?;
        if moved.is_nothing() && before.is_still(&saga) {
            let until = look_at(&saga, now, self.config.look_every);
            self.tables.put_off(tx, id, until).await?;
            return Ok(Some(moved));
        }
        for step in moved.changed.iter() {
            let step = &saga.steps[step];
            self.tables.save_step(tx, id, step, now).await?;
        }
        saga.updated_at = now;
        let is_over = saga.state.is_final();
        saga.completed_at = is_over.then_some(now);
        let next = (!is_over).then(|| look_at(&saga, now, self.config.look_every));
        self.tables.save(tx, &saga, next).await?;
        if saga.pattern == SagaPattern::Choreography {
            let (told, plan) = (self.told()?, &self.script.plan);
            told.changes(tx, plan, &before, &saga, (role, &moved))
                .await?;
        }
        report(&saga, &moved);
        Ok(Some(moved))
    }
}

pub(super) fn unreadable(error: DecodeError) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, "read", error)
}

fn report(saga: &SagaRecord, moved: &Moved) {
    let (id, state) = (&saga.id, saga.state);
    for step in moved.changed.iter().map(|step| &saga.steps[step]) {
        match step.state {
            StepState::UndoParked => {
                let error = step.error.as_ref().map(|error| error.message.as_str());
                tracing::error!(saga = %id, step = step.name, error, "not undone: a person must look");
            }
            now => tracing::info!(saga = %id, step = step.name, state = %now, "step"),
        }
    }
    match state {
        SagaState::Completed | SagaState::Compensated => {
            tracing::info!(saga = %id, %state, "ended")
        }
        SagaState::Failed => tracing::warn!(saga = %id, %state, "ended"),
        _ => {}
    }
}

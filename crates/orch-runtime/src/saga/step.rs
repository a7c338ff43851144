//! What a step does: an operation at somebody else's API, or work in our own database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::{Engine, SubmitError, Taken, Wanted};
use crate::ids::{IdemKey, OpId, OwnerId, SagaId};
use crate::operation::command::Command;
use crate::store::hook::{HookError, HookErrorKind, HookTx};

use super::record::StepError;

/// A step, or its compensation, at the moment at which it begins.
#[derive(Debug)]
pub struct StepRun<'s, I> {
    /// The saga.
    pub saga_id: &'s SagaId,
    /// Whose it is.
    pub owner_id: &'s OwnerId,
    /// What the saga was asked to do.
    pub input: &'s I,
    /// What the steps gave that have happened, by their names.
    pub results: &'s BTreeMap<&'static str, StepResult>,
    /// The same for the same step of the same saga, whoever begins it how often: a step's operation has it
    /// as its key, and work in a database can have it as a unique one.
    pub key: &'s IdemKey,
    pub(super) taken: &'s TakenHere,
    pub(super) time_budget: Option<Duration>,
}

/// What steps had accepted in this transaction, which is not committed yet, or what they want accepted.
#[derive(Debug, Default)]
pub(super) struct TakenHere {
    taken: Mutex<Vec<Taken>>,
    /// Where the transaction comes later.
    wanted: Option<Mutex<Vec<Wanted>>>,
}

impl TakenHere {
    /// Where operations are accepted by `later`, they are only noted.
    pub(super) fn new(later: bool) -> Self {
        Self {
            taken: Mutex::default(),
            wanted: later.then(Mutex::default),
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Taken>> {
        // A list is whole whenever its lock is free.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn count(&self) -> usize {
        self.list().len()
    }

    /// What came behind the first `count` was taken back.
    pub(super) fn keep(&self, count: usize) {
        self.list().truncate(count);
    }

    pub(super) fn into_lists(self) -> (Vec<Taken>, Vec<Wanted>) {
        let wanted = self.wanted.unwrap_or_default();
        (
            self.taken
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner),
            wanted.into_inner().unwrap_or_else(PoisonError::into_inner),
        )
    }
}

impl<I: Sync> StepRun<'_, I> {
    /// Asks for the operation that does this step, or undoes it, for a [`SagaStep`] of your own. What the
    /// database cannot do now it can do later; all else never will be, and is refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn submit<C: Command>(
        &self,
        tx: &mut HookTx<'_>,
        engine: &Engine,
        command: &C,
    ) -> Result<Begun, HookError> {
        let (owner, key) = (self.owner_id.clone(), self.key.clone());
        let budget = self.time_budget;
        if let Some(list) = &self.taken.wanted {
            // What is refused is refused where it can be written down.
            let wanted = engine.want_in_step(owner, key, command, budget).await;
            let wanted = wanted
                .map_err(|error| HookError::of(HookErrorKind::Unguarded, error.to_string()))?;
            let op_id = wanted.op_id().clone();
            list.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(wanted);
            return Ok(Begun::Operation(op_id));
        }
        let taken = engine.take_in_step(tx, owner, key, command, budget);
        match taken.await {
            Ok(taken) => {
                let op_id = taken.op_id().clone();
                self.taken.list().push(taken);
                Ok(Begun::Operation(op_id))
            }
            Err(SubmitError::Store(error)) => Err(HookError::new(error.to_string())),
            Err(never) => Ok(Begun::Refused(StepError {
                code: "NOT_ACCEPTED".to_owned(),
                message: never.to_string(),
            })),
        }
    }
}

impl<I> StepRun<'_, I> {
    /// What a step gave.
    ///
    /// # Errors
    /// When it has not happened: this step is refused.
    pub fn result_of(&self, step: &str) -> Result<&StepResult, StepError> {
        self.results.get(step).ok_or_else(|| StepError {
            code: "NO_RESULT".to_owned(),
            message: format!("the step {step} has not happened"),
        })
    }

    /// The provider's name for what a step did: what its compensation refers to.
    ///
    /// # Errors
    /// When it has not happened, or the provider named nothing: this step is refused.
    pub fn provider_ref_of(&self, step: &str) -> Result<&str, StepError> {
        let given = self.result_of(step)?.provider_ref.as_deref();
        given.ok_or_else(|| StepError {
            code: "NO_PROVIDER_REF".to_owned(),
            message: format!("the provider gave no name to what the step {step} did"),
        })
    }
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepResult {
    /// The operation that did it, where it was one.
    pub op_id: Option<OpId>,
    /// The provider's name for what it did: what a compensation has to name.
    pub provider_ref: Option<String>,
    /// What the provider answered, or what work in our own database returned.
    pub data: Option<serde_json::Value>,
}

/// What beginning a step came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// It is done, with this result.
    Done(serde_json::Value),
    /// It certainly did not happen, and will not.
    Refused(StepError),
    /// The same, with what is to be known about it.
    RefusedWith(StepError, serde_json::Value),
    /// This operation does it.
    Operation(OpId),
}

/// One step of a saga whose input is an `I`. Made by [`Call`] and [`Local`].
#[async_trait]
pub trait SagaStep<I>: Send + Sync + 'static {
    /// Begins it in `tx`. Without the commit nothing of it happened.
    ///
    /// # Errors
    /// When the database fails: the step is begun again later.
    async fn begin(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError>;

    /// Whether it can be undone.
    fn can_be_undone(&self) -> bool;

    /// Begins its compensation. Never asked of a step that cannot be undone.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError>;

    /// The engine whose operations do it, where operations do.
    fn engine(&self) -> Option<&Engine>;

    /// The engine whose operations undo it, where operations do.
    fn undo_engine(&self) -> Option<&Engine>;
}

/// A step that is an operation of a domain, as is its compensation.
pub struct Call<I, C, U> {
    engine: Engine,
    command: Build<I, C>,
    undo: Option<(Engine, Build<I, U>)>,
}

/// Makes the command of a step, or refuses the step.
pub type Build<I, C> = fn(&StepRun<'_, I>) -> Result<C, StepError>;

impl<I, C, U> std::fmt::Debug for Call<I, C, U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

impl<I, C: Command> Call<I, C, C> {
    /// The operation that `command` asks `engine` for. Nothing undoes it.
    #[must_use]
    pub fn new(engine: &Engine, command: Build<I, C>) -> Self {
        Self {
            engine: engine.clone(),
            command,
            undo: None,
        }
    }
}

impl<I, C: Command, U> Call<I, C, U> {
    /// It is undone by the operation that `undo` asks `engine` for, often the same one.
    #[must_use]
    pub fn undone_by<V: Command>(self, engine: &Engine, undo: Build<I, V>) -> Call<I, C, V> {
        Call {
            engine: self.engine,
            command: self.command,
            undo: Some((engine.clone(), undo)),
        }
    }
}

/// Makes the command and asks for its operation, or refuses the step.
async fn submit<I: Sync, C: Command>(
    engine: &Engine,
    tx: &mut HookTx<'_>,
    run: &StepRun<'_, I>,
    build: Build<I, C>,
) -> Result<Begun, HookError> {
    match build(run) {
        Ok(command) => run.submit(tx, engine, &command).await,
        Err(error) => Ok(Begun::Refused(error)),
    }
}

#[async_trait]
impl<I, C, U> SagaStep<I> for Call<I, C, U>
where
    I: Sync + 'static,
    C: Command,
    U: Command,
{
    async fn begin(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError> {
        submit(&self.engine, tx, run, self.command).await
    }

    fn can_be_undone(&self) -> bool {
        self.undo.is_some()
    }

    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError> {
        let Some((engine, undo)) = &self.undo else {
            return Err(HookError::new("nothing undoes this step"));
        };
        submit(engine, tx, run, *undo).await
    }

    fn engine(&self) -> Option<&Engine> {
        Some(&self.engine)
    }

    fn undo_engine(&self) -> Option<&Engine> {
        self.undo.as_ref().map(|(engine, _)| engine)
    }
}

/// Work in our own database did not happen.
#[derive(Debug, Clone)]
pub enum LocalError {
    /// A rule of the business says no. What was written is taken back.
    Refused(StepError),
    /// The same, with what is to be known about it: see [`with`](Self::with).
    RefusedWith(StepError, serde_json::Value),
    /// The database failed. It is done again later; where a rule of the tables was broken, such as a unique
    /// key or a check, it is refused.
    Database(HookError),
}

impl LocalError {
    /// A refusal.
    pub fn refused(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Refused(StepError {
            code: code.into(),
            message: message.into(),
        })
    }

    /// The same refusal with what is to be known about it, such as how much is missing. It is recorded as what the
    /// step gave, and the event of its failure carries the fields that the saga's events tell of the step. Of
    /// a compensation it is not kept: what its step gave stays.
    ///
    /// ```
    /// # use orch_runtime::saga::LocalError;
    /// # use serde_json::json;
    /// LocalError::refused("INSUFFICIENT_BALANCE", "not enough money").with(json!({"currentBalance": 50}));
    /// ```
    #[must_use]
    pub fn with(self, known: serde_json::Value) -> Self {
        match self {
            Self::Refused(error) | Self::RefusedWith(error, _) => Self::RefusedWith(error, known),
            Self::Database(error) => Self::Database(error),
        }
    }
}

impl From<StepError> for LocalError {
    fn from(error: StepError) -> Self {
        Self::Refused(error)
    }
}

impl From<HookError> for LocalError {
    fn from(error: HookError) -> Self {
        Self::Database(error)
    }
}

/// Work in the database that the saga itself is in: it happens in the commit that records it.
///
/// ```
/// use orch_runtime::saga::{LocalError, LocalWork, StepRun};
/// use orch_runtime::store::hook::HookTx;
/// use orch_runtime::Value;
/// use serde_json::{Value as Json, json};
///
/// struct Order {
///     item: String,
/// }
///
/// /// Takes one piece out of the stock.
/// struct ReserveItem;
///
/// impl LocalWork<Order> for ReserveItem {
///     async fn run(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<Json, LocalError> {
///         let sql = "update stock set pieces = pieces - 1 where item = ?1 and pieces > 0";
///         match tx.execute(sql, &[Value::from(run.input.item.as_str())]).await? {
///             1 => Ok(json!({"item": run.input.item})),
///             _ => Err(LocalError::refused("INSUFFICIENT_STOCK", "nothing is left")),
///         }
///     }
///
///     async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<(), LocalError> {
///         let sql = "update stock set pieces = pieces + 1 where item = ?1";
///         tx.execute(sql, &[Value::from(run.input.item.as_str())]).await?;
///         Ok(())
///     }
/// }
/// ```
pub trait LocalWork<I>: Send + Sync + 'static {
    /// Does it, and says what later steps and its compensation need to know. It runs once for each saga that
    /// is recorded; a run that is not recorded leaves nothing.
    ///
    /// # Errors
    /// See [`LocalError`].
    fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, I>,
    ) -> impl Future<Output = Result<serde_json::Value, LocalError>> + Send;

    /// Takes back what [`run`](Self::run) did.
    ///
    /// # Errors
    /// See [`LocalError`]. What is refused waits for a person.
    fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, I>,
    ) -> impl Future<Output = Result<(), LocalError>> + Send;
}

/// A step that is work in our own database.
#[derive(Debug)]
pub struct Local<W>(pub Arc<W>);

impl<W> Local<W> {
    /// This work.
    pub fn new(work: W) -> Self {
        Self(Arc::new(work))
    }
}

fn begun(done: Result<serde_json::Value, LocalError>) -> Result<Begun, HookError> {
    match done {
        Ok(result) => Ok(Begun::Done(result)),
        Err(LocalError::Refused(error)) => Ok(Begun::Refused(error)),
        Err(LocalError::RefusedWith(error, known)) => Ok(Begun::RefusedWith(error, known)),
        // It would break the same rule again.
        Err(LocalError::Database(error)) if error.is_constraint() => {
            Ok(Begun::Refused(StepError {
                code: "CONSTRAINT".to_owned(),
                message: error.to_string(),
            }))
        }
        Err(LocalError::Database(error)) => Err(error),
    }
}

#[async_trait]
impl<I: Sync + 'static, W: LocalWork<I>> SagaStep<I> for Local<W> {
    async fn begin(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError> {
        begun(self.0.run(tx, run).await)
    }

    fn can_be_undone(&self) -> bool {
        true
    }

    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, I>) -> Result<Begun, HookError> {
        let undone = self.0.undo(tx, run).await;
        begun(undone.map(|()| serde_json::Value::Null))
    }

    fn engine(&self) -> Option<&Engine> {
        None
    }

    fn undo_engine(&self) -> Option<&Engine> {
        None
    }
}

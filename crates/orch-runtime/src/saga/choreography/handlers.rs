//! The handlers of a choreographed saga.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::events::{AfterCommit, Envelope, EventHandler, HandlerError};
use crate::saga::Sagas;
use crate::saga::advance::{Asked, Found, Guard};
use crate::saga::pattern::SagaPattern;
use crate::saga::role::Role;
use crate::store::hook::HookTx;

use super::names::{COMPENSATION_HANDLER, SagaEvents, TOLERATED_HANDLER};

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> Sagas<I> {
    /// Begins one step of the saga that `event` tells of, if its turn has come: it happens in `tx`, with the
    /// events that tell of it. Asked again it does nothing.
    ///
    /// # Errors
    /// When the step could not begin. It is begun again at the next delivery.
    pub async fn perform(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
        step: &str,
    ) -> Result<AfterCommit, HandlerError> {
        let at = self.inner.script.plan.index_of(step);
        let at =
            at.ok_or_else(|| HandlerError::failed(format!("the saga has no step \"{step}\"")))?;
        self.play(tx, event, Role::Step(at), &Asked::Look).await
    }

    /// Begins the compensations of the saga that `event` tells of that are due, and those that a person wants
    /// begun again.
    ///
    /// # Errors
    /// When none could begin. They are begun again at the next delivery.
    pub async fn compensate_by_event(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        let again = event.payload.get("again").and_then(Json::as_array);
        let again = again.map(|steps| steps.iter().filter_map(|step| self.again(step)));
        let asked = again.map_or(Asked::Look, |steps| Asked::Again(steps.collect()));
        self.play(tx, event, Role::Compensator, &asked).await
    }

    fn again(&self, step: &Json) -> Option<(usize, u32)> {
        let at = self
            .inner
            .script
            .plan
            .index_of(step.get("step")?.as_str()?)?;
        let attempts = step.get("attempts")?.as_u64()?;
        Some((at, u32::try_from(attempts).ok()?))
    }

    /// One turn of a handler. Handlers of one saga take turns: none does its work for nothing because another
    /// one was faster.
    async fn play(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
        role: Role,
        asked: &Asked,
    ) -> Result<AfterCommit, HandlerError> {
        let (inner, id) = (&self.inner, &event.transaction_id);
        let known = (&inner.script.plan, &inner.seals);
        let loaded = inner.tables.load_alone(tx, known, id).await?;
        let saga = loaded.ok_or_else(|| HandlerError::failed(format!("there is no saga {id}")))?;
        if saga.pattern != SagaPattern::Choreography {
            tracing::warn!(saga = %id, event = %event.event_id, "an event of a saga that is not choreographed");
            return Ok(AfterCommit::nothing());
        }
        if let Some(problem) = inner.not_in_plan(&saga).filter(|_| !saga.state.is_final()) {
            return Err(HandlerError::LaterRelease(problem));
        }
        let (found, asked) = (Found::new(), (asked, Guard::All));
        let turned = inner.turn(tx, saga, &found, asked, Some(role)).await?;
        let Some(turned) = turned else {
            return Ok(AfterCommit::nothing());
        };
        let moved = &turned.moved;
        if moved.is_nothing() && !moved.put_off.is_empty() {
            let mut errors = moved.put_off.iter().map(|(_, error)| error);
            let reason = "what is due could not begin, and is begun again";
            return Err(match errors.find(|error| error.is_busy()) {
                Some(busy) => HandlerError::Database(busy.clone()),
                None => HandlerError::failed(reason),
            });
        }
        let sagas = self.clone();
        Ok(AfterCommit::run(move || sagas.follow(Some(turned))))
    }

    /// How the events of its choreographed sagas are called, if they have names.
    #[must_use]
    pub fn events(&self) -> Option<&SagaEvents> {
        self.inner.told.as_ref().map(|told| &told.names)
    }
}

/// Begins one step of a saga when it hears of what the step waits for.
#[derive(Debug)]
pub struct StepHandler<I> {
    sagas: Sagas<I>,
    step: &'static str,
    name: String,
    subscriptions: Vec<String>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> StepHandler<I> {
    /// The handler of a step; none where the saga has no such step, or its events have no names.
    #[must_use]
    pub fn new(sagas: &Sagas<I>, step: &str) -> Option<Self> {
        let (names, plan) = (sagas.events()?, &sagas.inner.script.plan);
        let at = plan.index_of(step)?;
        Some(Self {
            step: plan.steps()[at].name,
            name: names.handler(step),
            subscriptions: names.that_begin(plan, at),
            sagas: sagas.clone(),
        })
    }
}

#[async_trait]
impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> EventHandler for StepHandler<I> {
    fn name(&self) -> &str {
        &self.name
    }

    fn subscriptions(&self) -> Vec<String> {
        self.subscriptions.clone()
    }

    async fn handle(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        self.sagas.perform(tx, event, self.step).await
    }
}

/// Undoes what happened when a saga fails or is stopped. It decides from the record what that is.
#[derive(Debug)]
pub struct CompensationHandler<I> {
    sagas: Sagas<I>,
    subscriptions: Vec<String>,
}

impl<I: Serialize + DeserializeOwned + Send + Sync + 'static> CompensationHandler<I> {
    /// The one of these sagas; none where their events have no names.
    #[must_use]
    pub fn new(sagas: &Sagas<I>) -> Option<Self> {
        let subscriptions = sagas.events()?.that_undo(&sagas.inner.script.plan);
        Some(Self {
            sagas: sagas.clone(),
            subscriptions,
        })
    }
}

#[async_trait]
impl<I> EventHandler for CompensationHandler<I>
where
    I: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn name(&self) -> &str {
        COMPENSATION_HANDLER
    }

    fn subscriptions(&self) -> Vec<String> {
        self.subscriptions.clone()
    }

    async fn handle(
        &self,
        tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        self.sagas.compensate_by_event(tx, event).await
    }
}

/// Notes failures that do not make a saga fail, so that somebody sees them.
#[derive(Debug)]
pub struct ToleratedFailureHandler {
    subscriptions: Vec<String>,
}

impl ToleratedFailureHandler {
    /// The one of these sagas; none where no step is optional, or their events have no names.
    #[must_use]
    pub fn new<I>(sagas: &Sagas<I>) -> Option<Self>
    where
        I: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        let subscriptions = sagas.events()?.that_are_tolerated(&sagas.inner.script.plan);
        (!subscriptions.is_empty()).then_some(Self { subscriptions })
    }
}

#[async_trait]
impl EventHandler for ToleratedFailureHandler {
    fn name(&self) -> &str {
        TOLERATED_HANDLER
    }

    fn subscriptions(&self) -> Vec<String> {
        self.subscriptions.clone()
    }

    async fn handle(
        &self,
        _tx: &mut HookTx<'_>,
        event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        let text = |field| event.payload.get(field).and_then(Json::as_str);
        tracing::warn!(
            saga = %event.transaction_id,
            step = text("step"),
            code = text("errorCode"),
            "the saga goes on without a step that failed: {}",
            text("reason").unwrap_or("no reason is recorded")
        );
        Ok(AfterCommit::nothing())
    }
}

//! What a change of a saga is told as.

use serde_json::{Map, Value as Json, json};

use crate::clock::Timestamp;
use crate::saga::advance::Moved;
use crate::saga::decision::Stop;
use crate::saga::plan::{Plan, Weight};
use crate::saga::record::{SagaRecord, StepError, StepRecord};
use crate::saga::role::Role;
use crate::saga::state::{SagaState, StepState};

use super::names::{
    COMPENSATION_COMPLETED, COMPENSATION_DUE, COMPENSATION_FAILED, COMPENSATION_INITIATED,
    COMPENSATION_STEP_COMPLETED, SagaEvents,
};

/// What a saga was like before a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::saga) struct Before {
    state: SagaState,
    stop: Option<Stop>,
    /// Whether a compensation had begun.
    has_undone: bool,
}

impl Before {
    pub(in crate::saga) fn of(saga: &SagaRecord) -> Self {
        Self {
            state: saga.state,
            stop: saga.stop,
            has_undone: saga.steps.iter().any(|step| step.undo_attempts > 0),
        }
    }

    /// Whether the saga itself is what it was, whatever became of its steps.
    pub(in crate::saga) fn is_still(self, saga: &SagaRecord) -> bool {
        (self.state, self.stop) == (saga.state, saga.stop)
    }
}

/// An event that is not in its envelope yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct News {
    pub(super) event_type: String,
    pub(super) payload: Map<String, Json>,
}

/// Tells one turn of a saga.
pub(super) struct Story<'s> {
    pub(super) names: &'s SagaEvents,
    pub(super) plan: &'s Plan,
    pub(super) saga: &'s SagaRecord,
    pub(super) news: Vec<News>,
}

impl Story<'_> {
    /// What happened in a turn, in its order.
    pub(super) fn tell(&mut self, before: &Before, role: Role, moved: &Moved) {
        if before.stop.is_none()
            && let Some(stop) = self.saga.stop
        {
            let reason = json!({ "reason": stop.as_str() });
            self.add(self.names.stopped(), reason);
        }
        if role == Role::Compensator && !before.has_undone && Before::of(self.saga).has_undone {
            let failed = self.failed_step().map(|step| &*step.name);
            let kind = self.names.compensation_type();
            self.add(
                COMPENSATION_INITIATED,
                json!({ "compensationType": kind, "originalFailedStep": failed }),
            );
        }
        for (at, state) in &moved.happened {
            self.step(*at, *state);
        }
        self.due(moved);
        if before.state != self.saga.state {
            self.end();
        }
    }

    fn add(&mut self, event_type: impl Into<String>, payload: Json) {
        self.add_with(event_type, Map::new(), payload);
    }

    /// An event that carries `told` beside what every event of its kind does.
    fn add_with(&mut self, event_type: impl Into<String>, told: Map<String, Json>, own: Json) {
        let (mut payload, Json::Object(own)) = (told, own) else {
            return;
        };
        payload.extend(own);
        self.news.push(News {
            event_type: event_type.into(),
            payload,
        });
    }

    fn step(&mut self, at: usize, state: StepState) {
        let (names, step) = (self.names, &self.saga.steps[at]);
        let name = &*step.name;
        let why = |step: &StepRecord| {
            let (code, reason) = texts(step.error.as_ref());
            json!({ "step": name, "reason": reason, "errorCode": code })
        };
        match state {
            StepState::Succeeded => {
                let mut payload = json!({ "step": name });
                if names.shares(name) {
                    payload["result"] = json!(step.result);
                }
                let told = names.told_by(name, step.result.as_ref());
                self.add_with(names.step_succeeded(name), told, payload);
            }
            StepState::Failed => {
                let told = names.told_by(name, step.result.as_ref());
                self.add_with(names.step_failed(name), told, why(step));
            }
            StepState::InDoubt => self.add(names.step_in_doubt(name), why(step)),
            StepState::Undone => {
                self.add(COMPENSATION_STEP_COMPLETED, json!({ "step": name }));
            }
            StepState::UndoParked => self.add(COMPENSATION_FAILED, why(step)),
            StepState::Waiting | StepState::Running | StepState::Undoing | StepState::Left => {}
        }
    }

    /// Calls whoever undoes, unless something that was told does. A step that came through too late has no
    /// other event that does.
    fn due(&mut self, moved: &Moved) {
        let name = |at: usize| &*self.saga.steps[at].name;
        if !moved.again.is_empty() {
            let again = moved.again.iter();
            let again = again.map(|(at, times)| json!({ "step": name(*at), "attempts": times }));
            let again: Vec<Json> = again.collect();
            self.add(COMPENSATION_DUE, json!({ "again": again }));
            return;
        }
        let calls = self.names.that_undo(self.plan);
        let mut told = self.news.iter();
        let is_called = told.any(|news| calls.contains(&news.event_type));
        if !moved.due.is_empty() && (moved.is_called || !is_called) {
            let steps: Vec<&str> = moved.due.iter().map(name).collect();
            self.add(COMPENSATION_DUE, json!({ "steps": steps }));
        }
    }

    fn end(&mut self) {
        let (code, reason) = self.why();
        let failed = self.failed_step().map(|step| step.name.clone());
        let mut told = self.names.told_of_input(&self.saga.payload);
        match self.saga.state {
            SagaState::Completed => {
                for step in &self.saga.steps {
                    if step.state == StepState::Succeeded {
                        told.extend(self.names.told_by(&step.name, step.result.as_ref()));
                    }
                }
                let at = self.saga.completed_at.map(in_millis);
                self.add_with(self.names.completed(), told, json!({ "completedAt": at }));
            }
            SagaState::Compensated | SagaState::Failed => {
                let steps = self.saga.steps.iter();
                let undone = steps.filter(|step| step.state == StepState::Undone);
                let undone: Vec<_> = undone.map(|step| step.name.clone()).collect();
                if self.saga.state == SagaState::Compensated {
                    self.add(
                        COMPENSATION_COMPLETED,
                        json!({ "compensatedSteps": undone }),
                    );
                }
                let why =
                    json!({ "failedStep": failed, "failureReason": reason, "errorCode": code });
                self.add_with(self.names.failed(), told, why);
            }
            SagaState::Pending | SagaState::InProgress | SagaState::Compensating => {}
        }
    }

    /// Why the saga does not complete: what made a step of it fail, or who stopped it.
    fn why(&self) -> (String, String) {
        match (self.failed_step(), self.saga.stop) {
            (Some(step), _) => texts(step.error.as_ref()),
            (None, Some(Stop::Cancelled)) => (
                Stop::Cancelled.as_str().to_owned(),
                "it was cancelled".to_owned(),
            ),
            (None, Some(Stop::DeadlinePassed)) => {
                let code = Stop::DeadlinePassed.as_str().to_owned();
                (code, "its time was over".to_owned())
            }
            (None, None) => texts(None),
        }
    }

    /// The step that made the saga fail.
    fn failed_step(&self) -> Option<&StepRecord> {
        let mut steps = self.saga.steps.iter().zip(self.plan.steps());
        let failed = steps.find(|(step, plan)| {
            step.state == StepState::Failed && plan.weight == Weight::Required
        });
        failed.map(|(step, _)| step)
    }
}

/// A time as events say it.
fn in_millis(time: Timestamp) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The code of an error and the words for it.
fn texts(error: Option<&StepError>) -> (String, String) {
    error.map_or_else(
        || ("UNKNOWN".to_owned(), "no reason is recorded".to_owned()),
        |error| (error.code.clone(), error.message.clone()),
    )
}

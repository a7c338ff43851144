//! How often and for how long the operations of steps are tried, where a saga says so itself.

use std::time::Duration;

use crate::engine::{Engine, Part};
use crate::operation::limits::StepLimits;

use super::advance::Way;
use super::plan::Plan;
use super::step::SagaStep;

/// Limits of a step that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitsError {
    /// No operation does the step, or undoes it.
    #[error(
        "the step \"{0}\" has limits for what no operation does: work in our own database begins and ends in one \
         commit"
    )]
    NoOperation(&'static str),
    /// They contradict themselves.
    #[error("the limits of the step \"{0}\": {1}")]
    Contradiction(&'static str, &'static str),
    /// The step may go on when none may begin any more.
    #[error(
        "the step \"{step}\" has {step_budget:?}, and the saga begins steps for {saga_budget:?}: give the saga as much, \
         or the step less"
    )]
    LongerThanSaga {
        /// The step.
        step: &'static str,
        /// Its budget.
        step_budget: Duration,
        /// The budget of its saga.
        saga_budget: Duration,
    },
    /// It would be over before one call is.
    #[error(
        "the step \"{step}\" has {budget:?}, and one call may take {timeout:?}: give it more, or the call less"
    )]
    ShorterThanCall {
        /// The step.
        step: &'static str,
        /// Its budget.
        budget: Duration,
        /// How long a call may take.
        timeout: Duration,
    },
    /// An operation names the step and not the saga.
    #[error(
        "another saga has a step \"{step}\" that asks {domain} with other limits: name one of the two steps otherwise"
    )]
    OfTwoKinds {
        /// The step.
        step: &'static str,
        /// The domain that serves it.
        domain: &'static str,
    },
}

/// The limits of the steps of a saga, by index.
#[derive(Debug, Default)]
pub(super) struct Limits {
    does: Vec<StepLimits>,
    undoes: Vec<StepLimits>,
}

/// What was said of the limits of steps, by their names.
pub(super) type Said = Vec<(&'static str, StepLimits)>;

impl Limits {
    /// Checks what was said of the operations of `steps`, and tells it to their engines.
    pub(super) fn new<I: 'static>(
        plan: &Plan,
        steps: &[Box<dyn SagaStep<I>>],
        (does, undoes): (&Said, &Said),
        saga_budget: Duration,
    ) -> Result<Self, LimitsError> {
        let mut limits = Self::default();
        for (step, by) in plan.steps().iter().zip(steps) {
            let own = said_of(does, step.name);
            if let Some(step_budget) = own.time_budget.filter(|own| *own > saga_budget) {
                return Err(LimitsError::LongerThanSaga {
                    step: step.name,
                    step_budget,
                    saga_budget,
                });
            }
            limits.does.push(own);
            tell(by.engine(), step.name, Part::Does, own)?;
            let own = said_of(undoes, step.name);
            limits.undoes.push(own);
            tell(by.undo_engine(), step.name, Part::Undoes, own)?;
        }
        Ok(limits)
    }

    /// Those of a step, or of its compensation.
    pub(super) fn of(&self, at: usize, way: Way) -> StepLimits {
        let limits = match way {
            Way::Do => &self.does,
            Way::Undo => &self.undoes,
        };
        limits[at]
    }
}

fn said_of(said: &Said, step: &str) -> StepLimits {
    let found = said.iter().find(|(name, _)| *name == step);
    found.map_or(StepLimits::NONE, |(_, limits)| *limits)
}

/// Tells the engine of a step how its operations are limited.
fn tell(
    engine: Option<&Engine>,
    step: &'static str,
    part: Part,
    limits: StepLimits,
) -> Result<(), LimitsError> {
    let Some(engine) = engine else {
        return match limits == StepLimits::NONE {
            true => Ok(()),
            false => Err(LimitsError::NoOperation(step)),
        };
    };
    if let Some(problem) = limits.problem() {
        return Err(LimitsError::Contradiction(step, problem));
    }
    if let Some(budget) = limits.time_budget {
        let timeout = engine.shortest_timeout();
        if budget < timeout {
            return Err(LimitsError::ShorterThanCall {
                step,
                budget,
                timeout,
            });
        }
    }
    match engine.limit(step, part, limits) {
        true => Ok(()),
        false => Err(LimitsError::OfTwoKinds {
            step,
            domain: engine.domain(),
        }),
    }
}

//! Several operations as one: all of them happen, or what happened is undone.
//!
//! ```text
//!  PENDING ─▶ IN_PROGRESS ──every step done────────────▶ COMPLETED
//!                  │ a step failed, cancelled, too late
//!                  ├──nothing happened yet─────────────▶ FAILED
//!                  └─▶ COMPENSATING ──all undone───────▶ COMPENSATED
//!                           └──a person left something─▶ FAILED
//! ```
//!
//! [`plan`] holds the steps and their order, [`state`] where a saga and its steps stand, [`decision`] what to
//! do next. All three are pure: no clock, no store.

mod advance;
mod builder;
pub mod cache;
mod check;
pub mod choreography;
pub mod decision;
mod engine;
pub mod integrity;
mod known;
mod limits;
pub(crate) mod parked;
pub mod pattern;
mod pauses;
pub mod plan;
#[cfg(test)]
mod plans;
pub mod query;
mod read;
pub mod record;
mod role;
mod rotation;
mod rows;
mod seals;
mod shared;
pub mod state;
pub mod step;
mod sweeper;
pub mod tables;
mod together;
mod turn;

pub use crate::operation::limits::StepLimits;
pub use builder::{SagaBuildError, SagaConfig, SagasBuilder};
#[cfg(feature = "redis")]
pub use cache::RedisCache;
pub use cache::{CacheError, SagaCache};
pub use check::SagaCheckError;
pub use choreography::{
    Choreography, ChoreographyBuilder, ChoreographyError, CompensationHandler, SagaEvents,
    StepHandler, ToleratedFailureHandler, TransactionView,
};
pub use decision::{Advice, Situation, Stop, advise};
pub use engine::{Initiated, SagaError, Sagas};
pub use integrity::{SagaFinding, SagaKinds, SagaProblem};
pub use limits::LimitsError;
pub use parked::Settled;
pub use pattern::{SagaPattern, UnknownPattern};
pub use plan::{Compensation, Plan, PlanError, StepPlan, StepSet, Weight};
pub use query::{ParkedStep, SagaFilter, SagaPage, SagaStatistics, SagaSummary};
pub use record::{SagaRecord, StepError, StepRecord};
pub use state::{SagaState, StepState};
pub use step::{Begun, Build, Call, Local, LocalError, LocalWork, SagaStep, StepResult, StepRun};
pub use tables::SagaTables;

//! Choreographed sagas: each step begins when its handler hears of what it waits for.
//!
//! ```text
//!   Initiated ─▶ ReserveHandler ─▶ ReserveSucceeded ─▶ PayHandler  ─▶ PaySucceeded ─┐
//!                                                   └▶ PackHandler ─▶ PackFailed    ├▶ …
//!                                                                        └▶ CompensationHandler
//! ```
//!
//! The same function decides what a saga does next in either pattern, and the same transaction does it. A
//! handler differs from whoever looks at an orchestrated saga in one thing: it begins its own step only. What
//! it did not begin, it tells of, in the same commit; and whose turn it is hears of that.
//!
//! | file | holds |
//! |---|---|
//! | [`names`] | how events and handlers are called |
//! | `story` | what a change of a saga is told as; pure |
//! | `told` | telling it, in the transaction of the change |
//! | [`handlers`] | what begins a step, what undoes, what notes failures that are tolerated |
//! | [`chorus`] | all handlers of a saga with the bus, ready to run |
//! | [`view`] | how far a saga came, and through whose hands |
//!
//! **Invariants:** an event says what is recorded already, so a handler decides from the record, and never
//! from the event. Whenever a step or a compensation becomes due that its turn's author may not begin, the
//! same commit tells of it to whoever may.

pub mod chorus;
pub mod handlers;
pub mod names;
mod story;
mod told;
pub mod view;

pub use chorus::{Choreography, ChoreographyBuilder, ChoreographyError};
pub use handlers::{CompensationHandler, StepHandler, ToleratedFailureHandler};
pub use names::SagaEvents;
pub use view::TransactionView;

pub(super) use story::Before;
pub(super) use told::Told;

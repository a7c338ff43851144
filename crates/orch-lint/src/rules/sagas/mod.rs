//! Sagas on the runtime: what their plans say of the steps, and what is registered for each.
//!
//! ```text
//!   plans     const PLAN: &[StepPlan]
//!   builders  what a builder and a step are made of
//!   scopes    what their names stand for, place by place
//!   names     SagaEvents::of("Order").step("pay", "Paid", "PayFailed")
//!   wiring    setup.sagas(TABLES, PLAN).step("pay", Call::new(..).undone_by(..)).build()
//! ```
//!
//! A plan belongs to a builder that is made of it in the same function, or in the one function that hands the
//! builder on. Where this cannot be told, the plan of a builder is not known and nothing is said of it.

mod builders;
mod names;
mod plans;
mod scopes;
mod wiring;

use crate::model::{DefId, RTy};
use crate::rules::Check;

pub(in crate::rules) use builders::Does;
pub(in crate::rules) use names::{EventNames, Need, Purpose, is_handler_of};
pub(in crate::rules) use plans::{Plan, Undone};
pub(in crate::rules) use wiring::{Told, Wired, Wiring};

/// All sagas of a project.
#[derive(Debug)]
pub(in crate::rules) struct Sagas<'a> {
    /// The plans.
    pub(in crate::rules) plans: Vec<Plan<'a>>,
    /// The builders whose steps are registered.
    pub(in crate::rules) wirings: Vec<Wiring<'a>>,
}

impl<'a> Sagas<'a> {
    /// Reads them.
    pub(in crate::rules) fn of(check: &Check<'_, 'a>) -> Self {
        let mut plans = plans::constants(check.workspace);
        let wirings = wiring::all(check, &mut plans);
        Sagas { plans, wirings }
    }

    /// The plan of a builder, where it is known.
    pub(in crate::rules) fn plan(&self, of: &Wiring<'a>) -> Option<&Plan<'a>> {
        of.plan.map(|at| &self.plans[at])
    }

    /// The plans of the sagas with an input of this type.
    pub(in crate::rules) fn plans_for(&self, input: DefId) -> Vec<&Plan<'a>> {
        let own = self.wirings.iter().filter(|of| of.input == Some(input));
        own.filter_map(|of| self.plan(of)).collect()
    }
}

/// The type of the project that is the input of what a type says: of `SagasBuilder<I>`, `StepRun<I>`.
pub(in crate::rules) fn input_of(ty: &RTy, name: &str) -> Option<DefId> {
    match ty {
        RTy::External(_, args) if ty.is_runtime(name) => match args.first() {
            Some(RTy::Local(id, _)) => Some(*id),
            _ => None,
        },
        RTy::External(_, args) => args.iter().find_map(|arg| input_of(arg, name)),
        _ => None,
    }
}

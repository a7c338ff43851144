//! The steps of a saga and their order: a graph without cycles.
//!
//! | edges | form |
//! |---|---|
//! | each step after the one before | sequential |
//! | none | parallel |
//! | both | hybrid |

use std::fmt;

use serde::{Deserialize, Serialize};

/// A saga has at most so many steps: a set of them is one word.
pub const MAX_STEPS: usize = 64;

/// What undoes a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compensation {
    /// An operation of its own, with its own key.
    Operation,
    /// Nothing: the step leaves nothing behind that has to go. Says why.
    None(&'static str),
}

/// What a step's failure means for the saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weight {
    /// The saga fails, and what happened is undone.
    #[default]
    Required,
    /// The saga goes on, such as without a notification.
    Optional,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepPlan {
    /// Its name in `snake_case`, unique in the saga.
    pub name: &'static str,
    /// The steps that have to be done before it begins.
    pub after: &'static [&'static str],
    /// What undoes it.
    pub compensation: Compensation,
    /// What its failure means.
    pub weight: Weight,
}

/// Why steps are no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to do.
    #[error("the saga has no step")]
    Empty,
    /// There are more than [`MAX_STEPS`].
    #[error("the saga has {0} steps, more than {MAX_STEPS}: make a saga of some of them")]
    TooMany(usize),
    /// Two have one name.
    #[error("two steps are named \"{0}\"")]
    Twice(&'static str),
    /// It waits for one that there is not.
    #[error("step \"{step}\" comes after \"{after}\", and there is no such step")]
    NoSuchStep {
        /// The step.
        step: &'static str,
        /// What it names.
        after: &'static str,
    },
    /// These wait for each other.
    #[error("steps wait for each other: {}", .0.join(" after "))]
    Cycle(Vec<&'static str>),
}

/// Some steps of one saga, by their index.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct StepSet(u64);

impl StepSet {
    /// No step.
    pub const EMPTY: Self = Self(0);

    /// One step.
    #[must_use]
    pub fn one(step: usize) -> Self {
        Self(1 << step)
    }

    /// With those of `other`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a step is among them.
    #[must_use]
    pub fn contains(self, step: usize) -> bool {
        self.0 & (1 << step) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their indices, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_STEPS).filter(move |step| self.contains(*step))
    }
}

impl FromIterator<usize> for StepSet {
    fn from_iter<I: IntoIterator<Item = usize>>(steps: I) -> Self {
        let mut set = Self::EMPTY;
        for step in steps {
            set = set.union(Self::one(step));
        }
        set
    }
}

impl fmt::Debug for StepSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Steps in an order that they can be done in.
#[derive(Debug, Clone)]
pub struct Plan {
    steps: Vec<StepPlan>,
    before: Vec<StepSet>,
    /// All that come after a step, by however many edges.
    behind: Vec<StepSet>,
}

impl Plan {
    /// Checks the steps.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn new(steps: &[StepPlan]) -> Result<Self, PlanError> {
        match steps.len() {
            0 => return Err(PlanError::Empty),
            1..=MAX_STEPS => {}
            many => return Err(PlanError::TooMany(many)),
        }
        for (at, step) in steps.iter().enumerate() {
            if steps[..at].iter().any(|other| other.name == step.name) {
                return Err(PlanError::Twice(step.name));
            }
        }
        let before: Vec<StepSet> = steps
            .iter()
            .map(|step| before(steps, step))
            .collect::<Result<_, _>>()?;
        let order = order(steps, &before)?;
        let mut behind = vec![StepSet::EMPTY; steps.len()];
        for step in order.into_iter().rev() {
            for earlier in before[step].iter() {
                let reached = behind[step].union(StepSet::one(step));
                behind[earlier] = behind[earlier].union(reached);
            }
        }
        Ok(Self {
            steps: steps.to_vec(),
            before,
            behind,
        })
    }

    /// The steps, by index.
    #[must_use]
    pub fn steps(&self) -> &[StepPlan] {
        &self.steps
    }

    /// Those that have to be done before a step begins.
    #[must_use]
    pub fn before(&self, step: usize) -> StepSet {
        self.before[step]
    }

    /// All that come after a step, by however many edges.
    #[must_use]
    pub fn behind(&self, step: usize) -> StepSet {
        self.behind[step]
    }

    /// What it asks for of a saga that has ended.
    pub(super) fn demands(&self) -> Demands {
        let named = |is_wanted: fn(&&StepPlan) -> bool| {
            let wanted = self.steps.iter().filter(is_wanted);
            wanted.map(|step| step.name.to_owned()).collect()
        };
        Demands {
            done: named(|step| step.weight == Weight::Required),
            undone: named(|step| step.compensation == Compensation::Operation),
        }
    }

    /// The index of a step.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.name == name)
    }
}

/// What a plan asks for of sagas that have ended. It is kept with each that begins, because a later plan has other
/// steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Demands {
    /// The steps that have happened when a saga is COMPLETED.
    pub(super) done: Vec<String>,
    /// The steps that are not there when a saga is COMPENSATED.
    pub(super) undone: Vec<String>,
}

impl Demands {
    /// As it is kept.
    pub(super) fn written(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// What was kept; nothing where it is not readable.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

fn before(steps: &[StepPlan], step: &StepPlan) -> Result<StepSet, PlanError> {
    let found = step.after.iter().map(|name| {
        let at = steps.iter().position(|other| other.name == *name);
        at.ok_or(PlanError::NoSuchStep {
            step: step.name,
            after: name,
        })
    });
    found.collect()
}

/// The steps so that each comes after those it waits for (Kahn's algorithm).
fn order(steps: &[StepPlan], before: &[StepSet]) -> Result<Vec<usize>, PlanError> {
    let (mut order, mut done) = (Vec::with_capacity(steps.len()), StepSet::EMPTY);
    while order.len() < steps.len() {
        let is_ready = |step: &usize| {
            !done.contains(*step) && before[*step].iter().all(|earlier| done.contains(earlier))
        };
        let Some(next) = (0..steps.len()).find(is_ready) else {
            return Err(PlanError::Cycle(cycle(steps, before, done)));
        };
        done = done.union(StepSet::one(next));
        order.push(next);
    }
    Ok(order)
}

/// A way from a step back to itself, among those that are not done: each of them waits for another one.
fn cycle(steps: &[StepPlan], before: &[StepSet], done: StepSet) -> Vec<&'static str> {
    let mut way: Vec<usize> = (0..steps.len())
        .filter(|step| !done.contains(*step))
        .take(1)
        .collect();
    while let Some(next) = way.last().and_then(|step| {
        before[*step]
            .iter()
            .find(|earlier| !done.contains(*earlier))
    }) {
        if let Some(start) = way.iter().position(|step| *step == next) {
            way.push(next);
            way.drain(..start);
            break;
        }
        way.push(next);
    }
    way.into_iter().map(|step| steps[step].name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, after: &'static [&'static str]) -> StepPlan {
        StepPlan {
            name,
            after,
            compensation: Compensation::Operation,
            weight: Weight::Required,
        }
    }

    #[test]
    fn what_comes_behind_a_step_is_found_through_every_edge() {
        let plan = Plan::new(&[
            step("ship", &["pay", "pack"]),
            step("reserve", &[]),
            step("pay", &["reserve"]),
            step("pack", &["reserve"]),
        ]);
        let plan = plan.unwrap();
        let names = |set: StepSet| {
            set.iter()
                .map(|at| plan.steps()[at].name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(plan.behind(1)), ["ship", "pay", "pack"]);
        assert_eq!(names(plan.behind(2)), ["ship"]);
        assert_eq!(names(plan.before(0)), ["pay", "pack"]);
        assert_eq!(plan.index_of("pack"), Some(3));
        assert!(plan.behind(0).is_empty());
    }

    #[test]
    fn what_is_no_plan_is_named() {
        let refused = |steps: &[StepPlan]| Plan::new(steps).unwrap_err().to_string();
        assert_eq!(refused(&[]), "the saga has no step");
        assert_eq!(
            refused(&[step("a", &[]), step("a", &[])]),
            "two steps are named \"a\""
        );
        assert_eq!(
            refused(&[step("a", &["b"])]),
            "step \"a\" comes after \"b\", and there is no such step"
        );
        assert_eq!(
            refused(&[step("a", &["a"])]),
            "steps wait for each other: a after a"
        );
        let steps = [
            step("first", &[]),
            step("x", &["first", "c"]),
            step("a", &["b"]),
            step("b", &["c"]),
            step("c", &["a"]),
        ];
        assert_eq!(
            refused(&steps),
            "steps wait for each other: c after a after b after c"
        );
    }

    #[test]
    fn the_last_step_of_the_largest_saga_counts() {
        let names: [&'static str; MAX_STEPS + 1] =
            std::array::from_fn(|at| &*Box::leak(format!("s{at}").into_boxed_str()));
        let all: Vec<StepPlan> = names.iter().map(|name| step(name, &[])).collect();
        let plan = Plan::new(&all[..MAX_STEPS]).unwrap();
        assert_eq!(plan.index_of("s63"), Some(63));
        assert!(StepSet::one(63).contains(63));
        assert_eq!(Plan::new(&all).unwrap_err(), PlanError::TooMany(65));
    }
}

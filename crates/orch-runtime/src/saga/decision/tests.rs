//! Every order in which steps can end, over graphs of every shape.

use proptest::prelude::*;

use super::super::plan::StepPlan;
use super::*;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Edges of one step: a bit for each step before it in the list.
fn after(bits: u64, below: usize) -> &'static [&'static str] {
    let names: Vec<&'static str> = (0..below)
        .filter(|at| bits & (1 << at) != 0)
        .map(|at| NAMES[at])
        .collect();
    Box::leak(names.into_boxed_slice())
}

fn plan(edges: &[(u64, bool, bool)]) -> Plan {
    let steps: Vec<StepPlan> = edges
        .iter()
        .enumerate()
        .map(|(at, (bits, optional, plain))| StepPlan {
            name: NAMES[at],
            after: after(*bits, at),
            compensation: match plain {
                true => Compensation::None("reads only"),
                false => Compensation::Operation,
            },
            weight: match optional {
                true => Weight::Optional,
                false => Weight::Required,
            },
        })
        .collect();
    Plan::new(&steps).unwrap()
}

/// A saga that is carried out by hand.
struct Run<'p> {
    plan: &'p Plan,
    state: SagaState,
    steps: Vec<StepState>,
    stop: Option<Stop>,
    began: Vec<u32>,
    undone: Vec<u32>,
}

impl<'p> Run<'p> {
    fn new(plan: &'p Plan) -> Self {
        let count = plan.steps().len();
        Run {
            plan,
            state: SagaState::Pending,
            steps: vec![StepState::Waiting; count],
            stop: None,
            began: vec![0; count],
            undone: vec![0; count],
        }
    }

    fn set(&mut self, step: usize, to: StepState) {
        assert!(self.steps[step].may_become(to), "{step}: {to}");
        self.steps[step] = to;
    }

    /// Takes the advice, and checks that it may be given.
    fn go_on(&mut self) {
        let situation = Situation {
            state: self.state,
            steps: &self.steps,
            stop: self.stop,
        };
        let advice = advise(self.plan, situation);
        if advice.state != self.state {
            assert!(self.state.may_become(advice.state), "{:?}", self.steps);
            self.state = advice.state;
        }
        for step in advice.start.iter() {
            assert_eq!(
                self.state,
                SagaState::InProgress,
                "nothing begins while it compensates"
            );
            let mut before = self.plan.before(step).iter();
            let is_optional = |at: usize| self.plan.steps()[at].weight == Weight::Optional;
            assert!(before.all(|at| {
                let state = self.steps[at];
                state == StepState::Succeeded
                    || is_optional(at) && matches!(state, StepState::Failed | StepState::InDoubt)
            }));
            self.set(step, StepState::Running);
            self.began[step] += 1;
        }
        for step in advice.undo.iter() {
            for later in self.plan.behind(step).iter() {
                let can_act = matches!(
                    self.steps[later],
                    StepState::Running | StepState::InDoubt | StepState::Undoing
                );
                assert!(
                    !can_act && !advice.undo.contains(later),
                    "{step} before {later}"
                );
                let stays = self.steps[later] == StepState::Succeeded;
                let is_plain = self.plan.steps()[later].compensation != Compensation::Operation;
                assert!(!stays || is_plain, "{step} before {later}");
            }
            self.set(step, StepState::Undoing);
            self.undone[step] += 1;
        }
    }

    /// Lets one of the steps that are under way end, as `how` says.
    fn end_one(&mut self, which: usize, how: u8) -> bool {
        let open: Vec<usize> = (0..self.steps.len())
            .filter(|at| matches!(self.steps[*at], StepState::Running | StepState::Undoing))
            .collect();
        let Some(step) = open.get(which % open.len().max(1)).copied() else {
            return false;
        };
        let to = match (self.steps[step], how % 8) {
            (StepState::Running, 0) => StepState::Failed,
            (StepState::Running, 1) => StepState::InDoubt,
            (StepState::Running, _) => StepState::Succeeded,
            (_, 0) => StepState::UndoParked,
            _ => StepState::Undone,
        };
        self.set(step, to);
        true
    }

    /// What a person does in the end.
    fn decide(&mut self, how: u8) -> bool {
        let mut waiting = (0..self.steps.len())
            .filter(|at| matches!(self.steps[*at], StepState::InDoubt | StepState::UndoParked));
        let Some(step) = waiting.next() else {
            return false;
        };
        let to = match (self.steps[step], how % 2) {
            (StepState::InDoubt, 0) => StepState::Failed,
            (StepState::InDoubt, _) => StepState::Succeeded,
            (_, 0) => StepState::Left,
            _ => StepState::Undoing,
        };
        self.set(step, to);
        true
    }

    fn has(&self, state: StepState) -> bool {
        self.steps.contains(&state)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whatever fails, in whatever order, and whoever stops it: it ends, each step has its effect at most
    /// once, and what is left of it is what its state says.
    #[test]
    fn a_saga_ends_whole_or_undone(
        edges in prop::collection::vec((any::<u64>(), any::<bool>(), any::<bool>()), 1..=6),
        schedule in prop::collection::vec((any::<usize>(), any::<u8>()), 64),
        stop in prop::option::of((0..12_usize, any::<bool>())),
    ) {
        let plan = plan(&edges);
        let mut run = Run::new(&plan);
        for (turn, (which, how)) in schedule.into_iter().enumerate() {
            if let Some((_, cancelled)) = stop.filter(|(at, _)| *at == turn) {
                run.stop = Some(if cancelled { Stop::Cancelled } else { Stop::DeadlinePassed });
            }
            run.go_on();
            if run.state.is_final() || (!run.end_one(which, how) && !run.decide(how)) {
                break;
            }
        }
        prop_assert!(run.state.is_final(), "{:?} {:?}", run.state, run.steps);
        prop_assert!(run.began.iter().all(|times| *times <= 1));
        let steps = plan.steps();
        for (step, state) in run.steps.iter().enumerate() {
            let open = matches!(
                state,
                StepState::Running | StepState::Undoing | StepState::UndoParked
            );
            prop_assert!(!open, "{state}");
            let is_required = steps[step].weight == Weight::Required;
            let can_be_undone = steps[step].compensation == Compensation::Operation;
            match run.state {
                SagaState::Completed if is_required => prop_assert_eq!(*state, StepState::Succeeded),
                SagaState::Completed => prop_assert!(run.undone[step] == 0),
                SagaState::Compensated | SagaState::Failed => {
                    prop_assert!(*state != StepState::InDoubt);
                    prop_assert!(*state != StepState::Succeeded || !can_be_undone);
                }
                _ => {}
            }
        }
        match run.state {
            SagaState::Compensated => prop_assert!(run.has(StepState::Undone)),
            SagaState::Failed => {
                prop_assert!(run.has(StepState::Left) || !run.has(StepState::Undone));
            }
            _ => {}
        }
    }
}

fn situation(steps: &[StepState]) -> Situation<'_> {
    Situation {
        state: SagaState::InProgress,
        steps,
        stop: None,
    }
}

/// Reserve, then pay and pack at once, then ship; `notify` may fail.
fn order() -> Plan {
    let step = |name, after, weight| StepPlan {
        name,
        after,
        compensation: Compensation::Operation,
        weight,
    };
    let steps = [
        step("reserve", &[][..], Weight::Required),
        step("pay", &["reserve"], Weight::Required),
        step("pack", &["reserve"], Weight::Required),
        step("notify", &["pay", "pack"], Weight::Optional),
    ];
    Plan::new(&steps).unwrap()
}

#[test]
fn steps_that_wait_for_nothing_begin_together() {
    use StepState::{Succeeded, Waiting};
    let advice = advise(&order(), situation(&[Succeeded, Waiting, Waiting, Waiting]));
    assert_eq!(advice.start.iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_was_built_on_a_step_goes_before_it() {
    use StepState::{Failed, Running, Succeeded, Undone, Waiting};
    let undo = |steps: &[StepState]| advise(&order(), situation(steps)).undo;
    let late = [Succeeded, Failed, Running, Waiting];
    assert!(undo(&late).is_empty(), "packing may still succeed");
    assert_eq!(
        undo(&[Succeeded, Failed, Succeeded, Waiting]),
        StepSet::one(2)
    );
    assert_eq!(undo(&[Succeeded, Failed, Undone, Waiting]), StepSet::one(0));
}

/// A failing confirmation mail would otherwise refund an order that is paid and packed.
#[test]
fn an_order_stays_paid_when_its_notification_fails_or_is_late() {
    use StepState::{Failed, Running, Succeeded};
    let done = advise(
        &order(),
        situation(&[Succeeded, Succeeded, Succeeded, Failed]),
    );
    assert_eq!(done.state, SagaState::Completed);
    let late = Situation {
        stop: Some(Stop::DeadlinePassed),
        ..situation(&[Succeeded, Succeeded, Succeeded, Running])
    };
    assert_eq!(advise(&order(), late).state, SagaState::InProgress);
}

#[test]
fn a_compensation_that_fails_holds_nothing_up_and_waits_for_a_person() {
    use StepState::{Failed, Left, Succeeded, UndoParked, Undone, Waiting};
    let compensating = |steps: &[StepState]| {
        advise(
            &order(),
            Situation {
                state: SagaState::Compensating,
                ..situation(steps)
            },
        )
    };
    let parked = compensating(&[Succeeded, Failed, UndoParked, Waiting]);
    assert_eq!(parked.undo, StepSet::one(0));
    let waits = compensating(&[Undone, Failed, UndoParked, Waiting]);
    assert_eq!(waits, Advice::state(SagaState::Compensating));
    let left = compensating(&[Undone, Failed, Left, Waiting]);
    assert_eq!(left.state, SagaState::Failed);
    let undone = compensating(&[Undone, Failed, Undone, Waiting]);
    assert_eq!(undone.state, SagaState::Compensated);
}

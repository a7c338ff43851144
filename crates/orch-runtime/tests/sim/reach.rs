//! What the seeds reach: a simulation that never gets into trouble proves nothing.

use std::collections::{BTreeSet, HashSet};

use orch_runtime::fault::{Boundary, Step};
use orch_runtime::testing::sim::{REPLIES, Run, Simulator};

use crate::charge::Honest;
use crate::hybrid::Hybrid;

/// Seeds among which every kind of end is.
const SEEDS: u64 = 300;

/// Seeds among which every kind of end of sagas is.
const SAGA_SEEDS: u64 = 40;

/// Deaths at a boundary after a kind of reply.
#[derive(Debug, Default)]
pub(crate) struct Reached(HashSet<(Boundary, &'static str)>);

impl Reached {
    pub(crate) fn note(&mut self, run: &Run) {
        for (boundary, replies) in &run.deaths {
            self.0
                .extend(replies.iter().map(|reply| (*boundary, *reply)));
        }
    }

    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn assert_everything(&self) {
        let replies = |boundary| self.0.iter().filter(move |(at, _)| *at == boundary);
        let missed = |boundary: &Boundary| replies(*boundary).count() < REPLIES;
        let of_operations = |boundary: &Boundary| !OF_SAGAS.contains(boundary);
        let all = Boundary::ALL.into_iter().filter(of_operations);
        let missed: Vec<_> = all.filter(missed).collect();
        let reached = |boundary: &Boundary| replies(*boundary).collect::<Vec<_>>();
        let reached: Vec<_> = missed.iter().map(reached).collect();
        assert!(missed.is_empty(), "only after some replies: {reached:?}");
    }

    /// Processes died before and after transactions of sagas, after several kinds of replies.
    pub(crate) fn assert_sagas(&self) {
        for boundary in OF_SAGAS {
            let replies = self.0.iter().filter(|(at, _)| *at == boundary).count();
            assert!(replies > 2, "{boundary} only after {replies} replies");
        }
    }
}

/// The boundaries that nothing reaches where there are only operations.
const OF_SAGAS: [Boundary; 2] = [
    Boundary::BeforeCommit(Step::Transaction),
    Boundary::AfterCommit(Step::Transaction),
];

/// Every way in which an operation can end, answers that come too late to count, and what can become of
/// a callback of an honest provider.
#[test]
fn operations_come_to_every_end() {
    let simulator = Simulator::new(Honest);
    let ends = [
        "to COMPLETED: Yes",
        "to COMPLETED: Applied",
        "to FAILED: Yes",
        "to FAILED: Applied",
        "to PARKED: Yes",
        ": Stale",
        "HookFailed",
        "freezes",
        "key-0 is another",
        "key-0 is op-",
        "APPLIED: true",
        "CONFIRMED: true",
        "Duplicate",
        "lost: true",
        "is parked no more",
        "purge callbacks: 1",
    ];
    let mut missing: BTreeSet<_> = ends.into();
    for seed in 0..SEEDS {
        let run = simulator.run(seed, true).unwrap();
        missing.retain(|end| !run.trace.iter().any(|line| line.contains(end)));
    }
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

/// Every way in which a saga and its steps can end, and persons and lost answers on the way.
#[test]
fn sagas_come_to_every_end() {
    let simulator = Simulator::new(Hybrid);
    let ends = [
        " is COMPLETED",
        " is COMPENSATED",
        " is FAILED",
        " is IN_DOUBT",
        " is UNDONE",
        "says Cancel",
        "says Compensate",
        "by orchestration",
        "by choreography",
        "connection lost",
        "dies at before-transaction-commit",
        "dies at after-transaction-commit",
        "freezes",
    ];
    let mut missing: BTreeSet<_> = ends.into();
    for seed in 0..SAGA_SEEDS {
        let run = simulator.run(seed, true).unwrap();
        missing.retain(|end| !run.trace.iter().any(|line| line.contains(end)));
    }
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

//! A fleet of gates on one record: processes that enter, finish, sync, stall and die in any order.

use std::time::Duration;

use proptest::prelude::*;

use super::tests::{Lane, at};
use super::*;
use crate::clock::{between, later};
use crate::protection::{Rate, RetryBudget};

#[derive(Debug, Clone)]
enum Step {
    Enter(usize, bool),
    Finish(usize, u8),
    Sync(usize),
    /// The transaction commits, and its answer is lost.
    Lost(usize),
    /// Calls enter between a report and its answer.
    EnterWithin(usize),
    Die(usize),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let process = 0_usize..4;
    prop_oneof![
        8 => (process.clone(), any::<bool>()).prop_map(|(p, repeat)| Step::Enter(p, repeat)),
        6 => (process.clone(), 0_u8..12).prop_map(|(p, result)| Step::Finish(p, result)),
        3 => process.clone().prop_map(Step::Sync),
        1 => process.clone().prop_map(Step::Lost),
        2 => process.clone().prop_map(Step::EnterWithin),
        1 => process.prop_map(Step::Die),
        4 => (1_u16..2_500).prop_map(Step::Pass),
    ]
}

/// A process: its gate, its calls, and how far its clock is off.
struct Process {
    gate: Gate,
    skew: i64,
    calls: Vec<Permit>,
}

/// Four processes, killed and started again, on one lane.
struct Fleet {
    policy: ProtectionPolicy,
    lane: Lane,
    now: i64,
    born: usize,
    processes: Vec<Process>,
    calls: f64,
    fresh: f64,
    repeats: f64,
}

impl Fleet {
    fn new(policy: ProtectionPolicy) -> Self {
        let mut fleet = Self {
            policy,
            lane: Lane::default(),
            now: 0,
            born: 0,
            processes: Vec::new(),
            calls: 0.0,
            fresh: 0.0,
            repeats: 0.0,
        };
        for _ in 0..4 {
            let process = fleet.birth();
            fleet.processes.push(process);
        }
        fleet
    }

    fn birth(&mut self) -> Process {
        self.born += 1;
        Process {
            gate: Gate::new(self.born.to_string(), self.policy.clone()),
            skew: [0, 2_500, -2_300, 900][self.born % 4],
            calls: Vec::new(),
        }
    }

    fn clock(&self, process: usize) -> i64 {
        self.now + self.processes[process].skew
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Enter(process, repeat) => self.enter(process, repeat),
            Step::Finish(process, result) => self.finish(process, result),
            Step::Sync(process) => self.sync(process, true),
            Step::Lost(process) => self.sync(process, false),
            Step::EnterWithin(process) => {
                let clock = at(self.clock(process));
                let report = self.processes[process].gate.report(clock);
                let grant = self.lane.ask(&self.policy, &report, clock);
                for _ in 0..4 {
                    self.enter(process, false);
                }
                self.processes[process].gate.apply(grant);
            }
            Step::Die(process) => {
                let next = self.birth();
                self.processes[process] = next;
            }
            Step::Pass(millis) => {
                self.now += i64::from(millis);
                for process in 0..self.processes.len() {
                    let clock = at(self.clock(process));
                    if self.processes[process].gate.next_sync(clock) <= clock {
                        self.sync(process, true);
                    }
                }
            }
        }
    }

    fn enter(&mut self, process: usize, repeat: bool) {
        let clock = at(self.clock(process));
        let kind = if repeat {
            CallKind::Repeat
        } else {
            CallKind::Fresh
        };
        let gate = &self.processes[process].gate;
        let room = gate.room(clock);
        let permit = gate.try_enter(kind, clock);
        let expected = if repeat { room.repeat } else { room.fresh };
        let probes = permit.as_ref().is_ok_and(Permit::is_probe);
        assert!(
            probes || permit.is_ok() == (expected > 0),
            "{room:?} {permit:?}"
        );
        if let Ok(permit) = permit {
            self.calls += 1.0;
            self.fresh += f64::from(u8::from(!repeat));
            self.repeats += f64::from(u8::from(repeat && !probes));
            self.processes[process].calls.push(permit);
        }
    }

    fn finish(&mut self, process: usize, result: u8) {
        let until = later(at(self.clock(process)), Duration::from_secs(3));
        if let Some(permit) = self.processes[process].calls.pop() {
            permit.finish(match result {
                0 => CallResult::Paused { until },
                1..=5 => CallResult::Failed,
                _ => CallResult::Answered,
            });
        }
    }

    fn sync(&mut self, process: usize, heard: bool) {
        let clock = at(self.clock(process));
        let report = self.processes[process].gate.report(clock);
        let grant = self.lane.ask(&self.policy, &report, clock);
        if heard {
            self.processes[process].gate.apply(grant);
        }
    }

    fn running(&self) -> impl Iterator<Item = &Permit> {
        self.processes.iter().flat_map(|process| &process.calls)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_fleet_keeps_to_its_limits(
        steps in prop::collection::vec(step(), 1..250),
        bulkhead in 1_u32..8,
        per_second in 1_u32..20,
        min_calls in 1_u32..6,
    ) {
        let burst = 5;
        let budget = RetryBudget { ratio: 0.5, floor_per_second: 1 };
        let mut policy = ProtectionPolicy {
            bulkhead: Some(bulkhead),
            rate: Some(Rate { per_second: f64::from(per_second), burst }),
            retry_budget: Some(budget.clone()),
            ..ProtectionPolicy::default()
        };
        if let Some(breaker) = &mut policy.breaker {
            breaker.min_calls = min_calls;
            breaker.open_for = Duration::from_secs(2);
        }
        let mut fleet = Fleet::new(policy);
        for step in &steps {
            fleet.run(step);
            let running = fleet.running().count();
            prop_assert!(running <= usize::try_from(bulkhead).unwrap(), "{running} under way");
            prop_assert!(fleet.running().filter(|call| call.is_probe()).count() <= 1);
            // The record's time began up to five seconds ahead or behind.
            let seconds = between(at(0), at(fleet.now)).as_secs_f64() + 5.0;
            let calls = f64::from(burst) + f64::from(per_second) * seconds;
            prop_assert!(fleet.calls <= calls, "{} calls, {calls} allowed", fleet.calls);
            let repeats = budget.ratio * fleet.fresh + seconds;
            prop_assert!(fleet.repeats <= repeats, "{} repeats, {repeats} allowed", fleet.repeats);
        }
    }
}

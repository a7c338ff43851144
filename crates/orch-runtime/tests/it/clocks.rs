//! Two processes whose clocks differ. The database's own clock, years away from both, is asked by nobody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_runtime::clock::{Clock, Sleep, SystemClock};
use orch_runtime::engine::EngineConfig;
use orch_runtime::fault::NoFaults;
use orch_runtime::scheduler::{FinalizerConfig, ReaperConfig};
use orch_runtime::store::{Claim, Term};
use orch_runtime::testing::{ManualClock, TestDatabase};
use orch_runtime::{
    Command as _, Engine, Finalizer, IdemKey, Idempotency, OpId, OperationState, Orchestrator,
    Outcome, OwnerId, Probe, Reaper, Timestamp,
};

use crate::STORE;
use crate::charge::{Charge, MIGRATIONS, TABLES, charge, idempotency};

const STEP: Duration = Duration::from_secs(1);
/// How long a call takes until it has its effect; the policy allows ten seconds.
const CALL: Duration = Duration::from_secs(8);
/// How far clocks may differ: the lease without the pause between two heartbeats.
const TOLERATED: Duration = Duration::from_secs(9);
const BEYOND: Duration = Duration::from_secs(20);
const OPERATIONS: u64 = 24;
/// A settling time and all backoffs, many times over.
const PATIENCE: u64 = 600;

/// A clock that is ahead of the true time.
#[derive(Debug, Clone)]
struct Ahead {
    truth: ManualClock,
    by: Duration,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.truth.now() + self.by
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.truth.sleep(duration)
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    running: u32,
    most_at_once: u32,
    effects: u32,
}

/// A provider that takes its time, and notes what it is asked to do at the same time.
#[derive(Debug, Clone)]
struct Slow {
    truth: ManualClock,
    keyed: bool,
    seen: Arc<Mutex<HashMap<OpId, Seen>>>,
}

impl Slow {
    fn note(&self, op_id: &OpId, change: impl FnOnce(&mut Seen)) {
        change(self.seen.lock().unwrap().entry(op_id.clone()).or_default());
    }

    fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().values().copied().collect()
    }
}

impl Orchestrator for Slow {
    type Command = Charge;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        idempotency(self.keyed)
    }

    async fn execute(&self, op_id: &OpId, _command: &Charge) -> Outcome {
        self.note(op_id, |seen| {
            seen.running += 1;
            seen.most_at_once = seen.most_at_once.max(seen.running);
        });
        self.truth.sleep(CALL).await;
        self.note(op_id, |seen| {
            seen.running -= 1;
            if !self.keyed || seen.effects == 0 {
                seen.effects += 1;
            }
        });
        Outcome::ok("charged", "ref")
    }

    async fn probe(&self, op_id: &OpId, _command: &Charge) -> Probe {
        let seen = self.seen.lock().unwrap().get(op_id).copied();
        if seen.is_some_and(|seen| seen.effects > 0) {
            return Probe::Committed {
                message: "charged".to_owned(),
                provider_ref: None,
                result: None,
            };
        }
        Probe::NotCommitted
    }
}

/// Two processes, one of them ahead of the other.
struct Pair {
    truth: ManualClock,
    provider: Slow,
    engines: [Engine; 2],
    clocks: [Ahead; 2],
    reaped: usize,
    _place: TestDatabase,
}

impl Pair {
    fn new(ahead: Duration, keyed: bool) -> Self {
        let (truth, place) = (
            ManualClock::default(),
            TestDatabase::fresh(STORE, MIGRATIONS),
        );
        let provider = Slow {
            truth: truth.clone(),
            keyed,
            seen: Arc::default(),
        };
        let clocks = [Duration::ZERO, ahead].map(|by| Ahead {
            truth: truth.clone(),
            by,
        });
        let engines = clocks.each_ref().map(|clock| {
            let database = place.open(Arc::new(NoFaults));
            Engine::builder(database.operations(TABLES), TABLES)
                .clock(Arc::new(clock.clone()))
                .register(provider.clone())
                .build()
                .unwrap()
        });
        Self {
            truth,
            provider,
            engines,
            clocks,
            reaped: 0,
            _place: place,
        }
    }

    async fn submit(&self, process: usize, number: u64) -> OpId {
        let key = IdemKey::new(format!("key-{number}")).unwrap();
        let command = charge("order");
        let submitted = self.engines[process].submit(OwnerId::anonymous(), key, &command);
        submitted.await.unwrap().op_id
    }

    /// An operation whose worker, in this process, is lost before it calls.
    async fn lose(&self, process: usize) -> OpId {
        let engine = &self.engines[process];
        engine.drain(Duration::ZERO).await;
        let op_id = self.submit(process, 1).await;
        let now = self.clocks[process].now();
        let term = Term {
            worker: "lost".into(),
            expires_at: now + EngineConfig::default().lease,
        };
        let claim = Claim {
            term,
            event_types: [Charge::EVENT_TYPE].into(),
            due_from: Timestamp::UNIX_EPOCH,
            limit: 1,
            repeats: None,
        };
        let leased = engine.store().claim(now, claim).await.unwrap();
        assert_eq!(leased.len(), 1);
        op_id
    }

    /// One second of both processes, with all that they do in it. A lost one does nothing. The tasks of
    /// the calls go on when the database answers, which is given some true time.
    async fn step(&mut self, second: u64, lost: Option<usize>) {
        self.truth.advance(STEP);
        SystemClock.sleep(Duration::from_millis(3)).await;
        for (process, engine) in self.engines.iter().enumerate() {
            if lost == Some(process) {
                continue;
            }
            let now = self.clocks[process].now();
            engine.dispatch_once().await.unwrap();
            if second.is_multiple_of(5) {
                engine.heartbeat_once().await;
                let finalizer = Finalizer::new(engine, FinalizerConfig::default());
                finalizer.run_once(now).await.unwrap();
            }
            let reaper = Reaper::new(engine, ReaperConfig::default());
            self.reaped += reaper.run_once(now).await.unwrap().reaped;
        }
    }

    async fn state(&self, op_id: &OpId) -> OperationState {
        let found = self.engines[0].find(&OwnerId::anonymous(), op_id).await;
        found.unwrap().unwrap().state
    }

    /// Operations that come to both processes, until all have ended.
    async fn all_complete(&mut self) {
        let mut op_ids = Vec::new();
        for second in 0..PATIENCE {
            if second < OPERATIONS {
                let process = usize::try_from(second % 2).unwrap();
                op_ids.push(self.submit(process, second).await);
            }
            self.step(second, None).await;
            let mut ended = 0;
            for op_id in &op_ids {
                ended += u64::from(self.state(op_id).await.is_final());
            }
            if ended == OPERATIONS {
                break;
            }
        }
        for op_id in &op_ids {
            assert_eq!(self.state(op_id).await, OperationState::Completed);
        }
        let seen = self.provider.all();
        assert_eq!(seen.len(), op_ids.len());
        for seen in seen {
            assert_eq!(seen.effects, 1, "{seen:?}");
        }
    }

    fn most_at_once(&self) -> u32 {
        let seen = self.provider.all();
        seen.iter().map(|seen| seen.most_at_once).max().unwrap()
    }
}

/// Half of the fleet has a clock that nobody sets. Nothing is taken from a worker that lives.
#[tokio::test]
async fn clocks_that_differ_by_less_than_a_lease_without_a_heartbeat_are_not_noticed() {
    for keyed in [true, false] {
        let mut pair = Pair::new(TOLERATED, keyed);
        pair.all_complete().await;
        assert_eq!((pair.reaped, pair.most_at_once()), (0, 1), "keyed: {keyed}");
    }
}

/// Whoever is ahead by more than a lease takes every operation from workers that live, and asks about
/// calls that are under way. A provider without keys must not be called again until they have settled;
/// one with keys is sent the same key once more.
#[tokio::test]
async fn clocks_that_differ_by_more_than_a_lease_cost_questions_and_repeat_no_effect() {
    for keyed in [true, false] {
        let mut pair = Pair::new(BEYOND, keyed);
        pair.all_complete().await;
        assert!(pair.reaped > 0, "keyed: {keyed}");
        let at_once = if keyed { 2 } else { 1 };
        assert!(pair.most_at_once() <= at_once, "keyed: {keyed}");
    }
}

/// The lease of a worker that is lost ends by the clock of whoever looks: earlier by what it is ahead,
/// and later by what the lost one was.
#[tokio::test]
async fn a_lease_ends_early_or_late_by_the_difference_and_by_no_more() {
    for (lost, after) in [(0, 15 - 9), (1, 15 + 9)] {
        let mut pair = Pair::new(TOLERATED, false);
        let op_id = pair.lose(lost).await;
        for second in 1..=after {
            assert_eq!(pair.state(&op_id).await, OperationState::InProgress);
            assert_eq!(pair.reaped, 0, "process {lost}, second {second}");
            pair.step(second, Some(lost)).await;
        }
        assert_eq!(pair.reaped, 1, "process {lost}");
    }
}

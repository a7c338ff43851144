//! One simulated process: an engine, its schedulers, and the boundary at which it will die.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::engine::Engine;
use crate::fault::{Boundary, Fate, FaultPlan, Step};
use crate::scheduler::{
    CallbackSweeper, CallbackSweeperConfig, Cleaner, CleanerConfig, Finalizer, FinalizerConfig,
    Reaper, ReaperConfig,
};
use crate::store::sqlite::SqliteStore;

use super::sagas::SimSagas;
use super::stage::{Life, SimClock, Stage};

/// For how long applied log entries and settled callbacks stay in simulations: short, so that the Cleaner has work.
pub(super) const RETENTION: Duration = Duration::from_secs(120);

/// Boundaries that few runs reach, so that more should die there.
const RARE: [Boundary; 7] = [
    Boundary::BeforeCommit(Step::Record),
    Boundary::AfterCommit(Step::Record),
    Boundary::InFinalize,
    Boundary::BeforeCommit(Step::Finalize),
    Boundary::AfterCommit(Step::Finalize),
    Boundary::BeforeCommit(Step::Reap),
    Boundary::AfterCommit(Step::Reap),
];

/// Boundaries of callbacks, which are as rare.
const OF_CALLBACKS: [Boundary; 4] = [
    Boundary::BeforeCommit(Step::Receive),
    Boundary::AfterCommit(Step::Receive),
    Boundary::BeforeCommit(Step::Mark),
    Boundary::AfterCommit(Step::Mark),
];

/// Boundaries of sagas, which are reached again and again.
const OF_SAGAS: [Boundary; 2] = [
    Boundary::BeforeCommit(Step::Transaction),
    Boundary::AfterCommit(Step::Transaction),
];

/// Dies when it reaches a boundary for the n-th time.
#[derive(Debug)]
pub(super) struct Faults {
    pub(super) stage: Arc<Stage>,
    pub(super) life: Life,
    armed: Mutex<Option<(Boundary, u64)>>,
    dead: AtomicBool,
}

impl Faults {
    /// As chance will have it, of a domain that takes callbacks or does not, and serves sagas or does not.
    pub(super) fn new(
        stage: &Arc<Stage>,
        life: Life,
        (callbacks, sagas): (bool, bool),
    ) -> Arc<Self> {
        let armed = {
            let mut scene = stage.scene();
            let deadly = !scene.calm && scene.random.chance(85);
            deadly.then(|| {
                let random = &mut scene.random;
                if sagas && random.chance(50) {
                    return (random.pick(&OF_SAGAS), random.between(1, 16));
                }
                let boundary = if callbacks && random.chance(40) {
                    random.pick(&OF_CALLBACKS)
                } else if random.chance(50) {
                    random.pick(&RARE)
                } else {
                    random.pick(&Boundary::ALL)
                };
                (boundary, random.pick(&[1, 1, 2, 3]))
            })
        };
        Arc::new(Self {
            stage: Arc::clone(stage),
            life,
            armed: Mutex::new(armed),
            dead: AtomicBool::new(false),
        })
    }

    pub(super) fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// It will not die any more.
    pub(super) fn disarm(&self) {
        *self.armed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl FaultPlan for Faults {
    fn reach(&self, boundary: Boundary) -> Fate {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, times)) = armed.as_mut()
            && *at == boundary
            && !self.is_dead()
        {
            *times -= 1;
            if *times == 0 {
                *armed = None;
                let mut scene = self.stage.scene();
                scene.note(format_args!("{} dies at {boundary}", self.life));
                let replies = scene.replies.clone();
                scene.deaths.push((boundary, replies));
                drop(scene);
                self.die();
            }
        }
        if self.is_dead() {
            Fate::Die
        } else {
            Fate::Continue
        }
    }
}

/// What a process does by itself, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Dispatch,
    Heartbeat,
    Finalize,
    Reap,
    Clean,
    Sweep,
    Look,
    Deliver,
}

impl Round {
    /// What a process does for operations.
    const OF_OPERATIONS: [Self; 6] = [
        Self::Heartbeat,
        Self::Finalize,
        Self::Reap,
        Self::Clean,
        Self::Sweep,
        Self::Dispatch,
    ];

    /// And for sagas.
    const ALL: [Self; 8] = [
        Self::Heartbeat,
        Self::Finalize,
        Self::Reap,
        Self::Clean,
        Self::Sweep,
        Self::Dispatch,
        Self::Look,
        Self::Deliver,
    ];

    /// All of a process that has sagas, or has none.
    pub(super) fn of(has_sagas: bool) -> &'static [Self] {
        match has_sagas {
            true => &Self::ALL,
            false => &Self::OF_OPERATIONS,
        }
    }
}

/// A process that runs.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) life: Life,
    pub(super) engine: Engine,
    pub(super) store: SqliteStore,
    pub(super) faults: Arc<Faults>,
    /// It makes no progress until then.
    pub(super) frozen_until: Option<Timestamp>,
    clock: SimClock,
    finalizer: Finalizer,
    reaper: Reaper,
    cleaner: Cleaner,
    sweeper: CallbackSweeper,
    pub(super) sagas: Option<SimSagas>,
    under_way: [Arc<AtomicBool>; Round::ALL.len()],
}

impl Process {
    pub(super) fn new(
        life: Life,
        engine: Engine,
        store: SqliteStore,
        faults: Arc<Faults>,
        clock: SimClock,
    ) -> Self {
        let cleaning = CleanerConfig {
            retention: RETENTION,
            ..CleanerConfig::default()
        };
        Self {
            life,
            finalizer: Finalizer::new(&engine, FinalizerConfig::default()),
            reaper: Reaper::new(&engine, ReaperConfig::default()),
            cleaner: Cleaner::new(&engine, cleaning),
            sweeper: CallbackSweeper::new(&engine, CallbackSweeperConfig::default()),
            engine,
            store,
            faults,
            frozen_until: None,
            sagas: None,
            clock,
            under_way: Default::default(),
        }
    }

    /// It has sagas, too, and hears of what ends.
    pub(super) fn with_sagas(mut self, sagas: Option<SimSagas>) -> Self {
        if let Some(sagas) = &sagas {
            tokio::spawn(sagas.hear());
        }
        self.sagas = sagas;
        self
    }

    /// Whether a round of this kind still runs.
    pub(super) fn is_under_way(&self, round: Round) -> bool {
        self.under_way[round as usize].load(Ordering::SeqCst)
    }

    /// Begins a round, unless the last one of its kind still runs, or there is no inbox to sweep; whether
    /// it began.
    pub(super) fn begin(&self, round: Round) -> bool {
        if round == Round::Sweep && !self.engine.takes_callbacks() {
            return false;
        }
        let flag = Arc::clone(&self.under_way[round as usize]);
        if flag.swap(true, Ordering::SeqCst) {
            return false;
        }
        let stage = &self.clock.stage;
        stage.note(format_args!("{} begins to {round:?}", self.life));
        let (engine, now) = (self.engine.clone(), self.clock.now());
        let (finalizer, reaper) = (self.finalizer.clone(), self.reaper.clone());
        let (cleaner, sweeper) = (self.cleaner.clone(), self.sweeper.clone());
        let sagas = self.sagas.clone();
        // Trouble is in the trace already: the store noted it.
        tokio::spawn(async move {
            match round {
                Round::Dispatch => drop(engine.dispatch_once().await),
                Round::Heartbeat => engine.heartbeat_once().await,
                Round::Finalize => drop(finalizer.run_once(now).await),
                Round::Reap => drop(reaper.run_once(now).await),
                Round::Clean => drop(cleaner.run_once(now).await),
                Round::Sweep => drop(sweeper.run_once(now).await),
                Round::Look | Round::Deliver => {
                    let Some(sagas) = sagas else { return };
                    match round {
                        Round::Look => sagas.look(now).await,
                        _ => sagas.deliver(now).await,
                    }
                }
            }
            flag.store(false, Ordering::SeqCst);
        });
        true
    }
}

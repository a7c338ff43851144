//! What all simulated processes share: the time, the chance, the record, and the places at which tasks
//! wait until they are let go on.
//!
//! Every task of a process waits here after each call to the store or the provider and at each sleep.
//! The world lets one go on at a time, so that the order in which tasks run is the world's choice and
//! nothing else's.

use std::collections::BTreeSet;
use std::fmt::{self, Arguments};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::{Clock, Sleep, Timestamp, from_millis, later};
use crate::fault::Boundary;
use crate::ids::{IdSource, OpId};

use super::invariant::{Invariant, Violation};
use super::random::Random;
use super::trace::Trace;

/// One life of one simulated process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Life {
    pub(super) slot: usize,
    pub(super) number: u32,
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}.{}", self.slot, self.number)
    }
}

/// A task that waits.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) number: u64,
    pub(super) life: Life,
    pub(super) what: &'static str,
    pub(super) until: Timestamp,
    go_on: oneshot::Sender<()>,
}

/// What is behind the lock.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) now: Timestamp,
    pub(super) random: Random,
    pub(super) trace: Trace,
    pub(super) parked: Vec<Parked>,
    /// Kept so that nobody who waits for a dead process is told.
    buried: Vec<Parked>,
    dead: BTreeSet<Life>,
    numbers: u64,
    /// Whether nothing goes wrong on purpose any more.
    pub(super) calm: bool,
    pub(super) violation: Option<Violation>,
    /// What the provider was told to do so far, by name.
    pub(super) replies: BTreeSet<&'static str>,
    /// Deaths, each with what the provider had done before.
    pub(super) deaths: Vec<(Boundary, BTreeSet<&'static str>)>,
}

/// Shared by everything in one run.
#[derive(Debug)]
pub(super) struct Stage(Mutex<Scene>);

/// 2025-01-01T00:00:00Z.
fn beginning() -> Timestamp {
    from_millis(1_735_689_600_000)
}

impl Stage {
    pub(super) fn new(seed: u64, whole: bool) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Scene {
            now: beginning(),
            random: Random::new(seed),
            trace: Trace::new(whole),
            parked: Vec::new(),
            buried: Vec::new(),
            dead: BTreeSet::new(),
            numbers: 0,
            calm: false,
            violation: None,
            replies: BTreeSet::new(),
            deaths: Vec::new(),
        })))
    }

    pub(super) fn scene(&self) -> MutexGuard<'_, Scene> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, what: Arguments<'_>) {
        self.scene().note(what);
    }

    /// Notes the first broken promise; later ones follow from it.
    pub(super) fn violated(&self, invariant: Invariant, what: String) {
        let mut scene = self.scene();
        if scene.violation.is_none() {
            scene.note(format_args!("VIOLATION {invariant}: {what}"));
            scene.violation = Some(Violation { invariant, what });
        }
    }

    /// Waits at this place until the world lets the task go on, not before `until`.
    pub(super) fn park(
        self: &Arc<Self>,
        life: Life,
        what: &'static str,
        until: Timestamp,
    ) -> Pause {
        let mut scene = self.scene();
        let number = scene.number();
        let (go_on, waiting) = oneshot::channel();
        let parked = Parked {
            number,
            life,
            what,
            until,
            go_on,
        };
        if scene.dead.contains(&life) {
            scene.buried.push(parked);
        } else {
            scene.parked.push(parked);
        }
        Pause {
            stage: Arc::clone(self),
            number,
            waiting,
        }
    }
}

impl Scene {
    pub(super) fn note(&mut self, what: Arguments<'_>) {
        let millis = (self.now - beginning()).num_milliseconds();
        self.trace.note(millis, what);
    }

    /// A number that nothing else in this run has.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Lets the task at `at` go on.
    pub(super) fn release(&mut self, at: usize) {
        let parked = self.parked.remove(at);
        self.note(format_args!("{} goes on: {}", parked.life, parked.what));
        let _ = parked.go_on.send(());
    }

    /// Nothing of `life` runs any more.
    pub(super) fn bury(&mut self, life: Life) {
        self.dead.insert(life);
        let (buried, parked) = std::mem::take(&mut self.parked)
            .into_iter()
            .partition(|parked| parked.life == life);
        self.parked = parked;
        self.buried.extend::<Vec<_>>(buried);
    }
}

/// A wait on the stage; gives up its place when it is dropped.
#[derive(Debug)]
pub(super) struct Pause {
    stage: Arc<Stage>,
    pub(super) number: u64,
    waiting: oneshot::Receiver<()>,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match Pin::new(&mut self.waiting).poll(context) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let number = self.number;
        self.stage
            .scene()
            .parked
            .retain(|parked| parked.number != number);
    }
}

/// The clock of one process.
#[derive(Debug, Clone)]
pub(super) struct SimClock {
    pub(super) stage: Arc<Stage>,
    pub(super) life: Life,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.stage.scene().now
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let until = later(self.now(), duration);
        Box::pin(self.stage.park(self.life, "a sleep", until))
    }
}

/// Ids that are the same in every run of a seed.
#[derive(Debug)]
pub(super) struct SimIds(pub(super) Arc<Stage>);

impl IdSource for SimIds {
    fn op_id(&self, _now: Timestamp) -> OpId {
        let number = self.0.scene().number();
        OpId::new(format!("op-{number:06}")).expect("an id")
    }
}

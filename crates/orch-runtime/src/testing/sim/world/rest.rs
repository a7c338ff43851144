//! The end of a run: nothing goes wrong any more, and everything must come to rest.

use std::time::Duration;

use crate::clock::later;
use crate::testing::sim::Subject;
use crate::testing::sim::invariant::Invariant;
use crate::testing::sim::process::Round;
use crate::testing::sim::provider::lock;

use super::{Slot, World};

/// Rounds after which an operation that has not come to rest is stuck.
const PATIENCE: u32 = 400;
/// Steps after which processes that go on without the clock are stuck.
const BUSY: u32 = 5_000;

impl<S: Subject> World<'_, S> {
    /// From here on nothing goes wrong on purpose.
    pub(super) fn calm_down(&mut self) {
        self.stage.note(format_args!("calm"));
        self.stage.scene().calm = true;
        for slot in &mut self.slots {
            if let Slot::Up(process) = slot {
                process.frozen_until = None;
                process.faults.disarm();
            }
        }
        while self.slots.iter().any(|slot| matches!(slot, Slot::Down(_))) {
            self.restart_one();
        }
    }

    pub(super) async fn come_to_rest(&mut self) {
        self.rest().await;
        if !self.is_broken() {
            self.look_back().await;
        }
    }

    async fn rest(&mut self) {
        for _ in 0..PATIENCE {
            self.turn().await;
            if self.is_broken() || self.is_at_rest() {
                return;
            }
            let now = self.stage.scene().now;
            let millis = self.stage.scene().random.between(5_000, 61_000);
            self.wind_to(later(now, Duration::from_millis(millis)));
        }
        let sagas = self.sagas.as_ref().map(|(_, checks)| checks.open());
        let rows = format!("{sagas:?} {:?}", self.checks.seen);
        self.stage.violated(Invariant::ComesToRest, rows);
    }

    /// Whatever was done later than it should have been shows now, and callbacks come that nobody needs any
    /// more, or for which parked operations wait.
    async fn look_back(&mut self) {
        let now = self.stage.scene().now;
        self.wind_to(later(now, Duration::from_secs(7_200)));
        self.turn().await;
        if self.flavour.callbacks && !self.is_broken() {
            self.webhooks.send_the_rest(&mut self.stage.scene().random);
            self.rest().await;
            self.webhooks.check_ends(&self.checks, &self.stage);
        }
        self.clients.check(&self.checks.seen, &self.stage);
    }

    /// Every request is sent, every loop runs once somewhere, and everything ready is done.
    async fn turn(&mut self) {
        for request in self.to_send() {
            let processes = self.slots.len();
            let process = self.stage.scene().random.place(processes);
            self.send(request, process);
        }
        for event in self.webhooks.to_send() {
            let processes = self.slots.len();
            let process = self.stage.scene().random.place(processes);
            self.report(event, process);
        }
        self.flush().await;
        for round in Round::of(self.sagas.is_some()) {
            let at = self.stage.scene().random.place(self.slots.len());
            if let Slot::Up(process) = &self.slots[at] {
                process.begin(*round);
            }
            self.flush().await;
        }
    }

    /// Does what is ready, in any order, until nothing is.
    async fn flush(&mut self) {
        for _ in 0..BUSY {
            self.settle().await;
            if self.is_broken() {
                return;
            }
            let (parked, committing) = (self.ready(), self.committing());
            let requests = lock(&self.network).under_way.len();
            let kinds = [parked.len(), committing.len(), requests].map(|len| len as u64);
            let (kind, number) = {
                let random = &mut self.stage.scene().random;
                let kind = random.weighted(&kinds);
                let len = kind.map_or(1, |kind| kinds[kind]);
                let number = random.between(0, len - 1);
                (kind, usize::try_from(number).unwrap_or(0))
            };
            match kind {
                Some(0) => self.release(parked[number]),
                Some(1) => self.commit(committing[number]),
                Some(2) => self.arrive(number),
                Some(_) | None => return,
            }
        }
        let what = "processes go on without the clock".to_owned();
        self.stage.violated(Invariant::ComesToRest, what);
    }

    fn is_at_rest(&self) -> bool {
        let sagas_rest = self.sagas.as_ref().is_none_or(|(clients, checks)| {
            clients.are_served() && checks.are_at_rest(&self.checks.seen.operations)
        });
        sagas_rest
            && self.clients.are_served()
            && self.webhooks.are_delivered()
            && self.checks.seen.is_at_rest()
    }
}

//! One step of a run: what can happen, and what does.

use std::time::Duration;

use crate::clock::later;
use crate::fault::Fate;
use crate::testing::Reply;
use crate::testing::sim::Subject;
use crate::testing::sim::network::Content;
use crate::testing::sim::process::Round;
use crate::testing::sim::provider::lock;
use crate::testing::sim::stage::Parked;

use super::{Slot, World};

/// What a step can be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A task that waits goes on.
    GoOn,
    /// A process commits some of what waits.
    Commit,
    /// A request reaches the provider.
    Arrive,
    /// A loop runs.
    Round,
    /// A client asks.
    Ask,
    /// The provider reports by a callback.
    Report,
    /// The clock is wound.
    Wind,
    /// A process is killed, or freezes.
    Trouble,
    /// A dead process starts again.
    Restart,
}

impl Kind {
    pub(super) const COUNT: usize = 9;

    const ALL: [Self; Self::COUNT] = [
        Self::GoOn,
        Self::Commit,
        Self::Arrive,
        Self::Round,
        Self::Ask,
        Self::Report,
        Self::Wind,
        Self::Trouble,
        Self::Restart,
    ];

    /// How likely each may be in a run.
    pub(super) const WEIGHTS: [[u64; 3]; Self::COUNT] = [
        [20, 40, 60],
        [15, 25, 40],
        [2, 8, 20],
        [8, 15, 30],
        [4, 12, 20],
        [2, 6, 20],
        [4, 8, 16],
        [0, 2, 5],
        [2, 4, 8],
    ];
}

impl<S: Subject> World<'_, S> {
    /// One thing happens, and everything that follows from it without waiting.
    pub(super) async fn step(&mut self) {
        let parked = self.ready();
        let committing: Vec<usize> = self.committing();
        let requests = lock(&self.network).under_way.len();
        let to_send = self.to_send();
        let rounds = Round::of(self.sagas.is_some());
        let to_report = self.webhooks.to_send();
        let awake = self.awake().count();
        let down = self.slots.iter().any(|slot| matches!(slot, Slot::Down(_)));
        let possible = [
            !parked.is_empty(),
            !committing.is_empty(),
            requests > 0,
            awake > 0,
            !to_send.is_empty() && awake > 0,
            !to_report.is_empty() && awake > 0,
            true,
            true,
            down,
        ];
        let mut weights = self.temper;
        for (weight, possible) in weights.iter_mut().zip(possible) {
            *weight *= u64::from(possible);
        }
        let (kind, first, second) = {
            let random = &mut self.stage.scene().random;
            let kind = random.weighted(&weights).map(|at| Kind::ALL[at]);
            (
                kind.unwrap_or(Kind::Wind),
                random.between(0, 1 << 30),
                random.between(0, 1 << 30),
            )
        };
        let pick = |number: u64, len: usize| usize::try_from(number).unwrap_or(0) % len.max(1);
        match kind {
            Kind::GoOn => self.release(parked[pick(first, parked.len())]),
            Kind::Commit => self.commit(committing[pick(first, committing.len())]),
            Kind::Arrive => self.arrive(pick(first, requests)),
            Kind::Round => {
                let round = rounds[pick(second, rounds.len())];
                let _ = self.awake().nth(pick(first, awake)).map(|p| p.begin(round));
            }
            Kind::Ask => self.send(to_send[pick(second, to_send.len())], pick(first, awake)),
            Kind::Report => {
                self.report(to_report[pick(second, to_report.len())], pick(first, awake))
            }
            Kind::Wind => self.wind(),
            Kind::Trouble => self.trouble(pick(first, self.slots.len()), second),
            Kind::Restart => self.restart_one(),
        }
        self.settle().await;
    }

    /// What clients can send now, by number: those who ask for sagas are behind the others.
    pub(super) fn to_send(&self) -> Vec<usize> {
        let mut to_send = self.clients.to_send();
        if let Some((clients, _)) = &self.sagas {
            let behind = clients.to_send().into_iter();
            to_send.extend(behind.map(|at| self.clients.len() + at));
        }
        to_send
    }

    pub(super) fn release(&self, at: usize) {
        self.stage.scene().release(at);
    }

    /// Some of what waits in a process is committed together, in any order.
    pub(super) fn commit(&mut self, slot: usize) {
        let has_sagas = self.sagas.is_some();
        let Slot::Up(process) = &self.slots[slot] else {
            return;
        };
        // What the Cleaner deletes in the commit that ends an operation could not be looked at.
        let most = if process.is_under_way(Round::Clean) {
            1
        } else {
            4
        };
        let size = self.stage.scene().random.between(1, most);
        let size = usize::try_from(size).unwrap_or(1);
        let stage = &self.stage;
        let mut pick = |waiting: usize| stage.scene().random.place(waiting);
        // The answers of operations are lost above the store.
        let mut loses = || {
            let mut scene = stage.scene();
            has_sagas && !scene.calm && scene.random.chance(2)
        };
        let fate = process.store.commit_waiting(size, &mut pick, &mut loses);
        if fate == Fate::Die {
            process.faults.die();
        }
        stage.note(format_args!("{} commits: {fate:?}", process.life));
        self.look();
    }

    /// A request reaches the provider, whose answer is now on its way back.
    pub(super) fn arrive(&mut self, at: usize) {
        let mut scene = self.stage.scene();
        let scene = &mut *scene;
        let now = scene.now;
        let (request, did) = lock(&self.network).arrive(at, now, &mut scene.random);
        let (order, content) = (&request.order, &request.content);
        scene.note(format_args!("provider gets {content:?} {order}: {did}"));
        let waiting = |parked: &&mut Parked| parked.number == request.number;
        let hangs = matches!(request.content, Content::Call(Reply::Hang));
        if let Some(parked) = scene.parked.iter_mut().find(waiting)
            && !hangs
        {
            parked.until = now;
        }
        for report in lock(&self.network).take_reports() {
            self.webhooks.announce(&report, &mut scene.random);
        }
    }

    /// An event of the provider is delivered to a process.
    pub(super) fn report(&mut self, event: usize, process: usize) {
        let target = self.awake().nth(process);
        if let Some((life, engine)) = target.map(|process| (process.life, process.engine.clone())) {
            self.webhooks.send(event, (life, &engine), &self.stage);
        }
    }

    pub(super) fn send(&mut self, request: usize, process: usize) {
        let Some(target) = self.awake().nth(process) else {
            return;
        };
        let (life, engine, sagas) = (target.life, target.engine.clone(), target.sagas.clone());
        if let Some(behind) = request.checked_sub(self.clients.len()) {
            if let (Some((clients, _)), Some(sagas)) = (&mut self.sagas, &sagas) {
                clients.send(behind, (life, sagas), &self.stage);
            }
            return;
        }
        self.clients
            .send(request, (life, &engine), &self.stage, S::command);
    }

    /// Something bad happens to a process: it is killed, or makes no progress for a while.
    fn trouble(&mut self, slot: usize, seconds: u64) {
        let Slot::Up(process) = &mut self.slots[slot] else {
            return;
        };
        let now = self.stage.scene().now;
        if seconds.is_multiple_of(3) {
            self.stage.note(format_args!("{} is killed", process.life));
            process.faults.die();
        } else {
            let until = later(now, Duration::from_secs(1 + seconds % 90));
            process.frozen_until = Some(until);
            self.stage.note(format_args!("{} freezes", process.life));
        }
    }
}

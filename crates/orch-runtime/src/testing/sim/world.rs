//! The world of one seed: chooses, step by step, what happens next.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::engine::{Engine, EngineConfig};
use crate::fault::Fate;
use crate::store::sqlite::MemoryDatabase;

use super::checks::Checks;
use super::client::Clients;
use super::invariant::Invariant;
use super::network::Network;
use super::process::{Faults, Process, Round};
use super::provider::{SimProvider, lock};
use super::stage::{Life, SimClock, SimIds, Stage};
use super::watched::Watched;
use super::{Flavour, Subject};

/// Rounds after which an operation that has not come to rest is stuck.
const PATIENCE: u32 = 400;
/// Steps after which processes that go on without the clock are stuck.
const BUSY: u32 = 5_000;

/// How likely the kinds of steps may be, in the order of [`World::step`]: a task goes on, a batch commits, a
/// request arrives, a loop runs, a client asks, the clock is wound, trouble, a restart.
const STEPS: [[u64; 3]; 8] = [
    [20, 40, 60],
    [15, 25, 40],
    [2, 8, 20],
    [8, 15, 30],
    [4, 12, 20],
    [4, 8, 16],
    [0, 2, 5],
    [2, 4, 8],
];

/// A place where a process runs, or does not.
enum Slot {
    Up(Box<Process>),
    /// Died as this life.
    Down(Life),
}

/// Everything in one run.
pub(super) struct World<'a, S> {
    subject: &'a S,
    flavour: Flavour,
    stage: Arc<Stage>,
    database: MemoryDatabase,
    network: Arc<Mutex<Network>>,
    silent: bool,
    config: EngineConfig,
    /// How likely each kind of step is in this run. Runs of different temper find different faults.
    temper: [u64; 8],
    slots: Vec<Slot>,
    clients: Clients,
    checks: Checks,
}

impl<'a, S: Subject> World<'a, S> {
    pub(super) fn new(subject: &'a S, database: &MemoryDatabase, stage: &Arc<Stage>) -> Self {
        let mut scene = stage.scene();
        let random = &mut scene.random;
        let flavour = Flavour::chosen(random);
        let silent = random.chance(15);
        let concurrency = random.pick(&[1, 2, 256]);
        let processes = random.weighted(&[0, 30, 45, 25]).unwrap_or(1);
        let clients = Clients::new(random);
        let temper = STEPS.map(|weights| random.pick(&weights));
        let network = Network::new(flavour.idempotency, random);
        scene.note(format_args!(
            "{flavour:?}, {processes} processes with room for {concurrency}, silent: {silent}"
        ));
        drop(scene);
        let network = Arc::new(Mutex::new(network));
        let checks = Checks::new::<S>(stage, &network, database, flavour);
        let mut world = Self {
            subject,
            flavour,
            stage: Arc::clone(stage),
            database: database.clone(),
            network,
            silent,
            config: EngineConfig {
                concurrency,
                ..EngineConfig::default()
            },
            temper,
            slots: Vec::new(),
            clients,
            checks,
        };
        for slot in 0..processes {
            let process = world.start(Life { slot, number: 0 });
            world.slots.push(Slot::Up(Box::new(process)));
        }
        world
    }

    /// Lets chance have its way for a while, then lets everything come to rest.
    pub(super) async fn run(&mut self) {
        let steps = self.stage.scene().random.between(20, 160);
        for _ in 0..steps {
            if self.is_broken() {
                return;
            }
            self.step().await;
        }
        self.calm_down();
        self.come_to_rest().await;
    }

    pub(super) fn is_broken(&self) -> bool {
        self.stage.scene().violation.is_some()
    }

    fn start(&self, life: Life) -> Process {
        let stage = &self.stage;
        stage.note(format_args!("{life} starts"));
        let faults = Faults::new(stage, life);
        let store = self.database.process(Arc::clone(&faults) as _);
        let tables = S::SETUP.tables;
        let watched = Watched {
            store: self.subject.store(store.operations(tables)),
            stage: Arc::clone(stage),
            life,
            database: self.database.clone(),
            domain: tables.domain,
        };
        let clock = SimClock {
            stage: Arc::clone(stage),
            life,
        };
        let provider = SimProvider {
            stage: Arc::clone(stage),
            life,
            network: Arc::clone(&self.network),
            database: self.database.clone(),
            domain: tables.domain,
            policy: S::policy(),
            silent: self.silent,
        };
        let builder = Engine::builder(Arc::new(watched), tables)
            .config(self.config)
            .clock(Arc::new(clock.clone()))
            .ids(Arc::new(SimIds(Arc::clone(stage))))
            .faults(Arc::clone(&faults) as _);
        let engine = self
            .subject
            .register(builder, self.flavour, provider)
            .build()
            .expect("an engine");
        Process::new(life, engine, store, faults, clock)
    }

    fn up(&self) -> impl Iterator<Item = &Process> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Up(process) => Some(&**process),
            Slot::Down(_) => None,
        })
    }

    /// The processes that make progress.
    fn awake(&self) -> impl Iterator<Item = &Process> {
        self.up().filter(|process| process.frozen_until.is_none())
    }

    /// One thing happens, and everything that follows from it without waiting.
    async fn step(&mut self) {
        let parked = self.ready();
        let committing: Vec<usize> = self.committing();
        let requests = lock(&self.network).under_way.len();
        let to_send = self.clients.to_send();
        let awake = self.awake().count();
        let down = self.slots.iter().any(|slot| matches!(slot, Slot::Down(_)));
        let possible = [
            !parked.is_empty(),
            !committing.is_empty(),
            requests > 0,
            awake > 0,
            !to_send.is_empty() && awake > 0,
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
            let kind = random.weighted(&weights).unwrap_or(5);
            (kind, random.between(0, 1 << 30), random.between(0, 1 << 30))
        };
        let pick = |number: u64, len: usize| usize::try_from(number).unwrap_or(0) % len.max(1);
        match kind {
            0 => self.release(parked[pick(first, parked.len())]),
            1 => self.commit(committing[pick(first, committing.len())]),
            2 => self.arrive(pick(first, requests)),
            3 => {
                let round = Round::ALL[pick(second, Round::ALL.len())];
                let _ = self.awake().nth(pick(first, awake)).map(|p| p.begin(round));
            }
            4 => self.send(to_send[pick(second, to_send.len())], pick(first, awake)),
            5 => self.wind(),
            6 => self.trouble(pick(first, self.slots.len()), second),
            _ => self.restart_one(),
        }
        self.settle().await;
    }

    /// Runs what is ready to run, and looks at what came of it.
    async fn settle(&mut self) {
        // A yield lets every ready task run; what they wake runs before the second one ends.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        self.clients.listen(&self.stage);
        self.notice_deaths();
    }

    /// The places of the tasks that could go on.
    fn ready(&self) -> Vec<usize> {
        let awake: Vec<Life> = self.awake().map(|process| process.life).collect();
        let scene = self.stage.scene();
        let now = scene.now;
        let ready =
            |parked: &super::stage::Parked| parked.until <= now && awake.contains(&parked.life);
        (0..scene.parked.len())
            .filter(|at| ready(&scene.parked[*at]))
            .collect()
    }

    fn committing(&self) -> Vec<usize> {
        let waiting = |process: &Process| process.store.waiting() > 0;
        let slots = self.awake().filter(|process| waiting(process));
        slots.map(|process| process.life.slot).collect()
    }

    fn release(&self, at: usize) {
        self.stage.scene().release(at);
    }

    /// Some of what waits in a process is committed together, in any order.
    fn commit(&mut self, slot: usize) {
        let Slot::Up(process) = &self.slots[slot] else {
            return;
        };
        let size = {
            let random = &mut self.stage.scene().random;
            usize::try_from(random.between(1, 4)).unwrap_or(1)
        };
        let stage = &self.stage;
        let mut pick = |waiting: usize| stage.scene().random.place(waiting);
        let fate = process.store.commit_waiting(size, &mut pick);
        if fate == Fate::Die {
            process.faults.die();
        }
        stage.note(format_args!("{} commits: {fate:?}", process.life));
        self.look();
    }

    fn look(&mut self) {
        if self.checks.check() {
            self.clients.check(&self.checks.seen, &self.stage);
        }
    }

    /// A request reaches the provider, whose answer is now on its way back.
    fn arrive(&mut self, at: usize) {
        let mut scene = self.stage.scene();
        let scene = &mut *scene;
        let now = scene.now;
        let (request, did) = lock(&self.network).arrive(at, now, &mut scene.random);
        let (order, content) = (&request.order, &request.content);
        scene.note(format_args!("provider gets {content:?} {order}: {did}"));
        let waiting = |parked: &&mut super::stage::Parked| parked.number == request.number;
        let hangs = matches!(
            request.content,
            super::network::Content::Call(crate::testing::Reply::Hang)
        );
        if let Some(parked) = scene.parked.iter_mut().find(waiting)
            && !hangs
        {
            parked.until = now;
        }
    }

    fn send(&mut self, request: usize, process: usize) {
        let target = self.awake().nth(process);
        let Some((life, engine)) = target.map(|process| (process.life, process.engine.clone()))
        else {
            return;
        };
        self.clients
            .send(request, (life, &engine), &self.stage, S::command);
    }

    /// Time passes: to the next moment somebody waits for, or by any amount.
    fn wind(&mut self) {
        let target = {
            let mut scene = self.stage.scene();
            let now = scene.now;
            let awaited = scene.parked.iter().map(|parked| parked.until);
            let next = awaited
                .filter(|until| (now..Timestamp::MAX_UTC).contains(until) && *until != now)
                .min();
            let random = &mut scene.random;
            let millis = match random.weighted(&[35, 30, 20, 15]) {
                Some(0) => 0,
                Some(1) => random.between(1, 5_000),
                Some(2) => random.between(5_000, 20_000),
                _ => random.between(20_000, 120_000),
            };
            let far = later(now, Duration::from_millis(millis.max(1)));
            next.filter(|_| millis == 0).unwrap_or(far)
        };
        self.wind_to(target);
    }

    /// Nothing travels longer than the settling time.
    fn wind_to(&mut self, target: Timestamp) {
        loop {
            let late = {
                let network = lock(&self.network);
                let under_way = network.under_way.iter().enumerate();
                let due = under_way.filter(|(_, request)| request.latest <= target);
                due.min_by_key(|(_, request)| request.latest)
                    .map(|(at, request)| (at, request.latest))
            };
            let Some((at, latest)) = late else { break };
            let mut scene = self.stage.scene();
            scene.now = scene.now.max(latest);
            drop(scene);
            self.arrive(at);
        }
        let mut scene = self.stage.scene();
        scene.now = scene.now.max(target);
        scene.note(format_args!("the clock is wound"));
        let now = scene.now;
        drop(scene);
        for slot in &mut self.slots {
            if let Slot::Up(process) = slot
                && process.frozen_until.is_some_and(|until| until <= now)
            {
                process.frozen_until = None;
                self.stage.note(format_args!("{} thaws", process.life));
            }
        }
        self.look();
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

    fn notice_deaths(&mut self) {
        for slot in &mut self.slots {
            let Slot::Up(process) = slot else { continue };
            if process.faults.is_dead() {
                let life = process.life;
                self.stage.note(format_args!("{life} is dead"));
                self.stage.scene().bury(life);
                self.clients.lost(life);
                *slot = Slot::Down(life);
            }
        }
    }

    fn restart_one(&mut self) {
        let down = self.slots.iter().find_map(|slot| match slot {
            Slot::Up(_) => None,
            Slot::Down(life) => Some(*life),
        });
        if let Some(life) = down {
            let next = Life {
                number: life.number + 1,
                ..life
            };
            self.slots[life.slot] = Slot::Up(Box::new(self.start(next)));
        }
    }

    /// From here on nothing goes wrong on purpose.
    fn calm_down(&mut self) {
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

    async fn come_to_rest(&mut self) {
        for _ in 0..PATIENCE {
            self.turn().await;
            if self.is_broken() {
                return;
            }
            if self.is_at_rest() {
                return self.look_back().await;
            }
            let now = self.stage.scene().now;
            let millis = self.stage.scene().random.between(5_000, 61_000);
            self.wind_to(later(now, Duration::from_millis(millis)));
        }
        let rows = format!("{:?}", self.checks.seen.operations);
        self.stage.violated(Invariant::ComesToRest, rows);
    }

    /// Whatever was done later than it should have been shows now.
    async fn look_back(&mut self) {
        let now = self.stage.scene().now;
        self.wind_to(later(now, Duration::from_secs(7_200)));
        self.turn().await;
        self.look();
    }

    /// Every request is sent, every loop runs once somewhere, and everything ready is done.
    async fn turn(&mut self) {
        for request in self.clients.to_send() {
            let processes = self.slots.len();
            let process = self.stage.scene().random.place(processes);
            self.send(request, process);
        }
        self.flush().await;
        for round in Round::ALL {
            let at = self.stage.scene().random.place(self.slots.len());
            if let Slot::Up(process) = &self.slots[at] {
                process.begin(round);
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
        self.clients.are_served() && self.checks.seen.is_at_rest()
    }
}

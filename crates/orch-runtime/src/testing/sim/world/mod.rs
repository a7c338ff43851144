//! The world of one seed: who lives in it, and what happens next.

mod rest;
mod step;
mod time;

use std::sync::{Arc, Mutex};

use crate::engine::{Engine, EngineConfig};
use crate::store::Database;
use crate::store::sqlite::MemoryDatabase;

use super::checks::Checks;
use super::client::Clients;
use super::network::Network;
use super::process::{Faults, Process};
use super::provider::SimProvider;
use super::sagas::{SagaChecks, SagaClients, SagaPlace};
use super::stage::{Life, Parked, SimClock, SimIds, Stage};
use super::watched::Watched;
use super::webhooks::Webhooks;
use super::{Flavour, Subject};

use self::step::Kind;

/// Turns given to tasks of sagas that follow from one another.
const SAGA_YIELDS: u32 = 8;

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
    temper: [u64; Kind::COUNT],
    slots: Vec<Slot>,
    clients: Clients,
    webhooks: Webhooks,
    checks: Checks,
    sagas: Option<(SagaClients, SagaChecks)>,
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
        let temper = Kind::WEIGHTS.map(|weights| random.pick(&weights));
        let network = Network::new(flavour, random);
        scene.note(format_args!(
            "{flavour:?}, {processes} processes with room for {concurrency}, silent: {silent}"
        ));
        drop(scene);
        let network = Arc::new(Mutex::new(network));
        let checks = Checks::new::<S>(stage, &network, database, flavour);
        let sagas = S::SAGAS.map(|facts| {
            let clients = SagaClients::new(&mut stage.scene().random);
            (clients, SagaChecks::new(facts, stage, &network, database))
        });
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
            webhooks: Webhooks::default(),
            checks,
            sagas,
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
        let faults = Faults::new(stage, life, (self.flavour.callbacks, S::SAGAS.is_some()));
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
        let builder = if self.flavour.callbacks {
            builder.callbacks()
        } else {
            builder
        };
        let engine = self
            .subject
            .register(builder, self.flavour, provider)
            .build()
            .expect("an engine");
        let sagas = self.subject.sagas(SagaPlace {
            database: Database::Sqlite(store.clone()),
            engine: &engine,
            clock: Arc::new(clock.clone()),
            ids: Arc::new(SimIds(Arc::clone(stage))),
        });
        Process::new(life, engine, store, faults, clock).with_sagas(sagas)
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

    /// Runs what is ready to run, and looks at what came of it.
    async fn settle(&mut self) {
        // A yield lets every ready task run; what they wake runs before the second one ends.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        if let Some((clients, _)) = &mut self.sagas {
            // A turn goes through more hands before it waits for its commit.
            for _ in 0..SAGA_YIELDS {
                tokio::task::yield_now().await;
            }
            clients.listen(&self.stage);
        }
        self.clients.listen(&self.stage);
        self.webhooks.listen(&self.checks, &self.stage);
        self.notice_deaths();
    }

    /// The places of the tasks that could go on.
    fn ready(&self) -> Vec<usize> {
        let awake: Vec<Life> = self.awake().map(|process| process.life).collect();
        let scene = self.stage.scene();
        let now = scene.now;
        let ready = |parked: &Parked| parked.until <= now && awake.contains(&parked.life);
        (0..scene.parked.len())
            .filter(|at| ready(&scene.parked[*at]))
            .collect()
    }

    fn committing(&self) -> Vec<usize> {
        let waiting = |process: &Process| process.store.waiting() > 0;
        let slots = self.awake().filter(|process| waiting(process));
        slots.map(|process| process.life.slot).collect()
    }

    fn look(&mut self) {
        if self.checks.check() {
            self.clients.check(&self.checks.seen, &self.stage);
            if let Some((clients, checks)) = &mut self.sagas {
                checks.check(clients);
            }
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
                if let Some((clients, _)) = &mut self.sagas {
                    clients.lost(life);
                }
                self.webhooks.lost(life);
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
}

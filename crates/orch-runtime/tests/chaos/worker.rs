//! A process of the shop: this program again, which works until it is killed.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use orch_runtime::engine::Shutdown;
use orch_runtime::events::{BusConfig, Nats, NatsConfig};
use orch_runtime::saga::{Choreography, SagaPattern, Sagas};
use orch_runtime::scheduler::{Finalizer, FinalizerConfig, Reaper, ReaperConfig};
use orch_runtime::{IdemKey, OwnerId, Workers};
use tokio::time::interval;

use crate::purchase::Purchase;
use crate::shop;

const DATABASE: &str = "ORCH_CHAOS_WORKER_DATABASE";
const PROVIDER: &str = "ORCH_CHAOS_WORKER_PROVIDER";
const PATTERN: &str = "ORCH_CHAOS_WORKER_PATTERN";
const SAGAS: &str = "ORCH_CHAOS_WORKER_SAGAS";
const NATS: &str = "ORCH_CHAOS_WORKER_NATS";

/// Customers who buy one thing after the other.
const CUSTOMERS: u32 = 4;

/// How often a customer looks whether his purchase is over, and how many times before he buys the next thing.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 50;

/// What a process is given.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) database: String,
    pub(crate) provider: String,
    pub(crate) pattern: SagaPattern,
    pub(crate) sagas: u32,
    /// The server that brings events; without one they stay in the process.
    pub(crate) nats: Option<String>,
}

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Worker(Child);

impl Job {
    pub(crate) fn start(&self) -> Worker {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "worker::works_until_it_is_killed", "--nocapture"])
            .env(DATABASE, &self.database)
            .env(PROVIDER, &self.provider)
            .env(PATTERN, self.pattern.to_string())
            .env(SAGAS, self.sagas.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        if let Some(nats) = &self.nats {
            command.env(NATS, nats);
        }
        Worker(command.spawn().unwrap())
    }

    fn given() -> Option<Self> {
        let variable = |name| std::env::var(name).ok();
        Some(Self {
            database: variable(DATABASE)?,
            provider: variable(PROVIDER)?,
            pattern: variable(PATTERN)?.parse().unwrap(),
            sagas: variable(SAGAS)?.parse().unwrap(),
            nats: variable(NATS),
        })
    }

    async fn work(self) {
        let database = shop::open(&self.database).await;
        let engine = shop::engine(&database, &self.provider);
        let sagas = shop::sagas(&database, &engine);
        sagas.set_pattern(self.pattern).unwrap();
        let nats = match &self.nats {
            Some(url) => Some(Nats::connect(url, NatsConfig::new("orders")).await.unwrap()),
            None => None,
        };
        let builder = Choreography::builder(&sagas).unwrap().handlers_of(&sagas);
        let builder = builder.config(BusConfig {
            first_pause: LOOK,
            lease: Duration::from_secs(1),
            poll: Duration::from_millis(50),
            max_deliveries: 100,
            ..BusConfig::default()
        });
        let builder = match &nats {
            Some(nats) => builder.nats(nats),
            None => builder,
        };
        let workers = Workers::new()
            .with(Finalizer::new(
                &engine,
                FinalizerConfig {
                    every: Duration::from_millis(200),
                    min_age: Duration::from_millis(500),
                    ..FinalizerConfig::default()
                },
            ))
            .with(Reaper::new(
                &engine,
                ReaperConfig {
                    every: Duration::from_millis(200),
                    ..ReaperConfig::default()
                },
            ))
            .with_sagas(&sagas)
            .with_choreography(&builder.build().unwrap());
        let (signal, shutdown) = Shutdown::new();
        for customer in 0..CUSTOMERS {
            let numbers = (customer..self.sagas).step_by(CUSTOMERS as usize);
            tokio::spawn(buy(sagas.clone(), numbers.collect()));
        }
        let dispatching = engine.run(shutdown.clone(), Duration::ZERO);
        tokio::join!(workers.run(shutdown), dispatching);
        drop(signal);
    }
}

/// Buys one thing after the other, each until it is answered; what was bought before is answered again.
async fn buy(sagas: Sagas<Purchase>, numbers: Vec<u32>) {
    let mut looks = interval(LOOK);
    for number in numbers {
        let purchase = shop::purchase(number);
        let id = loop {
            let key = IdemKey::new(&*purchase.name).unwrap();
            let asked = sagas.initiate(OwnerId::anonymous(), key, &purchase).await;
            match asked {
                Ok(initiated) => break initiated.id,
                Err(_) => looks.tick().await,
            };
        };
        for _ in 0..LOOKS {
            let found = sagas.find(&OwnerId::anonymous(), &id).await;
            let is_over = |saga: &orch_runtime::saga::SagaRecord| saga.state.is_final();
            if found.is_ok_and(|saga| saga.as_ref().is_some_and(is_over)) {
                break;
            }
            looks.tick().await;
        }
    }
}

impl Worker {
    /// SIGKILL: nothing is cleaned up.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// It must not have ended by itself.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.0.try_wait().unwrap();
        assert_eq!(ended, None, "a process ended by itself");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Not a test but what a process does that a test has started.
#[test]
fn works_until_it_is_killed() {
    let Some(job) = Job::given() else { return };
    // Who has lost his test has nothing left to work for.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::abort();
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(job.work());
}

//! Processes are killed at random moments, and started again.

use std::time::Duration;

use orch_runtime::OwnerId;
use orch_runtime::saga::{SagaPattern, SagaRecord, SagaState};
use orch_runtime::store::{Database, StoreKind};
use orch_runtime::testing::sim::Random;
use orch_runtime::testing::{SagaEffects, TestDatabase};
use orch_runtime::value::Row;
use tokio::time::{Interval, interval};

use crate::books;
use crate::provider::Provider;
use crate::purchase::{LOCAL, order_of};
use crate::shop;
use crate::truth::{self, MONEY, PIECES, PRICE};
use crate::worker::Job;

/// How often a test looks, and how many times before it gives up.
const LOOK: Duration = Duration::from_millis(10);
const LOOKS: u32 = 12_000;

fn variable(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => usual,
    }
}

/// One shop, and who runs it.
pub(crate) struct Chaos {
    database: Database,
    provider: Provider,
    job: Job,
    processes: usize,
    random: Random,
    /// Kept: a file goes with it.
    _place: TestDatabase,
}

impl Chaos {
    pub(crate) async fn new(store: StoreKind, pattern: SagaPattern, nats: Option<String>) -> Self {
        let seed = variable("ORCH_CHAOS_SEED", 1);
        let place = TestDatabase::fresh(store, books::migrations(store));
        let provider = Provider::start(seed);
        let sagas = variable("ORCH_CHAOS_SAGAS", 16);
        Self {
            database: shop::open(&place.url()).await,
            job: Job {
                database: place.url(),
                provider: provider.url(),
                pattern,
                sagas: u32::try_from(sagas).unwrap(),
                nats,
            },
            provider,
            processes: match store {
                StoreKind::Sqlite => 1,
                StoreKind::Postgres => 2,
            },
            random: Random::new(seed),
            _place: place,
        }
    }

    /// Kills one process after the other while they work, and lets the last ones come to rest.
    pub(crate) async fn run(&mut self) {
        let kills = variable("ORCH_CHAOS_KILLS", 6);
        let mut looks = interval(LOOK);
        let start = |_| self.job.start();
        let mut workers: Vec<_> = (0..self.processes).map(start).collect();
        let mut killed = 0;
        while killed < kills && self.open().await > 0 {
            let pause = self.random.between(3, 70);
            for _ in 0..pause {
                looks.tick().await;
            }
            let one = self.random.place(workers.len());
            workers[one].assert_running();
            workers[one].kill();
            killed += 1;
            workers[one] = self.job.start();
        }
        self.rest(&mut looks).await;
        self.assert_true(killed).await;
        assert!(
            killed > kills / 2,
            "everything was over after {killed} kills"
        );
    }

    async fn rest(&self, looks: &mut Interval) {
        for _ in 0..LOOKS {
            if self.open().await == 0 {
                return;
            }
            looks.tick().await;
        }
        panic!("not everything came to rest: {:?}", self.sagas().await);
    }

    /// What has not come to rest: purchases nobody asked for yet, those that move, and events on their way.
    async fn open(&self) -> i64 {
        let parked = "select 1 from order_saga_step_results as step
             where step.transaction_id = saga.transaction_id and step.status in";
        let sql = format!(
            "select {} - (select count(*) from order_saga_states as saga
                 where status in ('COMPLETED', 'COMPENSATED', 'FAILED')
                 or (exists ({parked} ('IN_DOUBT', 'UNDO_PARKED'))
                     and not exists ({parked} ('RUNNING', 'UNDOING'))))
             + (select count(*) from order_saga_outbox where published_at is null) as n",
            self.job.sagas
        );
        self.rows(&sql).await[0].get("n").unwrap()
    }

    async fn rows(&self, sql: &str) -> Vec<Row> {
        let operations = self.database.operations(shop::CHARGES);
        operations.query(sql.to_owned(), vec![]).await.unwrap()
    }

    async fn sagas(&self) -> Vec<(String, SagaRecord)> {
        let engine = shop::engine(&self.database, &self.job.provider);
        let sagas = shop::sagas(&self.database, &engine);
        let mut found = Vec::new();
        for row in self
            .rows("select transaction_id, idem_key from order_saga_states")
            .await
        {
            let id = row.get::<String>("transaction_id").unwrap();
            let saga = sagas
                .find(&OwnerId::anonymous(), &id.parse().unwrap())
                .await;
            found.push((row.get("idem_key").unwrap(), saga.unwrap().unwrap()));
        }
        found
    }

    /// Each record says what happened, and no coin, no piece and no call was lost or made.
    async fn assert_true(&self, killed: u64) {
        let ledger = self.rows("select saga, step, undone from ledger").await;
        let booked = |saga: &SagaRecord, step: &str, undone: bool| {
            let is_it = |row: &&Row| {
                let text = |column| row.get::<String>(column).unwrap();
                let is_undone = row.get::<i64>("undone").unwrap() != 0;
                text("saga") == saga.id.as_str() && text("step") == step && is_undone == undone
            };
            ledger.iter().filter(is_it).count()
        };
        let (mut known, mut sold, mut granted, mut ends) = (0, 0, 0, [0, 0, 0]);
        for (name, saga) in self.sagas().await {
            truth::assert_true(&name, &saga, |step| match LOCAL.contains(&step) {
                true => SagaEffects {
                    done: booked(&saga, step, false),
                    undone: booked(&saga, step, true),
                },
                false => SagaEffects {
                    done: self.provider.effects(&order_of(step, false, &name)),
                    undone: self.provider.effects(&order_of(step, true, &name)),
                },
            });
            for step in saga
                .steps
                .iter()
                .filter(|step| !LOCAL.contains(&&*step.name))
            {
                let effects = |undone| order_of(&step.name, undone, &name);
                known += self.provider.effects(&effects(false));
                known += self.provider.effects(&effects(true));
            }
            let net = |step| {
                let (done, undone) = (booked(&saga, step, false), booked(&saga, step, true));
                i64::from(done > undone)
            };
            sold += net("debit");
            granted += net("grant");
            ends[match saga.state {
                SagaState::Completed => 0,
                SagaState::Compensated | SagaState::Failed => 1,
                _ => 2,
            }] += 1;
        }
        assert_eq!(
            known,
            self.provider.all_effects(),
            "what no purchase knows of"
        );
        let sums = "select (select cast(sum(balance) as integer) from accounts) as money,
             (select cast(sum(pieces) as integer) from pieces) as pieces";
        let sums = &self.rows(sums).await[0];
        let sum = |column| sums.get::<i64>(column).unwrap();
        assert_eq!(sum("money") + PRICE * sold, MONEY);
        assert_eq!(sum("pieces") + granted, PIECES);
        self.assert_ends(ends);
        self.tell(killed, ends);
    }

    /// The ends are those that the refusals lead to, whoever was killed.
    fn assert_ends(&self, ends: [u32; 3]) {
        let mut expected = [0, 0, 0];
        for number in 0..self.job.sagas {
            let refused = shop::purchase(number).refused;
            let has = |what: &str| refused.iter().any(|refused| refused == what);
            expected[match (has("ship") || has("grant"), has("undo-reserve")) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => 2,
            }] += 1;
        }
        assert_eq!(ends, expected, "completed, undone, parked");
    }

    #[expect(clippy::print_stdout, reason = "figures that were seen")]
    fn tell(&self, killed: u64, ends: [u32; 3]) {
        let (calls, lost) = self.provider.figures();
        let [completed, undone, parked] = ends;
        println!(
            "{killed} kills, {} purchases by {}: {completed} completed, {undone} undone, {parked} parked; \
             {calls} calls, {lost} lost, {} effects",
            self.job.sagas,
            self.job.pattern,
            self.provider.all_effects()
        );
    }
}

async fn killed_and_true(store: StoreKind, pattern: SagaPattern) {
    let mut chaos = Chaos::new(store, pattern, None).await;
    chaos.run().await;
}

#[tokio::test]
async fn a_killed_coordinator_on_a_file_loses_and_repeats_nothing() {
    killed_and_true(StoreKind::Sqlite, SagaPattern::Orchestration).await;
}

#[tokio::test]
async fn killed_handlers_on_a_file_lose_and_repeat_nothing() {
    killed_and_true(StoreKind::Sqlite, SagaPattern::Choreography).await;
}

#[tokio::test]
async fn two_killed_coordinators_on_a_server_lose_and_repeat_nothing() {
    killed_and_true(StoreKind::Postgres, SagaPattern::Orchestration).await;
}

#[tokio::test]
async fn two_processes_of_killed_handlers_on_a_server_lose_and_repeat_nothing() {
    killed_and_true(StoreKind::Postgres, SagaPattern::Choreography).await;
}

//! The files that the generator writes, applied by others than the runtime.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orch_runtime::protection::{LaneReport, ProtectionPolicy};
use orch_runtime::store::Migration;
use orch_runtime::store::postgres::{PostgresConfig, PostgresStore};
use orch_runtime::testing::Provider;
use orch_runtime::{
    BizKey, Column, Command, Engine, IdemKey, Idempotency, OpId, OperationState, Orchestrator,
    Outcome, OwnerId, Probe, Tables, Timestamp,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::schema;

const FILES: &str = "../../examples/payment-postgres/migrations/postgres";
const GUIDE: &str = "../../docs/09_many-workers-guide.md";
const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_payment",
    up: include_str!(
        "../../../../../examples/payment-postgres/migrations/postgres/0001_payment.sql"
    ),
}];

const TABLES: Tables = Tables {
    domain: "payment",
    columns: &["order_id", "amount_value", "amount_currency"],
};

/// The command whose columns the file has.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Payment {
    order_id: String,
}

impl Command for Payment {
    const EVENT_TYPE: &'static str = "PAYMENT_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::new(&*self.order_id).unwrap()
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("order_id", &*self.order_id),
            Column::new("amount_value", 1_000),
            Column::new("amount_currency", "EUR"),
        ]
    }
}

struct Paying(Provider);

impl Orchestrator for Paying {
    type Command = Payment;
    const DOMAIN: &'static str = "PAYMENT";

    fn idempotency(&self) -> Idempotency {
        Idempotency::None
    }

    async fn execute(&self, op_id: &OpId, _command: &Payment) -> Outcome {
        match self.0.call(op_id).await {
            Ok(_) => Outcome::ok("paid", "ref"),
            Err(_) => Outcome::unknown("no answer"),
        }
    }

    async fn probe(&self, op_id: &OpId, _command: &Payment) -> Probe {
        self.0.probe(op_id).await
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What the guide tells to make besides the files.
fn told_by_guide() -> String {
    let guide = std::fs::read_to_string(here(GUIDE)).unwrap();
    let (_, from) = guide.split_once("```sql\n").unwrap();
    from.split_once("```").unwrap().0.to_owned()
}

/// One payment, by a service that opens the database as `config` says.
async fn pay(config: &PostgresConfig, key: &str) -> OperationState {
    let store = PostgresStore::open(config, MIGRATIONS).await.unwrap();
    let builder = Engine::builder(store.operations(TABLES), TABLES).lanes(store.lanes());
    let engine = builder.register(Paying(Provider::unkeyed())).build();
    let engine = engine.unwrap();
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new(key).unwrap());
    let order_id = "order-1".to_owned();
    let command = Payment { order_id };
    let submitted = engine.submit(owner.clone(), key, &command);
    let op_id = submitted.await.unwrap().op_id;
    let ended = engine.wait(&owner, &op_id, Duration::from_secs(20));
    let state = ended.await.unwrap().unwrap().state;
    // A lane is the other thing that a service keeps in tables.
    let (lanes, policy) = (store.lanes(), ProtectionPolicy::default());
    let report = LaneReport::idle("one".into());
    let synced = lanes.sync("payment", Timestamp::UNIX_EPOCH, &policy, report);
    synced.await.unwrap();
    store.close().await;
    state
}

async fn operations(pool: &PgPool) -> i64 {
    schema::number(pool, "select count(*) from payment_operations").await
}

/// Who runs `sqlx migrate run` must not find out in production that the files are not for it.
#[tokio::test]
async fn the_files_are_applied_and_taken_back_by_the_migrator_of_sqlx() {
    let url = schema::empty().await;
    let pool = schema::pool(&url).await;
    let migrator = Migrator::new(here(FILES)).await.unwrap();
    migrator.run(&pool).await.unwrap();
    migrator.run(&pool).await.unwrap();
    schema::run(&pool, &told_by_guide()).await;

    let config = schema::not_migrating(&url);
    assert_eq!(pay(&config, "k1").await, OperationState::Completed);
    let ledger = "select count(*) from pg_class where oid = to_regclass('orch_migrations')";
    assert_eq!(schema::number(&pool, ledger).await, 0, "it made no table");

    migrator.undo(&pool, 0).await.unwrap();
    let tables = "select count(*) from pg_tables where schemaname = current_schema() and \
                  tablename like 'payment%'";
    assert_eq!(schema::number(&pool, tables).await, 0);
}

/// A person typed the files in; later the service is to migrate by itself.
#[tokio::test]
async fn tables_made_by_hand_are_taken_over_with_what_is_in_them() {
    let url = schema::empty().await;
    let pool = schema::pool(&url).await;
    schema::run(&pool, MIGRATIONS[0].up).await;
    schema::run(&pool, &told_by_guide()).await;
    let by_hand = schema::not_migrating(&url);
    assert_eq!(pay(&by_hand, "k1").await, OperationState::Completed);

    let migrating = PostgresConfig::new(&url);
    for key in ["k2", "k3"] {
        assert_eq!(pay(&migrating, key).await, OperationState::Completed);
    }
    assert_eq!(operations(&pool).await, 3);
    let known = "select count(*) from orch_migrations where name = '0001_payment'";
    assert_eq!(schema::number(&pool, known).await, 1);
}

/// Without its tables the service must say what to do, and not that something is wrong with a statement.
#[tokio::test]
async fn a_forgotten_file_is_named_as_such_at_the_first_use() {
    let url = schema::empty().await;
    let config = schema::not_migrating(&url);
    let store = PostgresStore::open(&config, MIGRATIONS).await.unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let refused = store.operations(TABLES).backlog(now).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("apply the migrations of this program first"),
        "{refused}"
    );
}

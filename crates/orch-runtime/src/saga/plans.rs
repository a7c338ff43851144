//! Ended sagas stay for ever. A look at all of them, every few seconds or for every page, is what brings a database
//! down after a year: how the stores find what the statements of sagas ask for.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::events::{EventTables, claims};
use crate::fault::NoFaults;
use crate::ids::OwnerId;
use crate::store::{Database, Manner, Migration, StoreKind};
use crate::testing::TestDatabase;
use crate::value::Value;

use super::query::{SagaFilter, conditions};
use super::state::SagaState;
use super::tables::SagaTables;

const TABLES: SagaTables = SagaTables {
    prefix: "order_saga",
};
const EVENTS: EventTables = EventTables {
    prefix: "order_saga",
};

const SQLITE: &[Migration] = &[Migration {
    name: "0001_order_saga",
    up: include_str!("../../tests/it/sagas/saga.sql"),
}];
const POSTGRES: &[Migration] = &[Migration {
    name: "0001_order_saga",
    up: include_str!("../../tests/it/sagas/saga.postgres.sql"),
}];

/// How a store finds what `sql` asks for; PostgreSQL as if its tables were large.
async fn plan(database: &Database, kind: StoreKind, sql: &str, params: &[Value]) -> String {
    let (explain, column) = match kind {
        StoreKind::Sqlite => ("explain query plan", "detail"),
        StoreKind::Postgres => ("explain", "QUERY PLAN"),
    };
    let known = Arc::new((format!("{explain} {sql}"), params.to_vec()));
    let lines = database.transaction_as(Manner::Waits, move |mut tx| {
        let known = Arc::clone(&known);
        Box::pin(async move {
            if kind == StoreKind::Postgres {
                tx.execute("set local enable_seqscan = off", &[]).await?;
            }
            let rows = tx.query(&known.0, &known.1).await?;
            let lines = rows.iter().map(|row| row.get::<String>(column).unwrap());
            Ok(lines.collect::<Vec<_>>().join("\n"))
        })
    });
    lines.await.unwrap()
}

/// Each statement with its values and the index that it is to be found by.
fn statements() -> Vec<(String, Vec<Value>, &'static str)> {
    let (now, limit) = (Timestamp::UNIX_EPOCH, Value::from(10_u32));
    let page = |filter: SagaFilter, index| {
        let (condition, mut params) = conditions(&filter);
        let sql = TABLES.listed(&condition, params.len());
        params.extend([limit.clone(), Value::from(0_u32)]);
        (sql, params, index)
    };
    let all = SagaFilter::default;
    let of_state = SagaFilter {
        status: Some(SagaState::Completed),
        ..all()
    };
    let of_owner = SagaFilter {
        owner: Some(OwnerId::anonymous()),
        ..all()
    };
    let since = SagaFilter {
        from: Some(now),
        ..all()
    };
    let saga = || vec![Value::from("TXN_1")];
    let due = vec![now.into(), now.into(), Value::from(""), limit.clone()];
    let mut statements = vec![
        page(of_state, "idx_order_saga_states_status_created_at"),
        page(of_owner, "idx_order_saga_states_owner_id"),
        page(since, "idx_order_saga_states_created_at"),
        page(all(), "idx_order_saga_states_created_at"),
        (
            TABLES.parked(),
            vec![limit.clone()],
            "idx_order_saga_states_status_created_at",
        ),
        (
            TABLES.parked_count(),
            vec![],
            "idx_order_saga_states_status_created_at",
        ),
        (
            TABLES.begun_steps(),
            vec![],
            "idx_order_saga_states_look_at",
        ),
        (
            TABLES.overdue_count(),
            vec![now.into()],
            "idx_order_saga_states_look_at",
        ),
        (TABLES.due(), due, "idx_order_saga_states_look_at"),
        (TABLES.select(), saga(), "(transaction_id"),
        (
            EVENTS.over(),
            vec![now.into(), limit],
            "idx_order_saga_outbox_first",
        ),
    ];
    let deletions = EVENTS.deletions().into_iter();
    let found_by = [
        "idx_order_saga_inbox_transaction_id",
        "order_saga_event_dead_letters",
        "order_saga_outbox",
    ];
    let deletions = deletions.zip(found_by);
    statements.extend(deletions.map(|(sql, index)| (sql, saga(), index)));
    statements
}

/// The statement that takes the next events, with the index in whose order they are and the one that leads to the
/// events of one saga.
fn taking(kind: StoreKind) -> [(String, Vec<Value>, &'static str); 2] {
    let now = Timestamp::UNIX_EPOCH;
    let sql = claims::taking(EVENTS.prefix, kind == StoreKind::Postgres);
    let params = vec![now.into(), now.into(), Value::from(10_u32)];
    let own_events = match kind {
        StoreKind::Sqlite => "(transaction_id=? AND seq<?)",
        StoreKind::Postgres => "uk_order_saga_outbox_seq",
    };
    let in_order = "idx_order_saga_outbox_next_at";
    [
        (sql.clone(), params.clone(), in_order),
        (sql, params, own_events),
    ]
}

/// The statement that finds what passed a handler by, which begins with the sagas that run.
fn missed(kind: StoreKind) -> (String, Vec<Value>, &'static str) {
    let now = Timestamp::UNIX_EPOCH;
    let (handler, limit) = (Value::from("PayHandler"), Value::from(10_u32));
    let behind = [now.into(), Value::from(""), Value::from(0)];
    let params = [
        vec![now.into(), handler, limit],
        behind.into(),
        vec![Value::from("A")],
    ];
    let params = params.concat();
    let sql = EVENTS.missed(1, kind == StoreKind::Postgres);
    (sql, params, "idx_order_saga_states_look_at")
}

async fn are_found_by_indexes(kind: StoreKind, schema: &'static [Migration]) {
    let database = TestDatabase::fresh(kind, schema);
    let database = database.open(Arc::new(NoFaults));
    for (sql, params, index) in { statements().into_iter() }
        .chain(taking(kind))
        .chain([missed(kind)])
    {
        let plan = plan(&database, kind, &sql, &params).await;
        let whole_table = plan.lines().any(|line| {
            line.contains("Seq Scan") || line.starts_with("SCAN") && !line.contains("INDEX")
        });
        assert!(!whole_table, "{sql}\n{plan}");
        assert!(plan.contains(index), "{sql}\n{plan}");
    }
}

#[tokio::test]
async fn sqlite_finds_sagas_by_indexes() {
    are_found_by_indexes(StoreKind::Sqlite, SQLITE).await;
}

#[tokio::test]
async fn postgresql_finds_sagas_by_indexes() {
    are_found_by_indexes(StoreKind::Postgres, POSTGRES).await;
}

/// To plan a statement that finds one row takes longer than to run it.
#[tokio::test]
async fn postgresql_plans_the_statements_of_sagas_once() {
    let database = TestDatabase::fresh(StoreKind::Postgres, POSTGRES);
    let database = database.open(Arc::new(NoFaults));
    for manner in [Manner::GivesUp, Manner::InOrder] {
        let counted = database.transaction_as(manner, move |mut tx| {
            Box::pin(async move {
                let ours =
                    format!("select '{manner:?}' from order_saga_states where transaction_id = ?1");
                for _ in 0..10 {
                    tx.query(&ours, &[Value::from("a")]).await?;
                }
                let count =
                    "select generic_plans from pg_prepared_statements where statement like ?1";
                let pattern = Value::from(format!("select '{manner:?}'%"));
                let rows = tx.query(count, &[pattern]).await?;
                Ok(rows[0].get::<i64>("generic_plans").unwrap())
            })
        });
        // PostgreSQL plans the first five times anew, to compare.
        assert_eq!(counted.await.unwrap(), 5, "{manner:?}");
    }
}

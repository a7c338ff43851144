//! The same request twice, a thousand times, at the same time.

use orch_runtime::engine::SubmitError;
use orch_runtime::{IdemKey, OwnerId, Value};

use crate::world::{keyed, other, sample};

#[tokio::test]
async fn the_same_key_answers_the_same_operation_and_calls_once() {
    let world = keyed();
    let first = world.submit("key-1", &sample()).await.unwrap();
    let again = world.submit("key-1", &sample()).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(world.provider.requests(&first), 1);
}

#[tokio::test]
async fn the_same_key_for_another_request_is_refused_and_changes_nothing() {
    let world = keyed();
    world.submit("key-1", &sample()).await.unwrap();
    let refused = world.submit("key-1", &other()).await;
    assert!(matches!(refused, Err(SubmitError::KeyReused)));
    assert_eq!(world.provider.total_requests(), 1);
}

#[tokio::test]
async fn other_keys_are_other_operations() {
    let world = keyed();
    let first = world.submit("key-1", &sample()).await.unwrap();
    let second = world.submit("key-2", &sample()).await.unwrap();
    assert_ne!(first, second);
}

/// Two owners may choose the same key; neither sees the other's operation.
#[tokio::test]
async fn keys_belong_to_their_owner() {
    let world = keyed();
    let mine = world.submit("key-1", &sample()).await.unwrap();
    let other = OwnerId::new("somebody-else").unwrap();
    let key = IdemKey::new("key-1").unwrap();
    let theirs = world.engine().submit(other.clone(), key, &sample()).await;
    assert_ne!(theirs.unwrap().op_id, mine);
    assert!(world.engine().find(&other, &mine).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_requests_at_once_are_one_operation_and_one_call() {
    let world = keyed();
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let engine = world.engine().clone();
        storm.spawn(async move {
            let key = IdemKey::new("key-1").unwrap();
            let owner = OwnerId::anonymous();
            engine.submit(owner, key, &sample()).await.unwrap().op_id
        });
    }
    let answers = storm.join_all().await;
    world.quiet().await;
    assert!(answers.iter().all(|op_id| *op_id == answers[0]));
    assert_eq!(world.provider.total_requests(), 1);
}

/// The last line of defence is the database itself.
#[tokio::test]
async fn the_table_refuses_a_second_row_under_one_key() {
    let world = keyed();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let table = "notification_operations";
    world.alter(&format!("create table twin as select * from {table}"));
    world.alter("update twin set op_id = 'twin'");
    let insert = format!("insert into {table} select * from twin");
    let refusal = world.try_alter(&insert).unwrap_err();
    assert!(refusal.contains("idem_key"), "{refusal}");
    let sql = format!("select count(*) as n from {table} where op_id = ?1");
    assert_eq!(world.count(&sql, vec![Value::from(&op_id)]).await, 1);
}

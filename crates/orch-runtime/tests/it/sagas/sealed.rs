//! What customers order and what providers answer is nobody's business who reads the database.

use std::sync::Arc;

use orch_runtime::store::KeyUse;

use super::*;
use crate::encryption::cipher;

/// Every text of every table of the sagas that may hold what somebody ordered.
const TEXTS: &str = "select payload as text from order_saga_states \
    union all select data from order_saga_step_results where data is not null \
    union all select envelope from order_saga_outbox \
    union all select envelope from order_saga_event_dead_letters";

impl Shop {
    fn sealed_by(&mut self, ids: &[&str]) {
        self.world.restart_sealed_by(Arc::new(cipher(ids)));
        self.sagas = sagas(&self.world);
    }

    async fn texts(&self) -> Vec<String> {
        let rows = self.world.store().query(TEXTS.to_owned(), vec![]).await;
        let rows = rows.unwrap();
        rows.iter().map(|row| row.get("text").unwrap()).collect()
    }

    /// The keys of the sagas' texts; empty for texts in clear.
    async fn keys(&self) -> Vec<String> {
        let used = self.sagas.keys_in_use().await.unwrap();
        let id = |used: KeyUse| used.key_id.unwrap_or_default();
        used.into_iter().map(id).collect()
    }

    async fn rotate(&self, limit: u32) -> Vec<usize> {
        let (mut after, mut rewritten) = (None, Vec::new());
        loop {
            let rotated = self.sagas.rotate(after, limit).await.unwrap();
            assert_eq!(rotated.unreadable, 0);
            after = rotated.end;
            if after.is_none() {
                return rewritten;
            }
            rewritten.push(rotated.rewritten);
        }
    }
}

#[tokio::test]
async fn what_is_ordered_is_nowhere_in_clear_while_the_order_runs_nor_after() {
    for pattern in [SagaPattern::Orchestration, SagaPattern::Choreography] {
        let mut shop = Shop::of(pattern, 9, 9);
        shop.sealed_by(&["1-key"]);
        shop.sagas.set_pattern(pattern).unwrap();
        let id = shop.order("4111-secret").await;
        let sealed = |texts: &[String]| texts.iter().all(|text| text.starts_with("orch1:1-key:"));
        assert!(sealed(&shop.texts().await), "{pattern}");
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{pattern}");
        let texts = shop.texts().await;
        assert!(texts.len() >= 3 && sealed(&texts), "{texts:?}");
        assert!(saga.payload.contains("4111-secret"));
        assert_eq!(saga.steps[0].result.as_ref().unwrap()["taken"], "item");
        assert_eq!(shop.keys().await, ["1-key"]);
    }
}

#[tokio::test]
async fn an_order_that_is_sent_again_is_recognised_under_a_new_key_and_another_is_not() {
    let mut shop = Shop::new(9, 9);
    let clear = shop.order("a").await;
    shop.sealed_by(&["1-old"]);
    let sealed = shop.order("b").await;
    shop.sealed_by(&["2-new", "1-old"]);
    assert_eq!(shop.order("a").await, clear);
    assert_eq!(shop.order("b").await, sealed);
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new("b").unwrap());
    let order_id = "c".to_owned();
    let refused = shop.sagas.initiate(owner, key, &Order { order_id }).await;
    assert!(refused.is_err());
}

/// Somebody has the database and another key ring.
#[tokio::test]
async fn another_key_reads_nothing() {
    let mut shop = Shop::new(9, 9);
    shop.sealed_by(&["1-key"]);
    let id = shop.order("a").await;
    shop.sealed_by(&["2-other"]);
    let error = shop.sagas.find(&OwnerId::anonymous(), &id).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("1-key"), "{error}");
}

/// Somebody with write access gives an order the contents of another.
#[tokio::test]
async fn what_was_moved_to_another_order_is_not_read() {
    let mut shop = Shop::new(9, 9);
    shop.sealed_by(&["1-key"]);
    let (one, other) = (shop.order("a").await, shop.order("b").await);
    shop.world.alter(&format!(
        "update order_saga_states set payload = (select payload from order_saga_states \
         where transaction_id = '{other}') where transaction_id = '{one}'"
    ));
    let moved = shop.sagas.find(&OwnerId::anonymous(), &one).await;
    assert!(moved.is_err());
}

/// Orders run while the key is changed, and an older one was in clear.
#[tokio::test]
async fn a_rotation_comes_to_every_order_in_parts() {
    let mut shop = Shop::of(SagaPattern::Choreography, 9, 9);
    let clear = shop.order("clear").await;
    shop.sealed_by(&["1-old"]);
    let running = shop.order("running").await;
    shop.order("third").await;
    assert_eq!(shop.keys().await, ["", "1-old"]);
    shop.sealed_by(&["2-new", "1-old"]);
    let rewritten = shop.rotate(2).await;
    assert_eq!(rewritten.len(), 2, "{rewritten:?}");
    assert!(rewritten.iter().all(|count| *count > 0), "{rewritten:?}");
    assert_eq!(shop.keys().await, ["2-new"]);
    assert_eq!(shop.rotate(2).await, [0, 0]);
    shop.world.store().rotate(None, 100).await.unwrap();
    shop.sealed_by(&["2-new"]);
    for id in [running, clear] {
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    }
}

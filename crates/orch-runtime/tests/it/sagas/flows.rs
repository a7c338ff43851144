//! Orders that go through, and orders that do not.

use super::*;

#[tokio::test]
async fn an_order_is_reserved_paid_packed_and_confirmed() {
    let mut shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    assert!(id.as_str().starts_with("TXN_"), "{id}");
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(states(&saga), [StepState::Succeeded; 4]);
    assert!(saga.completed_at.is_some());
    shop.assert_balanced(1, 3, 3).await;
    assert_eq!(
        shop.order("a").await,
        id,
        "the same request is the same saga"
    );
    shop.assert_balanced(1, 3, 3).await;
    let owner = OwnerId::new("somebody else").unwrap();
    assert_eq!(shop.sagas.find(&owner, &id).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_means_one_order() {
    let shop = Shop::new(3, 3);
    shop.order("a").await;
    let other = Order {
        order_id: "b".into(),
    };
    let key = IdemKey::new("a").unwrap();
    let reused = shop.sagas.initiate(OwnerId::anonymous(), key, &other).await;
    assert!(matches!(
        reused,
        Err(orch_runtime::saga::SagaError::KeyReused)
    ));
}

#[tokio::test]
async fn a_refused_payment_puts_everything_back() {
    let mut shop = Shop::answering(3, 3, [Reply::Refuse("NO_MONEY")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    let [reserve, pay, pack, confirm] = states(&saga)[..] else {
        panic!("{saga:?}")
    };
    assert_eq!((reserve, pack), (StepState::Undone, StepState::Undone));
    assert_eq!((pay, confirm), (StepState::Failed, StepState::Waiting));
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "NO_MONEY");
    shop.assert_balanced(0, 3, 3).await;
}

#[tokio::test]
async fn an_order_of_which_nothing_happened_failed() {
    let mut shop = Shop::new(0, 3);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(
        saga.steps[0].error.as_ref().unwrap().code,
        "INSUFFICIENT_STOCK"
    );
    shop.assert_balanced(0, 0, 3).await;
}

/// The payment runs while packing fails: it is waited for, and given back once, however often somebody asks.
#[tokio::test]
async fn a_payment_that_comes_through_too_late_is_refunded_once() {
    let mut shop = Shop::new(3, 0);
    let id = shop.order("a").await;
    for _ in 0..3 {
        shop.sagas.cancel(&id).await.unwrap();
        shop.sagas.look(&id).await.unwrap();
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    shop.sagas.cancel(&id).await.unwrap();
    shop.assert_balanced(0, 3, 0).await;
    assert_eq!(shop.count("order_id like 'refund-%'").await, 1);
}

/// An answer that was lost says nothing: the provider is asked before anything is given back.
#[tokio::test]
async fn a_payment_in_doubt_is_asked_about_before_it_is_undone() {
    for (reply, refunds) in [(Reply::DoneButLost, 1), (Reply::LostBefore, 1)] {
        let mut shop = Shop::answering(3, 0, [reply]);
        let id = shop.order("a").await;
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated);
        assert_eq!(shop.count("order_id like 'refund-%'").await, refunds);
        shop.assert_balanced(0, 3, 0).await;
    }
}

/// A failing confirmation mail must not refund an order that is paid and packed.
#[tokio::test]
async fn an_order_stays_when_its_confirmation_fails() {
    let mut shop = Shop::answering(3, 3, [Reply::Done, Reply::Refuse("NO_SUCH_ADDRESS")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(saga.steps[3].state, StepState::Failed);
    shop.assert_balanced(1, 3, 3).await;
}

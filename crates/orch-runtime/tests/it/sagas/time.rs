//! Waiting, deadlines, and a shop with much to do.

use super::*;

/// A saga that waits for days must not cost a write every few seconds.
#[tokio::test]
async fn the_longer_nothing_happens_the_rarer_somebody_looks() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensating);
    let before = shop.saga(&id).await;
    let mut looks = 0;
    for _ in 0..100 {
        shop.world.clock.advance(Duration::from_secs(15));
        let now = orch_runtime::Clock::now(&shop.world.clock);
        looks += shop.sagas.run_once(now).await.unwrap();
    }
    assert!((20..=26).contains(&looks), "{looks} looks in 25 minutes");
    let seen = |saga: &SagaRecord| serde_json::to_value(saga).unwrap();
    assert_eq!(
        seen(&shop.saga(&id).await),
        seen(&before),
        "nothing was written but when to look again"
    );
}

/// Nothing begins after the deadline, and what happened until then is undone at it.
#[tokio::test]
async fn an_order_that_takes_too_long_is_undone() {
    let mut shop = Shop::answering(3, 3, [Reply::Busy(Some(Duration::from_secs(3_050)))]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
    shop.assert_balanced(0, 3, 3).await;
}

/// Why it is over is a matter of what came first.
#[tokio::test]
async fn an_order_undone_late_failed_for_its_own_reason() {
    let late = Duration::from_secs(3_050);
    let replies = [Reply::Done, Reply::Busy(Some(late))];
    let mut shop = Shop::answering(3, 0, replies);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
    assert!(saga.updated_at > saga.deadline_at);
    assert_eq!(saga.stop, None, "a step of it failed, long before");
    shop.assert_balanced(0, 3, 0).await;
}

/// A busy shop hears of something all the time, and must not forget those of whom it hears nothing.
#[tokio::test]
async fn sagas_are_looked_at_however_much_else_ends() {
    let shop = Shop::answering(3, 3, [Reply::Busy(Some(Duration::from_secs(3_600)))]);
    let id = shop.order("a").await;
    shop.world.run_once().await;
    let (signal, shutdown) = Shutdown::new();
    let working = tokio::spawn(Workers::new().with_sagas(&shop.sagas).run(shutdown));
    for second in (0..3_100).step_by(4) {
        let other = format!("other-{second}");
        shop.world.submit(&other, &charge(&other)).await.unwrap();
        shop.world.clock.advance(Duration::from_secs(4));
    }
    shop.world.run_once().await;
    let saga = shop.saga(&id).await;
    assert_ne!(saga.state, SagaState::InProgress, "its deadline has passed");
    signal.request();
    working.await.unwrap();
}

/// A customer does not wait for a mail that nobody may send any more.
#[tokio::test]
async fn no_optional_step_begins_after_the_deadline() {
    let mut shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    shop.world.run_once().await;
    assert_eq!(
        shop.count("state = 'COMPLETED'").await,
        1,
        "paid, and the saga does not know"
    );
    shop.world.clock.advance(Duration::from_secs(3_001));
    shop.sagas.look(&id).await.unwrap();
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "it is paid and packed");
    assert_eq!(saga.steps[3].state, StepState::Waiting);
    shop.assert_balanced(1, 3, 3).await;
}

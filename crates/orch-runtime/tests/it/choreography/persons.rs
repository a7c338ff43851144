//! What a person asks for, and decides.

use orch_runtime::saga::Settled;

use super::*;

/// What cannot be undone holds up nothing else. A person asks three times, and it is begun once more each time
/// that it certainly did not work.
#[tokio::test]
async fn a_refused_refund_waits_for_a_person_and_the_rest_goes_on() {
    let mut shop = shop(3, 0);
    let replies = [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")];
    shop.world.provider.script(replies);
    let id = paid_and_not_packed(&shop).await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[0].state, StepState::Undone, "the rest goes on");
    assert_eq!(saga.steps[1].state, StepState::UndoParked);
    let parked = event(&shop, &id, "CompensationFailed").await;
    assert_eq!(parked.payload["errorCode"], "ACCOUNT_CLOSED");

    let decision = Decision::new("ada", "the account is open").unwrap();
    for _ in 0..3 {
        shop.sagas.compensate(&id).await.unwrap();
        let again = shop.sagas.undo_again(&id, "pay", &decision).await.unwrap();
        assert_eq!(again, Settled::Done(StepState::UndoParked));
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    assert_eq!(saga.steps[1].undo_attempts, 2, "six asked for one more");
    shop.assert_balanced(0, 3, 0).await;
    let ends = [
        "CompensationStepCompleted",
        "CompensationCompleted",
        "OrderFailed",
    ];
    assert!(types(&told(&shop, &id).await).ends_with(&ends));
}

#[tokio::test]
async fn a_person_can_leave_what_cannot_be_undone() {
    let mut shop = shop(3, 0);
    let replies = [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")];
    shop.world.provider.script(replies);
    let id = paid_and_not_packed(&shop).await;
    shop.settle(&id).await;
    let decision = Decision::new("ada", "paid back in cash").unwrap();
    // What begins it again has not heard of it when somebody else decides.
    let again = shop.sagas.undo_again(&id, "pay", &decision).await.unwrap();
    assert_eq!(again, Settled::Done(StepState::UndoParked));
    let left = shop.sagas.leave(&id, "pay", &decision).await.unwrap();
    assert_eq!(left, Settled::Done(StepState::Left));
    let again = shop.sagas.undo_again(&id, "pay", &decision).await.unwrap();
    assert!(matches!(again, Settled::NotParked(_)), "{again:?}");
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(saga.steps[1].undo_attempts, 1);
    assert_eq!(types(&told(&shop, &id).await).last(), Some(&"OrderFailed"));
}

#[tokio::test]
async fn a_cancelled_order_is_undone_and_a_finished_one_is_not() {
    let mut shop = shop(3, 3);
    let id = shop.order("a").await;
    shop.deliver().await;
    for _ in 0..3 {
        shop.sagas.cancel(&id).await.unwrap();
    }
    let stopped = event(&shop, &id, "OrderStopped").await;
    assert_eq!(stopped.payload["reason"], "CANCELLED");
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
    let id = shop.order("b").await;
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.sagas.cancel(&id).await.unwrap();
    shop.sagas.compensate(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

/// A compensation that can never begin would otherwise be begun for ever, and nobody would see it.
#[tokio::test]
async fn a_compensation_that_can_never_begin_waits_for_a_person() {
    let mut shop = shop(3, 0);
    let id = paid_and_not_packed(&shop).await;
    let key = format!("{id}/pay/undo/0");
    let other = crate::charge::charge("somebody-elses");
    let op_id = shop.world.submit("other", &other).await.unwrap();
    shop.world.alter(&format!(
        "update charge_operations set idem_key = '{key}' where op_id = '{op_id}'"
    ));
    let saga = shop.settle(&id).await;
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "NOT_ACCEPTED");
    assert_eq!(saga.steps[0].state, StepState::Undone, "the rest goes on");
    shop.sagas.compensate(&id).await.unwrap();
    assert_eq!(
        shop.settle(&id).await.state,
        SagaState::Compensated,
        "under its next key"
    );
}

/// An order that is to be undone, and whoever undoes has not heard of it: the event is published, as far as the
/// outbox knows.
async fn paid_and_lost(shop: &Shop) -> SagaId {
    let id = paid_and_not_packed(shop).await;
    while shop.saga(&id).await.steps[1].state == StepState::Running {
        shop.world.advance(Duration::from_secs(16)).await;
        shop.sagas.look(&id).await.unwrap();
    }
    let lost = "update order_saga_outbox set published_at = created_at where published_at is null";
    shop.world.alter(lost);
    id
}

/// Minutes in which processes look, and nobody asks for anything.
async fn minutes(shop: &Shop, count: u32) {
    for _ in 0..count {
        shop.world.advance(Duration::from_secs(60)).await;
        let now = shop.world.clock.now();
        shop.sagas.run_once(now).await.unwrap();
        shop.deliver().await;
    }
}

/// Events are lost with a server's disk, or taken by a process of an earlier release that does not know who hears
/// them now. The money would stay away, and nobody would be told.
#[tokio::test]
async fn what_whoever_undoes_did_not_hear_is_told_again() {
    let shop = shop(3, 0);
    let id = paid_and_lost(&shop).await;
    minutes(&shop, 4).await;
    assert_eq!(shop.saga(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 0).await;
    let told = told(&shop, &id).await;
    let again = types(&told).into_iter();
    assert_eq!(again.filter(|of| *of == "CompensationDue").count(), 2);
}

/// Has an event be a dead letter of this handler.
fn bury(shop: &Shop, handler: &str) {
    shop.world.alter(&format!(
        "insert into order_saga_event_dead_letters (event_id, handler, transaction_id, event_type, envelope, \
         error, deliveries, dead_at) select event_id, '{handler}', transaction_id, event_type, \
         envelope, 'broken', 4, created_at from order_saga_outbox where event_type = 'OrderInitiated'"
    ));
}

/// What nobody could take who has nothing to do with undoing says nothing of whether what is due was heard.
#[tokio::test]
async fn whoever_undoes_is_told_again_while_another_handlers_dead_letter_waits() {
    for handler in ["LedgerHandler", "ConfirmHandler"] {
        let shop = shop(3, 0);
        let id = paid_and_lost(&shop).await;
        bury(&shop, handler);
        minutes(&shop, 9).await;
        assert_eq!(shop.saga(&id).await.state, SagaState::Compensated);
        shop.assert_balanced(0, 3, 0).await;
        let letters =
            "select count(*) as n from order_saga_event_dead_letters where redriven_at is null";
        assert_eq!(shop.world.count(letters, vec![]).await, 1, "it still waits");
    }
}

/// What became a dead letter would become one more each minute.
#[tokio::test]
async fn a_person_calls_whoever_undoes_when_the_event_is_a_dead_letter() {
    let mut shop = shop(3, 0);
    let id = paid_and_lost(&shop).await;
    bury(&shop, "CompensationHandler");
    minutes(&shop, 9).await;
    assert_eq!(shop.saga(&id).await.state, SagaState::Compensating);
    assert_eq!(shop.saga(&id).await.steps[1].state, StepState::Succeeded);
    for _ in 0..3 {
        shop.sagas.compensate(&id).await.unwrap();
    }
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 0).await;
}

//! What a person asks for, and decides.

use std::sync::atomic::{AtomicBool, Ordering};

use orch_runtime::saga::Settled;
use orch_runtime::store::hook::HookError;

use super::*;

/// What cannot be undone holds up nothing else, and is there for a person to see.
#[tokio::test]
async fn a_refused_refund_waits_for_a_person_and_the_rest_goes_on() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[0].state, StepState::Undone);
    assert_eq!(saga.steps[1].state, StepState::UndoParked);
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "ACCOUNT_CLOSED");
    assert_eq!(shop.pieces("item").await, 3);

    shop.world.provider.script([Reply::Refuse("STILL_CLOSED")]);
    shop.sagas.compensate(&id).await.unwrap();
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "STILL_CLOSED");

    for _ in 0..3 {
        shop.sagas.compensate(&id).await.unwrap();
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    assert_eq!(saga.steps[1].undo_attempts, 3);
    shop.assert_balanced(0, 3, 0).await;
}

#[tokio::test]
async fn a_person_can_leave_what_cannot_be_undone() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    let decision = Decision::new("ada", "paid back in cash").unwrap();
    let early = shop.sagas.leave(&id, "pay", &decision).await.unwrap();
    assert!(matches!(early, Settled::NotParked(_)), "{early:?}");
    let saga = shop.settle(&id).await;
    assert_eq!(
        saga.state,
        SagaState::Compensating,
        "too early to decide that"
    );
    assert!(shop.sagas.leave(&id, "paid", &decision).await.is_err());
    let left = shop.sagas.leave(&id, "pay", &decision).await.unwrap();
    assert_eq!(left, Settled::Done(StepState::Left));
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(saga.steps[1].state, StepState::Left);
    assert_eq!(
        saga.steps[1].error.as_ref().unwrap().message,
        "left by ada: paid back in cash"
    );
}

#[tokio::test]
async fn a_cancelled_order_is_undone_and_a_finished_one_is_not() {
    let mut shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    shop.sagas.cancel(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
    let id = shop.order("b").await;
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.sagas.cancel(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

/// A compensation that can never begin would otherwise be begun for ever, and nobody would see it.
#[tokio::test]
async fn a_compensation_that_can_never_begin_waits_for_a_person() {
    let mut shop = Shop::answering(3, 0, [Reply::Done]);
    let id = shop.order("a").await;
    let key = format!("{id}/pay/undo/0");
    let other = charge("somebody-elses");
    let op_id = shop.world.submit("other", &other).await.unwrap();
    shop.world.alter(&format!(
        "update charge_operations set idem_key = '{key}' where op_id = '{op_id}'"
    ));
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[1].state, StepState::UndoParked);
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "NOT_ACCEPTED");
    assert_eq!(saga.steps[0].state, StepState::Undone, "the rest goes on");
    shop.sagas.compensate(&id).await.unwrap();
    assert_eq!(
        shop.settle(&id).await.state,
        SagaState::Compensated,
        "under its next key"
    );
}

/// Packs, and cannot unpack while it is stuck.
struct Sticky(Arc<AtomicBool>);

impl LocalWork<Order> for Sticky {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        Take("box").run(tx, run).await
    }

    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<(), LocalError> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(HookError::new("no such column: pieces").into()),
            false => Take("box").undo(tx, run).await,
        }
    }
}

/// A shop in which the payment is refused and unpacking is stuck, with an order in it.
async fn stuck() -> (Shop, SagaId, Arc<AtomicBool>) {
    let mut shop = Shop::answering(3, 3, [Reply::Refuse("NO_MONEY")]);
    let stuck = Arc::new(AtomicBool::new(true));
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let engine = shop.world.engine();
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| Ok(of("pay", run.input)));
    let confirm = Call::new(engine, |run: &StepRun<'_, Order>| {
        Ok(of("confirm", run.input))
    });
    let sagas = Sagas::builder(database, tables, PLAN)
        .clock(Arc::new(shop.world.clock.clone()))
        .step("reserve", Local::new(Take("item")))
        .step("pay", pay.undone_by(engine, refund))
        .step("pack", Local::new(Sticky(Arc::clone(&stuck))))
        .step("confirm", confirm);
    shop.sagas = sagas.events(events()).build().unwrap();
    let id = shop.order("a").await;
    (shop, id, stuck)
}

/// A compensation that the database refuses would hold up what was done before it, and nobody would be told.
#[tokio::test]
async fn a_compensation_that_the_database_refuses_for_long_waits_for_a_person() {
    let (mut shop, id, stuck) = stuck().await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[2].state, StepState::UndoParked);
    let error = saga.steps[2].error.as_ref().unwrap();
    assert_eq!(
        (&*error.code, &*error.message),
        ("NOT_POSSIBLE", "no such column: pieces")
    );
    assert_eq!(saga.steps[0].state, StepState::Undone, "the rest goes on");
    stuck.store(false, Ordering::Relaxed);
    shop.sagas.compensate(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
}

#[tokio::test]
async fn a_compensation_that_fails_for_a_while_is_begun_again_by_nobody_but_the_saga() {
    let (mut shop, id, stuck) = stuck().await;
    for _ in 0..8 {
        shop.world.quiet().await;
        shop.world.advance(Duration::from_secs(16)).await;
        let now = orch_runtime::Clock::now(&shop.world.clock);
        shop.sagas.run_once(now).await.unwrap();
    }
    assert_eq!(shop.saga(&id).await.steps[2].state, StepState::Succeeded);
    stuck.store(false, Ordering::Relaxed);
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
}

/// A refund that failed is not done anew beside its saga, which would give the money back once more.
#[tokio::test]
async fn a_failed_refund_is_redriven_by_its_saga_alone() {
    let refuse = || Reply::Refuse("ACCOUNT_CLOSED");
    let mut shop = Shop::answering(3, 0, [Reply::Done, refuse()]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    let refund = saga.steps[1].undo_op_id.clone().unwrap();
    let letters = DeadLetters::new(shop.world.engine());
    let why = Decision::new("ada", "the account is open again").unwrap();
    let redriven = letters.redrive(&refund, &why).await;
    let reason = redriven.unwrap_err().to_string();
    assert!(
        reason.contains(id.as_str()) && reason.contains("compensated"),
        "{reason}"
    );
    shop.sagas.compensate(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 0).await;
}

/// Nobody finds in the list what the list's own commands refuse.
#[tokio::test]
async fn an_exhausted_refund_is_not_among_the_dead_letters_and_a_parked_one_is() {
    let busy = [const { Reply::Busy(None) }; 9];
    let mut shop = Shop::answering(3, 0, [Reply::Done].into_iter().chain(busy));
    let id = shop.order("a").await;
    assert_eq!(shop.settle(&id).await.steps[1].state, StepState::UndoParked);
    let letters = DeadLetters::new(shop.world.engine());
    let exhausted = letters.list(DeadLetterKind::Exhausted, None, 10).await;
    assert_eq!(exhausted.unwrap(), []);
    let sql = "update charge_operations set state = 'PARKED' where order_id = 'refund-a'";
    shop.world.alter(sql);
    let parked = letters
        .list(DeadLetterKind::Parked, None, 10)
        .await
        .unwrap();
    assert_eq!(parked.len(), 1);
}

/// A key that only a saga may give would let a client have a step of somebody's saga refused.
#[tokio::test]
async fn keys_of_steps_are_given_by_sagas_alone() {
    let shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    for key in [format!("{id}/confirm"), format!("{id}/pay/undo/0")] {
        let key = IdemKey::new(key).unwrap();
        let (engine, owner) = (shop.world.engine().clone(), OwnerId::anonymous());
        let refused = engine
            .submit(owner.clone(), key.clone(), &charge("x"))
            .await;
        let reason = refused.unwrap_err().to_string();
        assert!(
            reason.contains(key.as_str()) && reason.contains("sagas"),
            "{reason}"
        );
        let database = shop.world.database().open(Arc::new(NoFaults));
        let within = database.transaction(move |mut tx| {
            let (engine, owner, key) = (engine.clone(), owner.clone(), key.clone());
            Box::pin(async move {
                let submitted = engine.submit_in(&mut tx, owner, key, &charge("x")).await;
                assert!(
                    matches!(submitted, Err(SubmitError::KeyReserved(_))),
                    "{submitted:?}"
                );
                Ok(())
            })
        });
        within.await.unwrap();
    }
    assert_eq!(shop.count("order_id = 'x'").await, 0);
}

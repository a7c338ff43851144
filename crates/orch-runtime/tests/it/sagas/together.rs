//! Orders whose turns share a transaction.

use orch_runtime::saga::Stop;

use super::*;

/// Many orders go on in one commit, and the database refuses what one of them writes.
#[tokio::test]
async fn of_many_that_go_on_together_one_that_fails_takes_no_other_with_it() {
    let shop = Shop::new(99, 99);
    let refuse = match STORE {
        StoreKind::Sqlite => {
            "create trigger refuses before insert on charge_operations \
             when new.order_id = 'confirm-o7' begin select raise(abort, 'not this one'); end"
        }
        StoreKind::Postgres => {
            "alter table charge_operations add constraint refuses check (order_id <> 'confirm-o7')"
        }
    };
    shop.world.alter(refuse);
    let (signal, shutdown) = Shutdown::new();
    let keeping = tokio::spawn(Workers::new().with_sagas(&shop.sagas).run(shutdown));
    let orders = (0..20).map(|number| {
        let (sagas, order_id) = (shop.sagas.clone(), format!("o{number}"));
        tokio::spawn(async move {
            let key = IdemKey::new(&*order_id).unwrap();
            let owner = OwnerId::anonymous();
            let order = Order { order_id };
            sagas.initiate(owner, key, &order).await.unwrap().id
        })
    });
    let mut ids = Vec::new();
    for order in orders.collect::<Vec<_>>() {
        ids.push(order.await.unwrap());
    }
    // The clock stands still: nobody looks at an order that is not heard of.
    let completed = "select count(*) as n from order_saga_states where status = 'COMPLETED'";
    until(async || shop.world.count(completed, vec![]).await == 19).await;
    assert_eq!(shop.world.count(completed, vec![]).await, 19);
    let refused = shop.saga(&ids[7]).await;
    assert_eq!(refused.state, SagaState::InProgress);
    assert_eq!(refused.steps[3].state, StepState::Waiting);
    signal.request();
    keeping.await.unwrap();
}

/// What a process remembers of an order is older than what another one has decided.
#[tokio::test]
async fn an_order_that_is_cancelled_elsewhere_is_not_gone_on_with() {
    let late = Duration::from_secs(60);
    let mut shop = Shop::answering(3, 3, [Reply::Done, Reply::Busy(Some(late))]);
    let (signal, shutdown) = Shutdown::new();
    let keeping = tokio::spawn(Workers::new().with_sagas(&shop.sagas).run(shutdown));
    let id = shop.order("a").await;
    shop.world.run_once().await;
    // The clock stands still: this process goes on with what it hears of, and remembers what it wrote.
    until(async || shop.saga(&id).await.steps[3].state == StepState::Running).await;
    let saga = shop.saga(&id).await;
    assert_eq!(saga.steps[3].state, StepState::Running, "{saga:?}");
    let elsewhere = sagas(&shop.world);
    elsewhere.cancel(&id).await.unwrap();
    assert_eq!(shop.saga(&id).await.state, SagaState::Compensating);
    shop.world.clock.advance(late);
    shop.world.run_once().await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
    assert_eq!(saga.stop, Some(Stop::Cancelled));
    shop.assert_balanced(0, 3, 3).await;
    signal.request();
    keeping.await.unwrap();
}

//! Crashes, other processes, and many at the same time.

use super::*;

/// Wherever the process dies: after it, every order is whole or undone.
#[tokio::test]
async fn a_crash_at_any_boundary_loses_and_doubles_nothing() {
    for boundary in Boundary::ALL {
        for boxes in [3, 0] {
            let mut shop = Shop::new(3, boxes);
            shop.world.crash_at(boundary);
            let id = shop.order("a").await;
            let saga = shop.settle(&id).await;
            let (sold, state) = match boxes {
                0 => (0, SagaState::Compensated),
                _ => (1, SagaState::Completed),
            };
            assert_eq!(saga.state, state, "{boundary}");
            shop.assert_balanced(sold, 3, i64::from(boxes)).await;
        }
    }
}

/// A client that hangs up leaves operations that were leased for it, and that nobody would call.
#[tokio::test]
async fn an_order_goes_on_though_its_client_hangs_up() {
    let mut shop = Shop::new(1, 1);
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let engine = shop.world.engine();
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| Ok(of("pay", run.input)));
    let plan = [step("pay", &[], Compensation::Operation, Weight::Required)];
    let sagas = Sagas::builder(database, tables, &plan)
        .clock(Arc::new(shop.world.clock.clone()))
        .events(SagaEvents::of("Order"))
        .step("pay", pay.undone_by(engine, refund));
    shop.sagas = sagas.build().unwrap();
    let initiate = |key: &str| {
        let (sagas, order_id) = (shop.sagas.clone(), key.to_owned());
        let (owner, key) = (OwnerId::anonymous(), IdemKey::new(key).unwrap());
        async move { sagas.initiate(owner, key, &Order { order_id }).await }
    };
    for count in 1..=20 {
        let is_recorded = async || shop.count("true").await == count;
        hang_up(initiate(&format!("{count}")), is_recorded).await;
    }
    until(async || shop.world.provider.total_requests() == 20).await;
    assert_eq!(
        shop.world.provider.total_requests(),
        20,
        "the clock stands still"
    );
    let again = initiate("20").await.unwrap();
    assert!(again.replayed);
    assert_eq!(shop.settle(&again.id).await.state, SagaState::Completed);
    assert_eq!(shop.world.provider.total_requests(), 20);
}

/// Ten look at one saga at the same time.
#[tokio::test]
async fn of_many_that_advance_a_saga_one_does() {
    let mut shop = Shop::new(3, 0);
    let id = shop.order("a").await;
    let looks = (0..10).map(|_| {
        let (sagas, id) = (sagas(&shop.world), id.clone());
        tokio::spawn(async move { sagas.look(&id).await })
    });
    for look in looks.collect::<Vec<_>>() {
        let _ = look.await.unwrap();
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 0).await;
}

/// A process that lives for one look at a time: whoever waited for a step's end is gone when it comes.
#[tokio::test]
async fn a_shop_that_restarts_all_the_time_serves_its_orders() {
    for boxes in [3, 0] {
        let mut shop = Shop::new(3, boxes);
        let id = shop.order("a").await;
        let mut rounds = 0;
        while !shop.saga(&id).await.state.is_final() {
            shop.world.restart();
            shop.sagas = sagas(&shop.world);
            shop.world.advance(Duration::from_secs(20)).await;
            let now = orch_runtime::Clock::now(&shop.world.clock);
            shop.sagas.run_once(now).await.unwrap();
            rounds += 1;
            assert!(rounds < 100, "{:?}", shop.saga(&id).await);
        }
        let sold = i64::from(boxes > 0);
        shop.assert_balanced(sold, 3, i64::from(boxes)).await;
    }
}

/// Twenty want what five can have.
#[tokio::test]
async fn the_last_pieces_are_sold_once() {
    let mut shop = Shop::new(5, 20);
    let orders = (0..20).map(|number| {
        let (sagas, order_id) = (shop.sagas.clone(), format!("o{number}"));
        tokio::spawn(async move {
            let key = IdemKey::new(&*order_id).unwrap();
            let order = Order { order_id };
            let owner = OwnerId::anonymous();
            sagas.initiate(owner, key, &order).await.unwrap().id
        })
    });
    let mut completed = 0;
    for order in orders.collect::<Vec<_>>() {
        let saga = shop.settle(&order.await.unwrap()).await;
        match saga.state {
            SagaState::Completed => completed += 1,
            state => assert_eq!(state, SagaState::Failed),
        }
    }
    assert_eq!(completed, 5);
    assert_eq!(shop.pieces("item").await, 0);
    assert_eq!(shop.pieces("box").await, 15);
    assert_eq!(shop.count("order_id like 'pay-%'").await, 5);
}

/// One row that no program can read must not keep all other orders from being served.
#[tokio::test]
async fn a_saga_that_cannot_be_read_holds_up_no_other() {
    let mut shop = Shop::new(3, 3);
    let broken = shop.order("broken").await;
    shop.world.alter(&format!(
        "update order_saga_states set payload = 'no json', look_at = null where transaction_id = '{broken}'"
    ));
    shop.world
        .alter("update order_saga_states set look_at = created_at");
    let whole = shop.order("whole").await;
    assert_eq!(shop.settle(&whole).await.state, SagaState::Completed);
    let saga = shop.saga(&broken).await;
    assert_eq!(
        saga.state,
        SagaState::InProgress,
        "it waits, and is not lost"
    );
}

/// The clock stands still, so nobody looks for what nobody heard of.
#[tokio::test]
async fn another_process_that_executes_a_step_advances_the_saga() {
    let shop = Shop::new(3, 3);
    shop.world.engine().drain(Duration::ZERO).await;
    let engine = shop.world.second_process();
    let elsewhere = sagas_of(&shop.world, &engine);
    let (signal, shutdown) = Shutdown::new();
    let working = tokio::spawn(Workers::new().with_sagas(&elsewhere).run(shutdown));
    let id = shop.order("a").await;
    until(async || {
        engine.dispatch_once().await.unwrap();
        engine.idle().await;
        shop.saga(&id).await.state.is_final()
    })
    .await;
    assert_eq!(shop.saga(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
    signal.request();
    working.await.unwrap();
}

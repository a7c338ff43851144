//! Crashes, other processes, and many at the same time.

use orch_runtime::events::BusConfig;

use super::*;

/// Wherever the process dies: after it, every order is whole or undone.
#[tokio::test]
async fn a_crash_at_any_boundary_loses_and_doubles_nothing() {
    for boundary in Boundary::ALL {
        for boxes in [3, 0] {
            let mut shop = shop(3, boxes);
            shop.world.crash_at(boundary);
            let id = match boxes {
                0 => paid_and_not_packed(&shop).await,
                _ => shop.order("a").await,
            };
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

/// Ends after so many turns of the runtime.
async fn turns(count: u32) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// Whoever delivers dies at any moment: before it has taken an event, while handlers work, after their commit,
/// before it has noted that. What it had is delivered again when its time is over.
#[tokio::test]
async fn who_delivers_may_die_at_any_moment() {
    for boxes in [3, 0] {
        for life in [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
            let mut shop = shop(3, boxes);
            let id = shop.order("a").await;
            for _ in 0..12 {
                let choreography = Choreography::of(&shop.sagas).unwrap();
                let now = shop.world.clock.now();
                tokio::select! {
                    biased;
                    _ = choreography.run_once(now) => {}
                    () = turns(life) => {}
                }
                shop.world.advance(Duration::from_secs(31)).await;
                let now = shop.world.clock.now();
                shop.sagas.run_once(now).await.unwrap();
            }
            let saga = shop.settle(&id).await;
            assert!(saga.state.is_final(), "{life}: {saga:?}");
            let sold = i64::from(boxes > 0);
            shop.assert_balanced(sold, 3, i64::from(boxes)).await;
        }
    }
}

/// A process that lives for one delivery at a time.
#[tokio::test]
async fn a_shop_that_restarts_all_the_time_serves_its_orders() {
    for boxes in [3, 0] {
        let mut shop = shop(3, boxes);
        let id = shop.order("a").await;
        let mut rounds = 0;
        while !shop.saga(&id).await.state.is_final() {
            shop.world.restart();
            shop.sagas = sagas(&shop.world);
            shop.world.advance(Duration::from_secs(20)).await;
            let now = shop.world.clock.now();
            shop.sagas.run_once(now).await.unwrap();
            let choreography = Choreography::of(&shop.sagas).unwrap();
            choreography.run_once(now).await.unwrap();
            rounds += 1;
            assert!(rounds < 100, "{:?}", shop.saga(&id).await);
        }
        let sold = i64::from(boxes > 0);
        shop.assert_balanced(sold, 3, i64::from(boxes)).await;
    }
}

/// Two processes deliver from one database; twenty want what five can have.
#[tokio::test]
async fn two_processes_share_the_events_of_one_database() {
    let mut shop = shop(5, 20);
    let engine = shop.world.second_process();
    let elsewhere = sagas_of(&shop.world, &engine);
    let mut orders = Vec::new();
    for number in 0..20 {
        orders.push(shop.order(&format!("o{number}")).await);
    }
    // None of them has room for all.
    let [here, there] = [&shop.sagas, &elsewhere].map(|sagas| {
        let builder = Choreography::builder(sagas).unwrap();
        let config = BusConfig {
            at_once: 8,
            ..BusConfig::default()
        };
        builder.handlers_of(sagas).config(config).build().unwrap()
    });
    let mut taken = [0, 0];
    for _ in 0..200 {
        let now = shop.world.clock.now();
        let (first, second) = tokio::join!(here.run_once(now), there.run_once(now));
        taken[0] += first.unwrap();
        taken[1] += second.unwrap();
        shop.world.advance(Duration::from_secs(2)).await;
        let now = shop.world.clock.now();
        shop.sagas.run_once(now).await.unwrap();
    }
    assert!(taken.iter().all(|count| *count > 0), "{taken:?}");
    let mut completed = 0;
    for id in &orders {
        let saga = shop.settle(id).await;
        completed += i64::from(saga.state == SagaState::Completed);
    }
    assert_eq!(completed, 5);
    shop.assert_balanced(5, 5, 20).await;
    let waiting = "select count(*) as n from order_saga_outbox where published_at is null";
    assert_eq!(shop.world.count(waiting, vec![]).await, 0);
}

/// What a handler hears of an order is never older than what it has heard.
#[tokio::test]
async fn no_event_overtakes_an_earlier_one_of_its_saga() {
    let mut shop = shop(9, 9);
    let orders = [shop.order("a").await, shop.order("b").await];
    for id in &orders {
        shop.settle(id).await;
    }
    shop.deliver().await;
    let overtaken = "select count(*) as n from order_saga_outbox e join order_saga_outbox l \
                     on l.transaction_id = e.transaction_id and l.seq > e.seq \
                     and l.published_at < e.published_at";
    assert_eq!(shop.world.count(overtaken, vec![]).await, 0);
    let published = "select count(*) as n from order_saga_outbox where published_at is not null";
    assert_eq!(shop.world.count(published, vec![]).await, 12);
}

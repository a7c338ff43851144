//! Sagas whose rows somebody else holds: a person at the database, or a process that hangs.

use std::time::Duration;

use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::http::header::RETRY_AFTER;
use orch_runtime::axum::response::IntoResponse as _;
use orch_runtime::http::ApiError;
use orch_runtime::saga::{SagaError, SagaState, StepState};
use orch_runtime::{IdemKey, OwnerId};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use crate::sagas::{Order, Shop};

#[tokio::test]
async fn an_order_that_somebody_holds_stops_no_other_and_its_client_is_told_to_come_again() {
    let shop = Shop::new(9, 9);
    let (held, free) = (shop.order("held").await, shop.order("free").await);
    shop.world.quiet().await;
    shop.world.run_once().await;
    let mut person = PgConnection::connect(&shop.world.database().url())
        .await
        .unwrap();
    let mut holding = person.begin().await.unwrap();
    sqlx::query("select 1 from order_saga_states where transaction_id = $1 for update")
        .bind(held.as_str())
        .execute(&mut *holding)
        .await
        .unwrap();

    shop.world.clock.advance(Duration::from_secs(16));
    let now = orch_runtime::Clock::now(&shop.world.clock);
    assert_eq!(shop.sagas.run_once(now).await.unwrap(), 2);
    assert_eq!(shop.saga(&free).await.steps[1].state, StepState::Succeeded);
    assert_eq!(shop.saga(&held).await.steps[1].state, StepState::Running);
    let refused = shop.sagas.cancel(&held).await.unwrap_err();
    assert!(matches!(refused, SagaError::Busy(_)), "{refused:?}");
    let answer = ApiError::from(refused).into_response();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER));

    holding.rollback().await.unwrap();
    shop.sagas.look(&held).await.unwrap();
    let saga = shop.saga(&held).await;
    assert_eq!(saga.steps[1].state, StepState::Succeeded);
    assert_eq!(saga.state, SagaState::InProgress);
}

/// More orders than there are places in which transactions write.
const HELD: usize = 8;

/// Somebody changes the stock by hand, and goes to lunch.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_whose_first_row_somebody_holds_is_taken_and_begun_with_later() {
    let mut shop = Shop::new(9, 9);
    let mut person = PgConnection::connect(&shop.world.database().url())
        .await
        .unwrap();
    let mut holding = person.begin().await.unwrap();
    sqlx::query("select 1 from stock where name = 'item' for update")
        .execute(&mut *holding)
        .await
        .unwrap();
    let mut ordering = JoinSet::new();
    for number in 0..HELD {
        let (sagas, order_id) = (shop.sagas.clone(), format!("held{number}"));
        let key = IdemKey::new(&order_id).unwrap();
        ordering.spawn(async move {
            let order = Order { order_id };
            let taken = sagas.initiate(OwnerId::anonymous(), key, &order).await;
            taken.unwrap().id
        });
    }
    let ids = ordering.join_all().await;
    for id in &ids {
        assert_eq!(shop.saga(id).await.steps[0].state, StepState::Waiting);
    }
    holding.rollback().await.unwrap();
    for id in &ids {
        assert_eq!(shop.settle(id).await.state, SagaState::Completed);
    }
    shop.assert_balanced(8, 9, 9).await;
}

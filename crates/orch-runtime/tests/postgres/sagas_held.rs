//! Sagas whose rows somebody else holds: a person at the database, or a process that hangs.

use std::time::Duration;

use orch_runtime::axum::http::StatusCode;
use orch_runtime::axum::http::header::RETRY_AFTER;
use orch_runtime::axum::response::IntoResponse as _;
use orch_runtime::http::ApiError;
use orch_runtime::saga::{SagaError, SagaState, StepState};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::sagas::Shop;

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

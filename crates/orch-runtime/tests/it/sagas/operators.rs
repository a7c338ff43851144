//! What operators see and decide by HTTP, and what becomes of several who decide at once.

use orch_runtime::axum::http::Method;
use orch_runtime::http::{Api, Operators, saga_operators};
use orch_runtime::saga::Settled;
use orch_runtime::testing::client::{self, Client};

use super::*;

/// Operators of what these look after, and a client for whoever asks.
pub(crate) fn desk(workers: &Workers) -> Client {
    let (api, operators) = (Api::default(), Operators::named(["ops"]).unwrap());
    Client::new(saga_operators([workers], &api, &operators), &api)
}

/// What an operator is answered.
pub(crate) async fn ask(desk: &Client, path: &str, body: &str) -> client::Reply {
    let headers = [("x-owner-id", "ops")];
    desk.send(Method::POST, path, &headers, body).await
}

/// A shop with an order whose refund was refused.
async fn unpaid() -> (Shop, SagaId) {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    assert_eq!(shop.settle(&id).await.steps[1].state, StepState::UndoParked);
    (shop, id)
}

fn about(id: &SagaId, step: &str) -> String {
    format!(
        r#"{{"transactionId":"{id}","step":"{step}","by":"ada","reason":"the account is open"}}"#
    )
}

const RETRY: &str = "/sagas/parked/retry";
const LEAVE: &str = "/sagas/parked/leave";

/// Whoever is woken at night has no program to write.
#[tokio::test]
async fn a_parked_refund_is_listed_and_begun_again() {
    let (mut shop, id) = unpaid().await;
    let desk = desk(&Workers::new().with_sagas(&shop.sagas));
    let listed = desk.get("/sagas/parked", "ops").await;
    let parked = &listed.body["parked"][0];
    assert_eq!(parked["saga"], "order_saga");
    assert_eq!(parked["transactionId"], *id.as_str());
    assert_eq!(parked["error"]["code"], "ACCOUNT_CLOSED");

    shop.world.provider.script([Reply::Refuse("STILL_CLOSED")]);
    let begun = ask(&desk, RETRY, &about(&id, "pay")).await;
    assert_eq!((begun.status, begun.text("status")), (200, "UNDOING"));
    assert_eq!(shop.settle(&id).await.steps[1].state, StepState::UndoParked);
    let begun = ask(&desk, RETRY, &about(&id, "pay")).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 0).await;
    let listed = desk.get("/sagas/parked", "ops").await;
    assert_eq!(listed.body, serde_json::json!({ "parked": [] }));

    for path in [RETRY, LEAVE] {
        let late = ask(&desk, path, &about(&id, "pay")).await;
        assert_eq!((late.status, late.text("code")), (409, "NOT_PARKED"));
        assert_eq!(late.text("detail"), "\"pay\" is not parked, it is UNDONE");
    }
}

#[tokio::test]
async fn a_parked_refund_is_left_by_name_and_reason() {
    let (shop, id) = unpaid().await;
    let desk = desk(&Workers::new().with_sagas(&shop.sagas));
    let left = ask(&desk, LEAVE, &about(&id, "pay")).await;
    assert_eq!((left.status, left.text("status")), (200, "LEFT"));
    assert_eq!(shop.saga(&id).await.state, SagaState::Failed);
    let again = ask(&desk, LEAVE, &about(&id, "pay")).await;
    assert_eq!(again.status, 409);
    assert_eq!(
        again.text("detail"),
        "\"pay\" is not parked, it is LEFT: left by ada: the account is open"
    );
}

#[tokio::test]
async fn what_is_not_parked_is_refused_and_nothing_changes() {
    let (shop, id) = unpaid().await;
    let desk = desk(&Workers::new().with_sagas(&shop.sagas));
    let nobody = SagaId::new("TXN_nobody").unwrap();
    for (body, status) in [
        (about(&id, "reserve"), 409),
        (about(&id, "paid"), 404),
        (about(&nobody, "pay"), 404),
        (about(&id, "pay").replace("ada", " "), 400),
        (about(&id, "pay").replace("reason", "why"), 400),
        (about(&id, "pay").replace("TXN_", "../"), 400),
    ] {
        for path in [RETRY, LEAVE] {
            let refused = ask(&desk, path, &body).await;
            assert_eq!(refused.status, status, "{path} {body}: {refused:?}");
        }
    }
    for path in [RETRY, LEAVE] {
        let strangers = desk.post(path, "", &about(&id, "pay")).await;
        assert_eq!(strangers.status, 403);
    }
    for path in ["/sagas/parked", "/choreography/dead-letters"] {
        assert_eq!(desk.get(path, "somebody").await.status, 403, "{path}");
    }
    assert_eq!(shop.saga(&id).await.steps[1].state, StepState::UndoParked);
    assert_eq!(shop.saga(&id).await.steps[1].undo_attempts, 1);
}

/// Perhaps the money is back: begun again, it would perhaps be given back twice.
#[tokio::test]
async fn a_refund_in_doubt_is_not_begun_again() {
    let (shop, id) = unpaid().await;
    let desk = desk(&Workers::new().with_sagas(&shop.sagas));
    shop.world
        .alter("update charge_operations set state = 'PARKED' where order_id = 'refund-a'");
    let refused = ask(&desk, RETRY, &about(&id, "pay")).await;
    assert_eq!((refused.status, refused.text("code")), (409, "IN_DOUBT"));
    let op_id = shop.saga(&id).await.steps[1].undo_op_id.clone().unwrap();
    assert!(
        refused.text("detail").contains(op_id.as_str()),
        "{refused:?}"
    );
    assert_eq!(shop.saga(&id).await.steps[1].undo_attempts, 1);
}

/// Two operators and the owner, woken by one alert.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_who_decide_at_once_one_wins_and_the_others_are_told() {
    let decision = Decision::new("ada", "the account is open").unwrap();
    for round in 0..6 {
        let (mut shop, id) = unpaid().await;
        let mut deciding = tokio::task::JoinSet::new();
        for who in 0..6 {
            let (sagas, id, why) = (shop.sagas.clone(), id.clone(), decision.clone());
            deciding.spawn(async move {
                match (who + round) % 2 {
                    0 => sagas.leave(&id, "pay", &why).await.unwrap(),
                    _ => sagas.undo_again(&id, "pay", &why).await.unwrap(),
                }
            });
        }
        let (sagas, of_owner) = (shop.sagas.clone(), id.clone());
        let owner = tokio::spawn(async move {
            sagas.cancel(&of_owner).await.unwrap();
            // Without the owner's word exactly one of the operators wins.
            if round % 3 == 0 {
                sagas.compensate(&of_owner).await.unwrap();
            }
        });
        let answers = deciding.join_all().await;
        owner.await.unwrap();
        let mut won = Vec::new();
        for answer in answers {
            match answer {
                Settled::Done(state) => won.push(state),
                Settled::NotParked(step) => assert_ne!(step.state, StepState::UndoParked),
                other => panic!("{other:?}"),
            }
        }
        assert!(won.len() <= 1, "{won:?}");
        assert!(round % 3 == 0 || won.len() == 1, "nobody won");
        let saga = shop.settle(&id).await;
        let refunds = shop
            .count("order_id like 'refund-%' and state = 'COMPLETED'")
            .await;
        let expected = match won.contains(&StepState::Left) {
            true => (SagaState::Failed, 1, 0),
            false => (SagaState::Compensated, 2, 1),
        };
        let came_to = (saga.state, saga.steps[1].undo_attempts, refunds);
        assert_eq!(came_to, expected, "{won:?}");
        assert!(shop.world.provider.most_effects_of_one_key() <= 1);
    }
}

//! What of purchases waits for a person: operators see and decide it, and nobody else.

use orch_runtime::SagaId;
use orch_runtime::axum::http::Method;
use orch_runtime::http::{Api, Operators, saga_operators};
use orch_runtime::saga::{SagaRecord, StepState};
use orch_runtime::serde_json::json;
use orch_runtime::testing::Reply;
use orch_runtime::testing::client::Client;

use purchase::purchase::PLAN;

use crate::world::{World, started, worlds};

/// The operator's routes, for whoever asks.
fn desk(world: &World) -> Client {
    let (api, operators) = (Api::default(), Operators::named(["ops"]).unwrap());
    Client::new(saga_operators([&world.workers()], &api, &operators), &api)
}

/// Whoever owns the sagas.
#[tokio::test]
async fn who_is_no_operator_sees_nothing_and_decides_nothing() {
    for world in worlds() {
        let (desk, id) = (desk(&world), started(&world).await);
        for path in ["/sagas/parked", "/choreography/dead-letters"] {
            assert_eq!(desk.get(path, "").await.status, 403, "{path}");
            assert_eq!(desk.get(path, "ada").await.status, 403, "{path}");
            assert_eq!(desk.get(path, "ops").await.status, 200, "{path}");
        }
        let step = PLAN[0].name;
        let about = json!({ "transactionId": id, "step": step, "by": "ada", "reason": "why" });
        let letter = json!({ "eventId": "EVT_1", "handler": "H", "by": "ada", "reason": "why" });
        for (path, body) in [
            ("/sagas/parked/retry", &about),
            ("/sagas/parked/leave", &about),
            ("/choreography/dead-letters/redrive", &letter),
        ] {
            let asked = desk.post(path, "", &body.to_string()).await;
            assert_eq!(asked.status, 403, "{path}");
        }
    }
}

/// What an operator is answered.
async fn decide(world: &World, path: &str, id: &SagaId, step: &str) -> u16 {
    let about = json!({ "transactionId": id, "step": step, "by": "ops", "reason": "it works" });
    let operator = [("x-owner-id", "ops")];
    let (desk, about) = (desk(world), about.to_string());
    let asked = desk.send(Method::POST, path, &operator, &about).await;
    asked.status
}

fn parked(saga: &SagaRecord) -> Option<String> {
    let mut steps = saga.steps.iter();
    let parked = steps.find(|step| step.state == StepState::UndoParked);
    parked.map(|step| step.name.to_string())
}

/// One that is undone while its provider refuses to take something back.
async fn waiting(world: &mut World) -> (SagaId, String) {
    world.provider("notification").script([Reply::DoneButLost]);
    let id = started(world).await;
    for _ in 0..PLAN.len() {
        world.run_once().await;
    }
    world
        .provider("notification")
        .script([Reply::Refuse("CLOSED")]);
    world.sagas().compensate(&id).await.unwrap();
    let saga = world.settle(&id).await;
    let step = parked(&saga).unwrap_or_else(|| panic!("nothing is parked: {saga:?}"));
    (id, step)
}

/// Whoever is woken at night has no program to write.
#[tokio::test]
async fn an_operator_sees_what_could_not_be_undone_and_has_it_begun_again() {
    for mut world in worlds() {
        let (id, step) = waiting(&mut world).await;
        let listed = desk(&world).get("/sagas/parked", "ops").await;
        let listed = &listed.body["parked"][0];
        assert_eq!(listed["transactionId"].as_str(), Some(id.as_str()));
        assert_eq!(listed["step"].as_str(), Some(&*step));
        assert_eq!(listed["error"]["code"].as_str(), Some("CLOSED"));
        assert_eq!(decide(&world, "/sagas/parked/retry", &id, &step).await, 200);
        let saga = world.settle(&id).await;
        assert!(saga.state.is_final(), "{saga:?}");
        assert_eq!(parked(&saga), None);
        assert_eq!(decide(&world, "/sagas/parked/retry", &id, &step).await, 409);
        assert!(world.most_effects_of_one_key() <= 1);
    }
}

#[tokio::test]
async fn an_operator_leaves_what_cannot_be_undone() {
    for mut world in worlds() {
        let (id, step) = waiting(&mut world).await;
        assert_eq!(decide(&world, "/sagas/parked/leave", &id, &step).await, 200);
        let saga = world.settle(&id).await;
        assert!(saga.state.is_final(), "{saga:?}");
        let left = saga.steps.iter().find(|one| one.name == step);
        assert_eq!(left.map(|one| one.state), Some(StepState::Left));
    }
}

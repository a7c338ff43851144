//! Who is told what of a purchase: each news once, and what was told is written down as it was told.

use std::fmt::Write as _;

use orch_runtime::fault::Boundary;
use orch_runtime::saga::{SagaRecord, SagaState, StepState};
use orch_runtime::serde_json::json;
use orch_runtime::testing::Reply;
use orch_runtime::{Clock as _, SagaId};

use purchase::shop::Notification;

use crate::world::{World, rows, sample, started, worlds};

/// What was told of a purchase, in its order.
async fn told(world: &World, id: &SagaId) -> Vec<Notification> {
    let condition = format!("transaction_id = '{id}' order by created_at, notification_id");
    rows(world, &condition).await
}

/// The same in short: what kind of news, and whether it was sent.
async fn kinds(world: &World, id: &SagaId) -> String {
    let mut kinds = String::new();
    for news in told(world, id).await {
        write!(kinds, "{} {}; ", news.kind, news.status).unwrap();
    }
    kinds
}

fn last_step(saga: &SagaRecord) -> StepState {
    saga.steps[3].state
}

/// The provider has told the buyer that it is his, and the shop does not know that yet.
async fn told_and_unsure(world: &World) -> SagaId {
    let provider = world.provider("notification");
    provider.script([Reply::DoneButLost]);
    let id = started(world).await;
    world.run_once().await;
    assert_eq!(last_step(&world.saga(&id).await), StepState::Running);
    assert_eq!(provider.total_effects(), 1);
    id
}

#[tokio::test]
async fn what_the_buyer_is_told_is_written_down() {
    for mut world in worlds() {
        let asked_at = world.clock.now();
        let id = started(&world).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed);
        let told = told(&world, &id).await;
        let [news] = &*told else {
            panic!("one news: {told:?}");
        };
        let op_id = saga.steps[3].op_id.as_ref().unwrap();
        assert_eq!(news.notification_id, op_id.as_str());
        assert_eq!(news.user_id, sample().user_id());
        assert_eq!((&*news.kind, &*news.status), ("purchase_success", "sent"));
        assert!(news.message.ends_with(" is yours"), "{}", news.message);
        assert_eq!(news.channels, json!(["push", "email"]));
        assert!(news.created_at >= asked_at, "{news:?}");
        assert!(news.sent_at >= Some(news.created_at), "{news:?}");
    }
}

/// A row that said `sent` would be believed by whoever is asked why nobody heard of it.
#[tokio::test]
async fn what_could_not_be_sent_is_not_written_down_as_sent() {
    for mut world in worlds() {
        let refuses = [Reply::Refuse("DELIVERY_FAILED")];
        world.provider("notification").script(refuses);
        let id = started(&world).await;
        assert_eq!(world.settle(&id).await.state, SagaState::Completed);
        assert_eq!(kinds(&world, &id).await, "purchase_success failed; ");
        assert_eq!(told(&world, &id).await[0].sent_at, None);
    }
}

/// It was cancelled when he had heard already that it is his.
#[tokio::test]
async fn who_heard_that_it_is_his_hears_once_that_it_is_cancelled() {
    for mut world in worlds() {
        let id = told_and_unsure(&world).await;
        for _ in 0..3 {
            world.sagas().compensate(&id).await.unwrap();
        }
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
        assert_eq!(last_step(&saga), StepState::Undone);
        world.sagas().compensate(&id).await.unwrap();
        world.settle(&id).await;
        let expected = "purchase_success sent; purchase_cancelled sent; ";
        assert_eq!(kinds(&world, &id).await, expected);
        let notice = &told(&world, &id).await[1];
        assert_eq!(notice.user_id, sample().user_id());
        assert!(notice.message.contains("is cancelled"), "{notice:?}");
        assert_eq!(notice.channels, json!(["push", "email", "sms"]));
        assert_eq!(world.provider("notification").total_effects(), 2);
        assert_eq!(world.most_effects_of_one_key(), 1);
    }
}

/// A notice about something that he never heard of would only frighten him.
#[tokio::test]
async fn who_never_heard_of_it_is_told_nothing() {
    for mut world in worlds() {
        world.alter("update items set stock = 0");
        let id = started(&world).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
        assert_eq!(kinds(&world, &id).await, "");
        assert_eq!(world.provider("notification").total_effects(), 0);
    }
}

/// A notice that cannot be delivered does not keep the buyer's money from him, and a person sees it.
#[tokio::test]
async fn a_notice_that_is_refused_waits_for_a_person_and_holds_no_money_back() {
    for mut world in worlds() {
        let id = told_and_unsure(&world).await;
        let refuses = [Reply::Refuse("DELIVERY_FAILED")];
        world.provider("notification").script(refuses);
        world.sagas().compensate(&id).await.unwrap();
        let saga = world.settle(&id).await;
        assert_eq!(last_step(&saga), StepState::UndoParked, "{saga:?}");
        let others = saga.steps[..3].iter().map(|step| step.state);
        assert!(others.into_iter().all(|state| state == StepState::Undone));
        let expected = "purchase_success sent; purchase_cancelled failed; ";
        assert_eq!(kinds(&world, &id).await, expected);
    }
}

#[tokio::test]
async fn wherever_it_crashes_each_news_is_told_once_and_written_down_once() {
    for boundary in Boundary::ALL {
        for mut world in worlds() {
            let id = told_and_unsure(&world).await;
            world.crash_at(boundary);
            // It may die before it answers: whoever asked asks again.
            let _ = world.sagas().compensate(&id).await;
            if world.is_dead() {
                world.restart();
                world.sagas().compensate(&id).await.unwrap();
            }
            let saga = world.settle(&id).await;
            assert_eq!(saga.state, SagaState::Compensated, "{boundary}: {saga:?}");
            let expected = "purchase_success sent; purchase_cancelled sent; ";
            assert_eq!(kinds(&world, &id).await, expected, "{boundary}");
            let provider = world.provider("notification");
            assert_eq!(provider.total_effects(), 2, "{boundary}");
        }
    }
}

//! What dashboards and people ask of sagas.

use orch_runtime::Column;
use orch_runtime::saga::{SagaFilter, SagaFinding, SagaKinds, SagaPattern, SagaProblem};

use super::*;

/// Three that are completed, one that failed, and one whose refund waits for a person.
async fn busy_shop() -> (Shop, Vec<SagaId>) {
    let mut shop = Shop::new(4, 3);
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(shop.order(key).await);
        shop.settle(&ids[ids.len() - 1]).await;
    }
    shop.world
        .provider
        .script([Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    ids.push(shop.order("parked").await);
    shop.settle(&ids[3]).await;
    shop.world.alter("update stock set pieces = 0");
    ids.push(shop.order("failed").await);
    (shop, ids)
}

#[tokio::test]
async fn sagas_are_counted_by_state_in_one_look() {
    let (shop, _) = busy_shop().await;
    let all = shop.sagas.statistics(None).await.unwrap();
    let json = serde_json::json!({
        "total": 5, "pending": 0, "inProgress": 0, "completed": 3, "failed": 1, "compensating": 1,
        "compensated": 0,
    });
    assert_eq!(serde_json::to_value(all).unwrap(), json);
    let led = shop
        .sagas
        .statistics(Some(SagaPattern::Orchestration))
        .await;
    assert_eq!(led.unwrap(), all);
    let danced = shop.sagas.statistics(Some(SagaPattern::Choreography)).await;
    assert_eq!(danced.unwrap().total, 0);
}

#[tokio::test]
async fn sagas_are_listed_by_pages_the_youngest_first() {
    let (shop, ids) = busy_shop().await;
    let all = SagaFilter::default();
    let (mut seen, mut page) = (Vec::new(), 1);
    loop {
        let found = shop.sagas.page(page, 2, &all).await.unwrap();
        assert_eq!(
            (found.total, found.page, found.limit, found.total_pages),
            (5, page, 2, 3)
        );
        if found.data.is_empty() {
            break;
        }
        seen.extend(found.data.into_iter().map(|saga| saga.transaction_id));
        page += 1;
    }
    assert_eq!(page, 4);
    assert!(seen.iter().rev().eq(&ids), "{seen:?} {ids:?}");

    let completed = SagaFilter {
        status: Some(SagaState::Completed),
        owner: Some(OwnerId::anonymous()),
        from: Some(shop.saga(&ids[1]).await.created_at),
        pattern: Some(SagaPattern::Orchestration),
        columns: Vec::new(),
    };
    let found = shop.sagas.page(0, 0, &completed).await.unwrap();
    assert_eq!((found.total, found.page, found.limit), (2, 1, 1));
    assert_eq!(found.data[0].transaction_id, ids[2]);
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["totalPages"], 2);
    assert_eq!(json["data"][0]["status"], "COMPLETED");
    assert!(json["data"][0]["completedAt"].is_string(), "{json}");
    let strangers = SagaFilter {
        owner: Some(OwnerId::new("stranger").unwrap()),
        ..SagaFilter::default()
    };
    let nothing = shop.sagas.page(1, 10, &strangers).await.unwrap();
    assert_eq!((nothing.total, nothing.total_pages), (0, 0));
}

/// What waits for a person is found without reading the log.
#[tokio::test]
async fn what_waits_for_a_person_is_listed() {
    let (shop, ids) = busy_shop().await;
    let parked = shop.sagas.parked().await.unwrap();
    let json = serde_json::to_value(&parked).unwrap();
    assert_eq!(json[0]["transactionId"], *ids[3].as_str());
    assert_eq!(json[0]["step"], "pay");
    assert_eq!(json[0]["error"]["code"], "ACCOUNT_CLOSED");
    assert!(json[0]["since"].is_string());
    assert_eq!(parked.len(), 1);
    let decision = Decision::new("ada", "paid back in cash").unwrap();
    drop(shop.sagas.leave(&ids[3], "pay", &decision).await.unwrap());
    assert_eq!(shop.sagas.parked().await.unwrap(), []);
}

#[tokio::test]
async fn tables_that_say_what_they_must_not_are_found_out() {
    let (mut shop, ids) = busy_shop().await;
    let patience = Duration::from_secs(600);
    let findings = async |shop: &Shop| {
        let found = shop.sagas.check_integrity(patience).await.unwrap();
        let named = found.into_iter();
        named
            .map(|problem| (problem.finding, problem.transaction_id, problem.step))
            .collect::<Vec<_>>()
    };
    assert_eq!(findings(&shop).await, [], "they say what they may");
    let running = shop.order("running").await;
    shop.world.alter("update stock set pieces = 9");
    let lost = shop.order("lost").await;
    assert_eq!(shop.saga(&running).await.state, SagaState::Failed);

    let (a, b, c) = (&ids[0], &ids[1], &ids[2]);
    for sql in [
        format!(
            "delete from order_saga_step_results where transaction_id = '{a}' and step = 'pay'"
        ),
        format!("update order_saga_states set status = 'COMPENSATED' where transaction_id = '{b}'"),
        format!("update order_saga_states set completed_at = null where transaction_id = '{c}'"),
        format!(
            "update order_saga_step_results set op_id = 'nobody' where transaction_id = '{lost}' and step = 'pay'"
        ),
    ] {
        shop.world.alter(&sql);
    }
    shop.world.clock.advance(Duration::from_secs(1_000));
    let found = findings(&shop).await;
    let unexpected = found.iter().filter(|(finding, ..)| {
        use SagaFinding::{OperationWithoutSaga, StepStillRunning, StepWithoutSaga};
        [OperationWithoutSaga, StepStillRunning, StepWithoutSaga].contains(finding)
    });
    assert_eq!(unexpected.count(), 0, "{found:?}");
    let some = |step: &str| Some(step.to_owned());
    for problem in [
        (SagaFinding::RequiredStepNotDone, a.clone(), some("pay")),
        (SagaFinding::StepNotUndone, b.clone(), some("reserve")),
        (SagaFinding::StepNotUndone, b.clone(), some("pay")),
        (SagaFinding::StepNotUndone, b.clone(), some("pack")),
        (SagaFinding::EndNotRecorded, c.clone(), None),
        (SagaFinding::OperationMissing, lost.clone(), some("pay")),
        (SagaFinding::NeverLookedAt, lost.clone(), None),
    ] {
        assert!(found.contains(&problem), "{problem:?} is not in {found:?}");
    }
    shop.settle(&ids[3]).await;
}

/// A shop learns to pack: what it sold before is not found wanting, and what was taken out of a table is found.
#[tokio::test]
async fn sagas_are_judged_by_the_plan_under_which_they_began() {
    const SHORT: &[StepPlan] = &[PLAN[0], PLAN[1]];
    let shop = Shop::new(9, 9);
    let of = |plan: &[StepPlan]| {
        let database = shop.world.database().open(Arc::new(NoFaults));
        let tables = SagaTables {
            prefix: "order_saga",
        };
        let builder =
            Sagas::builder(database, tables, plan).clock(Arc::new(shop.world.clock.clone()));
        let engine = shop.world.engine();
        let pay = Call::new(engine, |run: &StepRun<'_, Order>| {
            Ok(super::of("pay", run.input))
        });
        let builder = builder
            .step("reserve", Local::new(super::Take("item")))
            .step("pay", pay.undone_by(engine, super::refund));
        match plan.len() {
            2 => builder.build().unwrap(),
            _ => builder
                .step("pack", Local::new(super::Take("box")))
                .build()
                .unwrap(),
        }
    };
    let bought = async |sagas: &Sagas<Order>, key: &str| {
        let order = Order {
            order_id: key.to_owned(),
        };
        let (owner, idem_key) = (OwnerId::anonymous(), IdemKey::new(key).unwrap());
        let id = sagas.initiate(owner, idem_key, &order).await.unwrap().id;
        shop.world.quiet().await;
        sagas.look(&id).await.unwrap();
        let saga = sagas.find_by_id(&id).await.unwrap().unwrap();
        assert_eq!(saga.state, SagaState::Completed);
        id
    };
    let former = of(SHORT);
    let (a, b) = (bought(&former, "a").await, bought(&former, "b").await);
    let today = of(&PLAN[..3]);
    let c = bought(&today, "c").await;
    let patience = Duration::from_secs(600);
    for sagas in [&former, &today] {
        assert_eq!(sagas.check_integrity(patience).await.unwrap(), []);
    }
    for (id, step) in [(&b, "reserve"), (&c, "pack")] {
        shop.world.alter(&format!(
            "delete from order_saga_step_results where transaction_id = '{id}' and step = '{step}'"
        ));
    }
    let missing = |id: &SagaId, step: &str| SagaProblem {
        finding: SagaFinding::RequiredStepNotDone,
        transaction_id: id.clone(),
        step: Some(step.to_owned()),
    };
    for sagas in [&former, &today] {
        let found = sagas.check_integrity(patience).await.unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        for problem in [missing(&b, "reserve"), missing(&c, "pack")] {
            assert!(found.contains(&problem), "{problem:?} is not in {found:?}");
        }
    }

    // A saga that ended before plans were kept is judged by what it began.
    shop.world.alter(&format!(
        "update order_saga_states set saga_plan = null; \
         update order_saga_step_results set status = 'FAILED' where transaction_id = '{a}' and step = 'pay'"
    ));
    let found = today.check_integrity(patience).await.unwrap();
    assert_eq!(found, [missing(&a, "pay")]);
}

/// A backup that was put together of two, or a person at the database: an effect of which no saga knows is money
/// that nobody gives back.
#[tokio::test]
async fn effects_and_sagas_that_do_not_know_each_other_are_found_out() {
    let (shop, ids) = busy_shop().await;
    let patience = Duration::from_secs(600);
    let (a, b, c, parked) = (&ids[0], &ids[1], &ids[2], &ids[3]);
    for sql in [
        // The whole saga is gone, its payment is not.
        format!("delete from order_saga_step_results where transaction_id = '{a}'"),
        format!("delete from order_saga_states where transaction_id = '{a}'"),
        format!(
            "delete from order_saga_step_results where transaction_id = '{b}' and step = 'confirm'"
        ),
        format!(
            "update order_saga_step_results set status = 'RUNNING' where transaction_id = '{c}' and step = 'confirm'"
        ),
        format!(
            "update order_saga_step_results set undo_op_id = null where transaction_id = '{parked}' and step = 'pay'"
        ),
    ] {
        shop.world.alter(&sql);
    }
    let found = shop.sagas.check_integrity(patience).await.unwrap();
    let found = found.into_iter();
    let found: Vec<_> = found
        .map(|problem| (problem.finding, problem.transaction_id, problem.step))
        .collect();
    let some = |step: &str| Some(step.to_owned());
    let expected = [
        (SagaFinding::StepStillRunning, c.clone(), some("confirm")),
        (SagaFinding::OperationWithoutSaga, a.clone(), some("pay")),
        (
            SagaFinding::OperationWithoutStep,
            parked.clone(),
            some("pay"),
        ),
        (
            SagaFinding::OperationWithoutSaga,
            a.clone(),
            some("confirm"),
        ),
        (
            SagaFinding::OperationWithoutStep,
            b.clone(),
            some("confirm"),
        ),
    ];
    assert_eq!(found, expected);
}

/// The tables do not allow it; a database that was restored in parts may have it.
#[tokio::test]
async fn a_step_of_no_saga_is_found_out() {
    let shop = Shop::new(1, 1);
    let unchecked = match STORE {
        StoreKind::Sqlite => "pragma foreign_keys = off",
        StoreKind::Postgres => "set session_replication_role = replica",
    };
    shop.world.alter(&format!(
        "{unchecked}; insert into order_saga_step_results \
         (transaction_id, step, status, undo_attempts, updated_at) \
         select 'TXN_nobody', 'pay', 'SUCCEEDED', 0, {}",
        match STORE {
            StoreKind::Sqlite => "0",
            StoreKind::Postgres => "now()",
        }
    ));
    let found = shop.sagas.check_integrity(Duration::ZERO).await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|problem| {
            (
                problem.finding,
                problem.transaction_id.to_string(),
                problem.step,
            )
        })
        .collect();
    let step = Some("pay".to_owned());
    let expected = (SagaFinding::StepWithoutSaga, "TXN_nobody".to_owned(), step);
    assert_eq!(found, [expected]);
}

/// The step of another kind of saga may have the same name, and the same domain.
#[tokio::test]
async fn what_belongs_to_another_kind_of_saga_is_nobodys_loss() {
    let (shop, _) = busy_shop().await;
    shop.world.alter(
        "create table gift_saga_states as select * from order_saga_states where 1 = 0;
         create table gift_saga_step_results as select * from order_saga_step_results where 1 = 0;
         create table gift_saga_outbox as select * from order_saga_outbox where 1 = 0",
    );
    let kinds = SagaKinds::default();
    for beside in [false, true] {
        let database = shop.world.database().open(Arc::new(NoFaults));
        let tables = SagaTables {
            prefix: "gift_saga",
        };
        let mut builder =
            Sagas::builder(database, tables, PLAN).clock(Arc::new(shop.world.clock.clone()));
        if beside {
            builder = builder.beside(&kinds);
        }
        let gifts = steps(builder, shop.world.engine()).build().unwrap();
        if beside {
            let orders = shop.world.database().open(Arc::new(NoFaults));
            let tables = SagaTables {
                prefix: "order_saga",
            };
            let builder = Sagas::builder(orders, tables, PLAN).beside(&kinds);
            drop(steps(builder, shop.world.engine()).build().unwrap());
        }
        let found = gifts.check_integrity(Duration::ZERO).await.unwrap();
        assert_eq!(found.is_empty(), beside, "{found:?}");
    }
}

/// A customer who has his goods is not told of them by a mail of which nobody knows whether it was sent.
#[tokio::test]
async fn what_a_completed_order_could_do_without_may_stay_in_doubt() {
    let (shop, ids) = busy_shop().await;
    let completed = shop.saga(&ids[2]).await;
    assert_eq!(completed.state, SagaState::Completed);
    shop.world.alter(&format!(
        "update order_saga_step_results set status = 'IN_DOUBT' \
         where transaction_id = '{}' and step = 'confirm'",
        completed.id
    ));
    let patience = Duration::from_secs(600);
    let found = shop.sagas.check_integrity(patience).await.unwrap();
    assert_eq!(found, []);
}

#[tokio::test]
async fn operators_find_every_saga_and_owners_their_own() {
    let (shop, ids) = busy_shop().await;
    let found = shop.sagas.find_by_id(&ids[0]).await.unwrap().unwrap();
    assert_eq!(found, shop.saga(&ids[0]).await);
    let stranger = OwnerId::new("stranger").unwrap();
    assert_eq!(shop.sagas.find(&stranger, &ids[0]).await.unwrap(), None);
    let nobody = SagaId::new("TXN_nobody").unwrap();
    assert_eq!(shop.sagas.find_by_id(&nobody).await.unwrap(), None);

    shop.world
        .alter("alter table order_saga_states add column user_id text");
    shop.world.alter(&format!(
        "update order_saga_states set user_id = 'user-123' where transaction_id = '{}'",
        ids[1]
    ));
    let of_user = |user: &str| SagaFilter {
        columns: vec![Column::new("user_id", user)],
        ..SagaFilter::default()
    };
    let found = shop.sagas.page(1, 10, &of_user("user-123")).await.unwrap();
    assert_eq!((found.total, found.data.len()), (1, 1));
    assert_eq!(found.data[0].transaction_id, ids[1]);
    let found = shop.sagas.page(1, 10, &of_user("user-456")).await.unwrap();
    assert_eq!(found.total, 0);
}

//! What buying comes to: the same whoever moves a purchase on, and money and pieces are neither made nor lost.

use orch_runtime::saga::{SagaRecord, SagaState, StepState};
use orch_runtime::serde_json::{Value, from_value, json};
use orch_runtime::testing::Reply;
use orch_runtime::{IdemKey, OwnerId};

use purchase::purchase::generated::command::PurchaseCommand;

use crate::world::{World, worlds};

fn purchase(user: &str, item: &str, quantity: u32, price: &str) -> PurchaseCommand {
    let price = json!({ "value": price, "currency": "EUR" });
    let asked: Value = json!({
        "userId": user, "itemId": item, "quantity": quantity, "price": price
    });
    from_value(asked).unwrap()
}

async fn bought(world: &mut World, key: &str, purchase: &PurchaseCommand) -> SagaRecord {
    let id = world.initiate(key, purchase).await.unwrap().id;
    world.settle(&id).await
}

async fn number(world: &World, sql: &str) -> i64 {
    world.count(sql, vec![]).await
}

/// What the shop and its customers have together never changes.
async fn assert_nothing_is_lost(world: &World) {
    let money = "select cast((select sum(balance) from users) + coalesce((select sum(price) \
         from transaction_logs where status = 'success'), 0) as bigint) as n";
    assert_eq!(number(world, money).await, 205_000);
    let pieces = "select cast((select sum(stock) from items) + coalesce((select sum(quantity) \
         from inventory), 0) as bigint) as n";
    assert_eq!(number(world, pieces).await, 160);
}

async fn balance(world: &World) -> i64 {
    let sql = "select balance as n from users where user_id = 'user-123'";
    number(world, sql).await
}

#[tokio::test]
async fn a_purchase_moves_money_and_pieces() {
    for mut world in worlds() {
        let saga = bought(
            &mut world,
            "k",
            &purchase("user-123", "item-sword", 1, "100.00"),
        )
        .await;
        assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
        assert_eq!(balance(&world).await, 90_000);
        let stock = "select stock as n from items where item_id = 'item-sword'";
        assert_eq!(number(&world, stock).await, 49);
        assert_nothing_is_lost(&world).await;
    }
}

/// 10,000 yen are as many minor units as 100.00 euros, and a hundredth of their worth.
#[tokio::test]
async fn other_money_buys_nothing() {
    for mut world in worlds() {
        for (value, currency) in [("10000", "JPY"), ("10.000", "KWD"), ("100.00", "USD")] {
            let asked = json!({
                "userId": "user-123", "itemId": "item-sword", "quantity": 1,
                "price": { "value": value, "currency": currency },
            });
            let saga = bought(&mut world, currency, &from_value(asked).unwrap()).await;
            assert_eq!(saga.state, SagaState::Failed, "{currency}");
            let error = saga.steps.iter().find_map(|step| step.error.as_ref());
            assert_eq!(error.unwrap().code, "WRONG_CURRENCY");
        }
        assert_eq!(balance(&world).await, 100_000);
        assert_nothing_is_lost(&world).await;
    }
}

#[tokio::test]
async fn what_may_not_be_is_refused_and_nothing_stays_of_it() {
    for mut world in worlds() {
        for (user, item, quantity, price, code) in [
            ("nobody", "item-sword", 1, "100.00", "USER_NOT_FOUND"),
            (
                "user-suspended",
                "item-sword",
                1,
                "100.00",
                "USER_NOT_ACTIVE",
            ),
            (
                "user-123",
                "item-sword",
                6,
                "600.00",
                "PURCHASE_LIMIT_EXCEEDED",
            ),
            (
                "user-456",
                "item-sword",
                1,
                "100.00",
                "INSUFFICIENT_BALANCE",
            ),
            ("user-123", "item-sword", 1, "1.00", "PRICE_MISMATCH"),
            ("user-123", "nothing", 1, "1.00", "ITEM_NOT_FOUND"),
            (
                "user-123",
                "item-disabled",
                1,
                "50.00",
                "ITEM_NOT_AVAILABLE",
            ),
            (
                "user-123",
                "item-out-of-stock",
                1,
                "500.00",
                "INSUFFICIENT_STOCK",
            ),
        ] {
            let saga = bought(&mut world, code, &purchase(user, item, quantity, price)).await;
            assert_ne!(saga.state, SagaState::Completed, "{code}");
            let mut failed = saga
                .steps
                .iter()
                .filter(|step| step.state == StepState::Failed);
            let error = failed.next().and_then(|step| step.error.as_ref());
            assert_eq!(error.map(|error| error.code.as_str()), Some(code));
            assert_nothing_is_lost(&world).await;
        }
        assert_eq!(balance(&world).await, 100_000);
    }
}

/// A customer who paid keeps what he paid for, whether he hears of it or not.
#[tokio::test]
async fn a_notification_that_fails_fails_no_purchase() {
    for mut world in worlds() {
        world
            .provider("notification")
            .script([Reply::Refuse("DELIVERY_FAILED")]);
        let saga = bought(
            &mut world,
            "k",
            &purchase("user-123", "item-potion", 2, "40.00"),
        )
        .await;
        assert_eq!(saga.state, SagaState::Completed);
        assert_eq!(saga.steps[3].state, StepState::Failed);
        assert_eq!(balance(&world).await, 96_000);
    }
}

/// The last pieces go to as many as there are, and everybody else keeps his money.
#[tokio::test]
async fn the_last_pieces_are_sold_once() {
    for mut world in worlds() {
        world.alter("update items set stock = 3 where item_id = 'item-potion'");
        world.alter("update items set stock = 147 where item_id = 'item-sword'");
        let asked = purchase("user-123", "item-potion", 1, "20.00");
        let sagas = world.sagas().clone();
        let initiated = (0..10).map(|at| {
            let (sagas, asked) = (sagas.clone(), asked.clone());
            let key = IdemKey::new(format!("k-{at}")).unwrap();
            async move {
                sagas
                    .initiate(OwnerId::anonymous(), key, &asked)
                    .await
                    .unwrap()
                    .id
            }
        });
        let mut ids = Vec::new();
        let mut tasks = orch_runtime::tokio::task::JoinSet::new();
        initiated.for_each(|one| drop(tasks.spawn(one)));
        while let Some(id) = tasks.join_next().await {
            ids.push(id.unwrap());
        }
        let mut sold = 0;
        for id in &ids {
            let saga = world.settle(id).await;
            sold += u32::from(saga.state == SagaState::Completed);
        }
        assert_eq!(sold, 3);
        assert_eq!(balance(&world).await, 94_000);
        assert_nothing_is_lost(&world).await;
    }
}

#[tokio::test]
async fn a_purchase_that_is_taken_back_is_taken_back_whole() {
    for mut world in worlds() {
        // Nobody is told yet, so the purchase is not over.
        world.provider("notification").script([Reply::Unreachable]);
        let asked = purchase("user-123", "item-sword", 2, "200.00");
        let id = world.initiate("k", &asked).await.unwrap().id;
        world.run_once().await;
        for _ in 0..3 {
            world.sagas().compensate(&id).await.unwrap();
        }
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
        assert_eq!(balance(&world).await, 100_000);
        let mut undone = saga.steps.iter().filter(|step| step.undo_attempts > 0);
        assert!(undone.all(|step| (step.state, step.undo_attempts) == (StepState::Undone, 1)));
        let lines = "select count(*) as n from transaction_logs where status = 'compensated'";
        let is_logged = saga.steps[2].state == StepState::Undone;
        assert_eq!(number(&world, lines).await, i64::from(is_logged));
        assert_nothing_is_lost(&world).await;
    }
}

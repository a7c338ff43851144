//! The tables of the shop: what is in them, who changes it, and that what was put in goes out again.

use orch_runtime::saga::SagaState;
use orch_runtime::serde_json::{from_value, json};
use orch_runtime::testing::Reply;
use orch_runtime::{StoreKind, Timestamp, Value};

use purchase::STORE;
use purchase::purchase::generated::command::PurchaseCommand;
use purchase::shop::{Item, Notification, TransactionLog, User};

use crate::world::{World, rows, world, worlds};

/// What takes the sample away.
const NO_SAMPLE: &str = include_str!("../../migrations/shop/0102_shop_sample.down.sql");

/// What takes the shop away.
const NO_SHOP: &str = include_str!("../../migrations/shop/0101_shop.down.sql");

/// The beginning of all times, as the database has it.
const LONG_AGO: &str = match STORE {
    StoreKind::Sqlite => "0",
    StoreKind::Postgres => "to_timestamp(0)",
};

fn two_swords() -> PurchaseCommand {
    let asked = json!({
        "userId": "user-123", "itemId": "item-sword", "quantity": 2,
        "price": { "value": "200.00", "currency": "EUR" },
    });
    from_value(asked).unwrap()
}

/// Says of every user and item that nobody touched it for long.
fn age(world: &World) {
    for table in ["users", "items"] {
        world.alter(&format!(
            "update {table} set created_at = {LONG_AGO}, updated_at = {LONG_AGO}"
        ));
    }
}

async fn user(world: &World, key: &str) -> User {
    let mut found = rows(world, &format!("user_id = '{key}'")).await;
    found.pop().unwrap()
}

async fn item(world: &World, key: &str) -> Item {
    let mut found = rows(world, &format!("item_id = '{key}'")).await;
    found.pop().unwrap()
}

#[tokio::test]
async fn who_and_what_is_there_from_the_start_is_known() {
    let world = world();
    let ada = user(&world, "user-123").await;
    assert_eq!((ada.balance, ada.purchase_limit), (100_000, 50_000));
    assert_eq!(user(&world, "user-suspended").await.status, "suspended");
    let sword = item(&world, "item-sword").await;
    assert_eq!((&*sword.name, sword.price), ("Magic Sword", 10_000));
    assert_eq!((sword.stock, sword.is_available), (50, true));
    assert!(!item(&world, "item-disabled").await.is_available);
    for at in [ada.created_at, ada.updated_at, sword.created_at] {
        assert!(at > Timestamp::UNIX_EPOCH, "{at}");
    }
}

#[tokio::test]
async fn a_row_says_when_it_last_changed() {
    for mut world in worlds() {
        age(&world);
        world.provider("notification").script([Reply::Unreachable]);
        let id = world.initiate("k", &two_swords()).await.unwrap().id;
        world.run_once().await;
        let bought = (
            user(&world, "user-123").await,
            item(&world, "item-sword").await,
        );
        assert_eq!((bought.0.balance, bought.1.stock), (80_000, 48));
        for (created_at, updated_at) in [
            (bought.0.created_at, bought.0.updated_at),
            (bought.1.created_at, bought.1.updated_at),
        ] {
            assert_eq!(created_at, Timestamp::UNIX_EPOCH);
            assert!(updated_at > Timestamp::UNIX_EPOCH);
        }
        age(&world);
        world.sagas().compensate(&id).await.unwrap();
        assert_eq!(world.settle(&id).await.state, SagaState::Compensated);
        let again = user(&world, "user-123").await;
        assert_eq!(again.balance, 100_000);
        assert!(again.updated_at > Timestamp::UNIX_EPOCH);
        let again = item(&world, "item-sword").await;
        assert_eq!(again.stock, 50);
        assert!(again.updated_at > Timestamp::UNIX_EPOCH);
        let other = user(&world, "user-456").await;
        assert_eq!(other.updated_at, Timestamp::UNIX_EPOCH);
    }
}

#[tokio::test]
async fn a_line_of_the_log_says_what_each_step_did() {
    for mut world in worlds() {
        let id = world.initiate("k", &two_swords()).await.unwrap().id;
        world.settle(&id).await;
        let lines: Vec<TransactionLog> = rows(&world, "1 = 1").await;
        let [line] = &*lines else {
            panic!("one line: {lines:?}");
        };
        assert_eq!(line.transaction_id, id.as_str());
        assert_eq!((line.quantity, line.price), (2, 20_000));
        assert_eq!(line.status, "success");
        let expected = json!({
            "currency": "EUR",
            "steps": {
                "user_validation": {
                    "debited": 20_000,
                    "userBalance": { "value": "800.00", "currency": "EUR" },
                },
                "item_grant": { "granted": 2 },
            },
        });
        assert_eq!(line.log_data.as_ref(), Some(&expected));
        assert!(line.created_at > Timestamp::UNIX_EPOCH);
    }
}

/// Another program may leave a notification for somebody to send.
#[tokio::test]
async fn a_notification_of_which_nothing_is_said_is_pending() {
    let world = world();
    world.alter(
        "insert into notifications \
         (notification_id, transaction_id, user_id, type, message, channels) \
         values ('n', 'TXN_1', 'user-123', 'sale', 'swords are cheap', '[\"sms\"]')",
    );
    let found: Vec<Notification> = rows(&world, "status = 'pending'").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0].channels, found[0].sent_at),
        (&json!(["sms"]), None)
    );
    assert!(found[0].created_at > Timestamp::UNIX_EPOCH);
}

/// Whoever asks what a user was told, or what waits for him, reads no other user's rows.
#[tokio::test]
async fn notifications_are_found_by_user_and_status() {
    let sql = match STORE {
        StoreKind::Sqlite => {
            "select count(*) as n from sqlite_master \
             where name = ?1 and sql like '%notifications (user_id, status)'"
        }
        StoreKind::Postgres => {
            "select count(*) as n from pg_indexes where schemaname = current_schema() \
             and indexname = ?1 and indexdef like '%(user_id, status)'"
        }
    };
    let name = Value::from("idx_notifications_user_id_status");
    assert_eq!(world().count(sql, vec![name]).await, 1);
}

/// The sample is for trying the shop out: what others have put in since must not go with it.
#[tokio::test]
async fn what_the_sample_put_in_goes_out_again_and_nothing_else() {
    let world = world();
    world.alter("insert into users (user_id, name) values ('user-1234', 'Ida')");
    world.alter("insert into users (user_id, name) values ('User-123', 'Adam')");
    world.alter("insert into items (item_id, name, price) values ('item', 'Ring', 1)");
    world.alter(
        "insert into inventory (user_id, item_id, quantity) values ('user-1234', 'item', 1)",
    );
    world.alter("update users set balance = 1, name = 'Ada II' where user_id = 'user-123'");
    world.alter(NO_SAMPLE);
    let users: Vec<User> = rows(&world, "1 = 1 order by name").await;
    let names: Vec<_> = users.iter().map(|user| &*user.name).collect();
    assert_eq!(names, ["Adam", "Ida"]);
    let items: Vec<Item> = rows(&world, "1 = 1").await;
    let names: Vec<_> = items.iter().map(|item| &*item.name).collect();
    assert_eq!(names, ["Ring"]);
    let owned = "select count(*) as n from inventory";
    assert_eq!(world.count(owned, vec![]).await, 1);
}

/// A down that leaves a table behind keeps the shop from being opened again.
#[tokio::test]
async fn the_shop_can_be_taken_away_and_opened_again() {
    let world = world();
    world.alter(NO_SAMPLE);
    world.alter(NO_SHOP);
    for migration in purchase::shop::MIGRATIONS {
        world.alter(migration.up);
    }
    assert_eq!(user(&world, "user-456").await.name, "Bob");
}

//! Orders that are reserved, paid, packed and confirmed, or undone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::engine::Shutdown;
use orch_runtime::fault::{Boundary, NoFaults};
use orch_runtime::saga::{
    Call, Compensation, Local, LocalError, LocalWork, SagaConfig, SagaRecord, SagaState,
    SagaTables, Sagas, StepPlan, StepRun, StepState, Weight,
};
use orch_runtime::store::hook::HookTx;
use orch_runtime::store::{Migration, StoreKind};
use orch_runtime::testing::{Provider, Reply, World, WorldSetup};
use orch_runtime::{Decision, Engine, IdemKey, OwnerId, SagaId, Value, Workers};
use serde::{Deserialize, Serialize};

use crate::STORE;
use crate::charge::{Charge, Charging, TABLES, charge};

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_charge",
        up: match STORE {
            StoreKind::Sqlite => include_str!("charge.sql"),
            StoreKind::Postgres => include_str!("charge.postgres.sql"),
        },
    },
    Migration {
        name: "0002_order_saga",
        up: match STORE {
            StoreKind::Sqlite => include_str!("sagas.sql"),
            StoreKind::Postgres => include_str!("sagas.postgres.sql"),
        },
    },
    Migration {
        name: "0003_stock",
        up: "create table stock (name text primary key, pieces integer not null check (pieces >= 0));
             create table takings (saga_step text primary key)",
    },
];

const PLAN: &[StepPlan] = &[
    step("reserve", &[], Compensation::Operation, Weight::Required),
    step(
        "pay",
        &["reserve"],
        Compensation::Operation,
        Weight::Required,
    ),
    step(
        "pack",
        &["reserve"],
        Compensation::Operation,
        Weight::Required,
    ),
    step(
        "confirm",
        &["pay", "pack"],
        Compensation::None("a mail cannot be called back"),
        Weight::Optional,
    ),
];

const fn step(
    name: &'static str,
    after: &'static [&'static str],
    compensation: Compensation,
    weight: Weight,
) -> StepPlan {
    StepPlan {
        name,
        after,
        compensation,
        weight,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    order_id: String,
}

/// Takes one piece of something, and puts it back.
struct Take(&'static str);

#[async_trait]
impl LocalWork<Order> for Take {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        let sql = "insert into takings (saga_step) values (?1)";
        tx.execute(sql, &[Value::from(run.key)]).await?;
        let sql = "update stock set pieces = pieces - 1 where name = ?1 and pieces > 0";
        match tx.execute(sql, &[Value::from(self.0)]).await? {
            1 => Ok(serde_json::json!({ "taken": self.0 })),
            _ => Err(LocalError::refused("INSUFFICIENT_STOCK", "nothing is left")),
        }
    }

    async fn undo(&self, tx: &mut HookTx<'_>, run: &StepRun<'_, Order>) -> Result<(), LocalError> {
        assert_eq!(
            run.results[if self.0 == "item" { "reserve" } else { "pack" }]["taken"],
            self.0
        );
        let sql = "update stock set pieces = pieces + 1 where name = ?1";
        tx.execute(sql, &[Value::from(self.0)]).await?;
        let step = run.key.as_str().replace("/undo/0", "");
        let sql = "delete from takings where saga_step = ?1";
        tx.execute(sql, &[Value::from(step)]).await?;
        Ok(())
    }
}

fn of(prefix: &str, order: &Order) -> Charge {
    charge(&format!("{prefix}-{}", order.order_id))
}

/// A shop, and what it has.
struct Shop {
    world: World,
    sagas: Sagas<Order>,
}

impl Shop {
    fn new(items: u32, boxes: u32) -> Self {
        let setup = WorldSetup {
            store: STORE,
            migrations: MIGRATIONS,
            tables: TABLES,
        };
        let world = World::new(setup, Provider::keyed(), |builder, provider| {
            builder.register(Charging::<false> {
                provider,
                keyed: true,
            })
        });
        world.alter(&format!(
            "insert into stock (name, pieces) values ('item', {items}), ('box', {boxes})"
        ));
        let sagas = sagas(&world);
        Self { world, sagas }
    }

    fn answering(items: u32, boxes: u32, replies: impl IntoIterator<Item = Reply>) -> Self {
        let shop = Self::new(items, boxes);
        shop.world.provider.script(replies);
        shop
    }

    async fn order(&self, key: &str) -> SagaId {
        let order = Order {
            order_id: key.to_owned(),
        };
        let owner = OwnerId::anonymous();
        let key = IdemKey::new(key).unwrap();
        self.sagas.initiate(owner, key, &order).await.unwrap().id
    }

    async fn saga(&self, id: &SagaId) -> SagaRecord {
        let found = self.sagas.find(&OwnerId::anonymous(), id).await;
        found.unwrap().unwrap()
    }

    /// Lets everything come to rest.
    async fn settle(&mut self, id: &SagaId) -> SagaRecord {
        for _ in 0..200 {
            if self.world.is_dead() {
                self.world.restart();
                self.sagas = sagas(&self.world);
            }
            self.world.advance(Duration::from_secs(16)).await;
            let now = orch_runtime::Clock::now(&self.world.clock);
            self.sagas.run_once(now).await.unwrap();
            let saga = self.saga(id).await;
            if saga.state.is_final() {
                return saga;
            }
        }
        self.saga(id).await
    }

    async fn count(&self, condition: &str) -> i64 {
        let sql = format!("select count(*) as n from charge_operations where {condition}");
        self.world.count(&sql, vec![]).await
    }

    async fn pieces(&self, of: &'static str) -> i64 {
        let sql = "select pieces as n from stock where name = ?1";
        self.world.count(sql, vec![Value::from(of)]).await
    }

    /// Nobody pays for what he does not get, and nothing is given away.
    async fn assert_balanced(&self, sold: i64, items: i64, boxes: i64) {
        let paid = self
            .count("order_id like 'pay-%' and state = 'COMPLETED'")
            .await;
        let refunded = self
            .count("order_id like 'refund-%' and state = 'COMPLETED'")
            .await;
        assert_eq!(paid - refunded, sold, "{paid} paid, {refunded} refunded");
        assert_eq!(self.pieces("item").await, items - sold);
        assert_eq!(self.pieces("box").await, boxes - sold);
        let takings = "select count(*) as n from takings";
        assert_eq!(
            self.world.count(takings, vec![]).await,
            2 * sold,
            "refused work leaves nothing"
        );
        assert!(self.world.provider.most_effects_of_one_key() <= 1);
    }
}

fn sagas(world: &World) -> Sagas<Order> {
    sagas_of(world, world.engine())
}

/// The sagas of the process that `engine` is in.
fn sagas_of(world: &World, engine: &Engine) -> Sagas<Order> {
    let database = world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| of("pay", run.input));
    let confirm = Call::new(engine, |run: &StepRun<'_, Order>| of("confirm", run.input));
    Sagas::builder(database, tables, PLAN)
        .clock(Arc::new(world.clock.clone()))
        .config(SagaConfig {
            time_budget: Duration::from_secs(3_000),
            ..SagaConfig::default()
        })
        .step("reserve", Local::new(Take("item")))
        .step("pay", pay.undone_by(|run| of("refund", run.input)))
        .step("pack", Local::new(Take("box")))
        .step("confirm", confirm)
        .build()
        .unwrap()
}

fn states(saga: &SagaRecord) -> Vec<StepState> {
    saga.steps.iter().map(|step| step.state).collect()
}

#[tokio::test]
async fn an_order_is_reserved_paid_packed_and_confirmed() {
    let mut shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    assert!(id.as_str().starts_with("TXN_"), "{id}");
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(states(&saga), [StepState::Succeeded; 4]);
    assert!(saga.completed_at.is_some());
    shop.assert_balanced(1, 3, 3).await;
    assert_eq!(
        shop.order("a").await,
        id,
        "the same request is the same saga"
    );
    shop.assert_balanced(1, 3, 3).await;
    let owner = OwnerId::new("somebody else").unwrap();
    assert_eq!(shop.sagas.find(&owner, &id).await.unwrap(), None);
}

/// A payment that the plan wants undone, and that nothing undoes, would be found out by its first customer.
#[tokio::test]
async fn steps_that_are_not_all_there_make_no_saga() {
    let shop = Shop::new(1, 1);
    let builder = || {
        let database = shop.world.database().open(Arc::new(NoFaults));
        let tables = SagaTables {
            prefix: "order_saga",
        };
        Sagas::<Order>::builder(database, tables, &PLAN[..2])
    };
    let pay = || {
        Call::new(shop.world.engine(), |run: &StepRun<'_, Order>| {
            of("pay", run.input)
        })
    };
    let reserve = || Local::new(Take("item"));
    let refusals = [
        (
            builder().step("reserve", reserve()),
            "nothing says what the step \"pay\" does",
        ),
        (
            builder().step("reserve", reserve()).step("pay", pay()),
            "nothing undoes the step \"pay\": add `.undone_by(..)`, or say why not in the plan",
        ),
        (
            builder()
                .step("reserve", reserve())
                .step("pay", pay().undone_by(|run| of("refund", run.input)))
                .step("wrap", reserve()),
            "the plan has no step \"wrap\"",
        ),
    ];
    for (builder, reason) in refusals {
        assert_eq!(builder.build().unwrap_err().to_string(), reason);
    }
}

#[tokio::test]
async fn a_key_means_one_order() {
    let shop = Shop::new(3, 3);
    shop.order("a").await;
    let other = Order {
        order_id: "b".into(),
    };
    let key = IdemKey::new("a").unwrap();
    let reused = shop.sagas.initiate(OwnerId::anonymous(), key, &other).await;
    assert!(matches!(
        reused,
        Err(orch_runtime::saga::SagaError::KeyReused)
    ));
}

#[tokio::test]
async fn a_refused_payment_puts_everything_back() {
    let mut shop = Shop::answering(3, 3, [Reply::Refuse("NO_MONEY")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    let [reserve, pay, pack, confirm] = states(&saga)[..] else {
        panic!("{saga:?}")
    };
    assert_eq!((reserve, pack), (StepState::Undone, StepState::Undone));
    assert_eq!((pay, confirm), (StepState::Failed, StepState::Waiting));
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "NO_MONEY");
    shop.assert_balanced(0, 3, 3).await;
}

#[tokio::test]
async fn an_order_of_which_nothing_happened_failed() {
    let mut shop = Shop::new(0, 3);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(
        saga.steps[0].error.as_ref().unwrap().code,
        "INSUFFICIENT_STOCK"
    );
    shop.assert_balanced(0, 0, 3).await;
}

/// The payment runs while packing fails: it is waited for, and given back once, however often somebody asks.
#[tokio::test]
async fn a_payment_that_comes_through_too_late_is_refunded_once() {
    let mut shop = Shop::new(3, 0);
    let id = shop.order("a").await;
    for _ in 0..3 {
        shop.sagas.cancel(&id).await.unwrap();
        shop.sagas.look(&id).await.unwrap();
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    shop.sagas.cancel(&id).await.unwrap();
    shop.assert_balanced(0, 3, 0).await;
    assert_eq!(shop.count("order_id like 'refund-%'").await, 1);
}

/// An answer that was lost says nothing: the provider is asked before anything is given back.
#[tokio::test]
async fn a_payment_in_doubt_is_asked_about_before_it_is_undone() {
    for (reply, refunds) in [(Reply::DoneButLost, 1), (Reply::LostBefore, 1)] {
        let mut shop = Shop::answering(3, 0, [reply]);
        let id = shop.order("a").await;
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated);
        assert_eq!(shop.count("order_id like 'refund-%'").await, refunds);
        shop.assert_balanced(0, 3, 0).await;
    }
}

/// A failing confirmation mail must not refund an order that is paid and packed.
#[tokio::test]
async fn an_order_stays_when_its_confirmation_fails() {
    let mut shop = Shop::answering(3, 3, [Reply::Done, Reply::Refuse("NO_SUCH_ADDRESS")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(saga.steps[3].state, StepState::Failed);
    shop.assert_balanced(1, 3, 3).await;
}

/// What cannot be undone holds up nothing else, and is there for a person to see.
#[tokio::test]
async fn a_refused_refund_waits_for_a_person_and_the_rest_goes_on() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[0].state, StepState::Undone);
    assert_eq!(saga.steps[1].state, StepState::UndoParked);
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "ACCOUNT_CLOSED");
    assert_eq!(shop.pieces("item").await, 3);

    shop.world.provider.script([Reply::Refuse("STILL_CLOSED")]);
    shop.sagas.compensate(&id).await.unwrap();
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[1].error.as_ref().unwrap().code, "STILL_CLOSED");

    for _ in 0..3 {
        shop.sagas.compensate(&id).await.unwrap();
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated);
    assert_eq!(saga.steps[1].undo_attempts, 3);
    shop.assert_balanced(0, 3, 0).await;
}

#[tokio::test]
async fn a_person_can_leave_what_cannot_be_undone() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    let decision = Decision::new("ada", "paid back in cash").unwrap();
    shop.sagas.leave(&id, "pay", &decision).await.unwrap();
    let saga = shop.settle(&id).await;
    assert_eq!(
        saga.state,
        SagaState::Compensating,
        "too early to decide that"
    );
    assert!(shop.sagas.leave(&id, "paid", &decision).await.is_err());
    shop.sagas.leave(&id, "pay", &decision).await.unwrap();
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(saga.steps[1].state, StepState::Left);
    assert_eq!(
        saga.steps[1].error.as_ref().unwrap().message,
        "left by ada: paid back in cash"
    );
}

#[tokio::test]
async fn a_cancelled_order_is_undone_and_a_finished_one_is_not() {
    let mut shop = Shop::new(3, 3);
    let id = shop.order("a").await;
    shop.sagas.cancel(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
    let id = shop.order("b").await;
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.sagas.cancel(&id).await.unwrap();
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

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

/// A saga that waits for days must not cost a write every few seconds.
#[tokio::test]
async fn the_longer_nothing_happens_the_rarer_somebody_looks() {
    let mut shop = Shop::answering(3, 0, [Reply::Done, Reply::Refuse("ACCOUNT_CLOSED")]);
    let id = shop.order("a").await;
    assert_eq!(shop.settle(&id).await.state, SagaState::Compensating);
    let before = shop.saga(&id).await;
    let mut looks = 0;
    for _ in 0..100 {
        shop.world.clock.advance(Duration::from_secs(15));
        let now = orch_runtime::Clock::now(&shop.world.clock);
        looks += shop.sagas.run_once(now).await.unwrap();
    }
    assert!((20..=26).contains(&looks), "{looks} looks in 25 minutes");
    assert_eq!(
        shop.saga(&id).await,
        before,
        "nothing was written but when to look again"
    );
}

/// Nothing begins after the deadline, and what happened until then is undone at it.
#[tokio::test]
async fn an_order_that_takes_too_long_is_undone() {
    let mut shop = Shop::answering(3, 3, [Reply::Busy(Some(Duration::from_secs(3_050)))]);
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensated, "{saga:?}");
    shop.assert_balanced(0, 3, 3).await;
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
    for _ in 0..10_000 {
        engine.dispatch_once().await.unwrap();
        engine.idle().await;
        if shop.saga(&id).await.state.is_final() {
            break;
        }
    }
    assert_eq!(shop.saga(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
    signal.request();
    working.await.unwrap();
}

/// A busy shop hears of something all the time, and must not forget those of whom it hears nothing.
#[tokio::test]
async fn sagas_are_looked_at_however_much_else_ends() {
    let shop = Shop::answering(3, 3, [Reply::Busy(Some(Duration::from_secs(3_600)))]);
    let id = shop.order("a").await;
    shop.world.run_once().await;
    let (signal, shutdown) = Shutdown::new();
    let working = tokio::spawn(Workers::new().with_sagas(&shop.sagas).run(shutdown));
    for second in (0..3_100).step_by(4) {
        let other = format!("other-{second}");
        shop.world.submit(&other, &charge(&other)).await.unwrap();
        shop.world.clock.advance(Duration::from_secs(4));
    }
    shop.world.run_once().await;
    let saga = shop.saga(&id).await;
    assert_ne!(saga.state, SagaState::InProgress, "its deadline has passed");
    signal.request();
    working.await.unwrap();
}

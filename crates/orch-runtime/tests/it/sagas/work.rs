//! Steps that are not there, and work that slips.

use super::*;

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
            Ok(of("pay", run.input))
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
                .step("pay", pay().undone_by(shop.world.engine(), refund))
                .step("wrap", reserve()),
            "the plan has no step \"wrap\"",
        ),
    ];
    for (builder, reason) in refusals {
        assert_eq!(builder.build().unwrap_err().to_string(), reason);
    }
}

/// Work that panics, and work that passes over a failed statement.
struct Slips(bool);

impl LocalWork<Order> for Slips {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        _run: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        tx.execute("update stock set pieces = 0", &[]).await?;
        assert!(!self.0, "a slip");
        let _ = tx
            .execute("insert into no_such_table values (1)", &[])
            .await;
        Err(LocalError::refused("NO", "not today"))
    }

    async fn undo(
        &self,
        _tx: &mut HookTx<'_>,
        _run: &StepRun<'_, Order>,
    ) -> Result<(), LocalError> {
        Ok(())
    }
}

#[tokio::test]
async fn work_that_panics_is_refused_and_leaves_nothing() {
    for (panics, code) in [(true, "PANICKED"), (false, "NO")] {
        let shop = Shop::new(3, 3);
        let database = shop.world.database().open(Arc::new(NoFaults));
        let tables = SagaTables {
            prefix: "order_saga",
        };
        let plan = [step("slip", &[], Compensation::Operation, Weight::Required)];
        let sagas = Sagas::builder(database, tables, &plan)
            .step("slip", Local::new(Slips(panics)))
            .build()
            .unwrap();
        let (owner, key) = (OwnerId::anonymous(), IdemKey::new("a").unwrap());
        let order = Order {
            order_id: "a".into(),
        };
        let id = sagas.initiate(owner.clone(), key, &order).await.unwrap().id;
        let saga = sagas.find(&owner, &id).await.unwrap().unwrap();
        assert_eq!(saga.state, SagaState::Failed);
        assert_eq!(saga.steps[0].error.as_ref().unwrap().code, code);
        assert_eq!(shop.pieces("item").await, 3);
    }
}

/// Takes a name that is taken.
struct Twice;

impl LocalWork<Order> for Twice {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        _run: &StepRun<'_, Order>,
    ) -> Result<serde_json::Value, LocalError> {
        tx.execute("update stock set pieces = pieces - 1", &[])
            .await?;
        let sql = "insert into stock (name, pieces) values ('item', 1)";
        tx.execute(sql, &[]).await?;
        Ok(serde_json::Value::Null)
    }

    async fn undo(
        &self,
        _tx: &mut HookTx<'_>,
        _run: &StepRun<'_, Order>,
    ) -> Result<(), LocalError> {
        Ok(())
    }
}

/// What breaks a rule of the tables breaks it for ever: to do it again until the deadline helps nobody.
#[tokio::test]
async fn work_that_breaks_a_rule_of_the_tables_is_refused() {
    let shop = Shop::new(3, 3);
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let plan = [step("take", &[], Compensation::Operation, Weight::Required)];
    let sagas = Sagas::builder(database, tables, &plan)
        .step("take", Local::new(Twice))
        .build()
        .unwrap();
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new("a").unwrap());
    let order = Order {
        order_id: "a".into(),
    };
    let id = sagas.initiate(owner.clone(), key, &order).await.unwrap().id;
    let saga = sagas.find(&owner, &id).await.unwrap().unwrap();
    assert_eq!(saga.state, SagaState::Failed);
    assert_eq!(saga.steps[0].error.as_ref().unwrap().code, "CONSTRAINT");
    assert_eq!(shop.pieces("item").await, 3);
}

/// The sagas of a version of the program whose plan ends with the payment.
fn shortened(shop: &Shop) -> Sagas<Order> {
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let engine = shop.world.engine();
    let pay = Call::new(engine, |run: &StepRun<'_, Order>| Ok(of("pay", run.input)));
    Sagas::builder(database, tables, &PLAN[..2])
        .clock(Arc::new(shop.world.clock.clone()))
        .step("reserve", Local::new(Take("item")))
        .step("pay", pay.undone_by(engine, refund))
        .build()
        .unwrap()
}

/// A program that lost a step would leave what the step did where it is, and nobody would see it.
#[tokio::test]
async fn a_plan_that_lost_a_step_of_running_sagas_is_refused_and_ended_ones_stay_readable() {
    let mut shop = Shop::new(3, 3);
    let ended = shop.order("ended").await;
    assert_eq!(shop.settle(&ended).await.state, SagaState::Completed);
    shop.sagas.check().await.unwrap();
    let later = shortened(&shop);
    later.check().await.unwrap();
    let saga = later
        .find(&OwnerId::anonymous(), &ended)
        .await
        .unwrap()
        .unwrap();
    let names: Vec<_> = saga.steps.iter().map(|step| &*step.name).collect();
    assert_eq!(names[..2], ["reserve", "pay"]);
    assert!(
        names.contains(&"pack") && names.contains(&"confirm"),
        "{names:?}"
    );

    let running = shop.order("running").await;
    let refused = later.check().await.unwrap_err().to_string();
    let reason = "1 running sagas of order_saga began the step \"pack\", which the plan has no longer: let \
                  the former version finish them first, or keep the step";
    assert_eq!(refused, reason);
    let mut workers = Workers::new().with_sagas(&later);
    assert!(workers.check().await.is_err(), "so no service runs them");
    assert!(later.look(&running).await.is_err());
    assert_eq!(shop.settle(&running).await.state, SagaState::Completed);
}

/// A program in which something else carries a step out looks for what the step waits for where it is not.
#[tokio::test]
async fn a_step_of_running_sagas_that_something_else_carries_out_is_refused() {
    let mut shop = Shop::new(3, 3);
    let running = shop.order("running").await;
    let saga = shop.saga(&running).await;
    assert_eq!(saga.steps[1].state, StepState::Running, "{saga:?}");
    let database = shop.world.database().open(Arc::new(NoFaults));
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let mut later =
        Sagas::builder(database, tables, PLAN).clock(Arc::new(shop.world.clock.clone()));
    for step in PLAN {
        later = later.step(step.name, Local::new(Take("item")));
    }
    let later = later.build().unwrap();
    let reason = "1 running sagas of order_saga wait for an operation of the step \"pay\", which something else \
                  carries out in this version: let the former version finish them first, or give the step \
                  another name";
    let pay_is = |state: &str| {
        shop.world.alter(&format!(
            "update order_saga_step_results set status = '{state}' where step = 'pay'"
        ));
    };
    let patience = Duration::from_hours(1);
    for state in ["IN_DOUBT", "RUNNING"] {
        pay_is(state);
        let refused = later.check().await.unwrap_err().to_string();
        assert_eq!(refused, reason, "{state}");
        let found = later.check_integrity(patience).await.unwrap();
        assert_eq!(found[0].finding, SagaFinding::OperationMissing, "{found:?}");
        assert_eq!(found[0].step.as_deref(), Some("pay"));
    }

    assert_eq!(shop.settle(&running).await.state, SagaState::Completed);
    shop.world
        .alter("update order_saga_step_results set status = 'IN_DOUBT' where step = 'confirm'");
    later.check().await.unwrap();
    assert_eq!(later.check_integrity(patience).await.unwrap(), []);
}

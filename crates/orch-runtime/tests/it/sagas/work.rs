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

//! A purchase of five steps, some in a row and some beside each other, some in our own database and some at a
//! provider. Whoever uses it says what goes to the provider.
//!
//! ```text
//!  debit ─┬─▶ grant ───┬─▶ ship
//!         └─▶ reserve ─┴─▶ notify (optional)
//! ```
//!
//! Nothing but the runtime keeps the work in our own database from happening twice: balances and stock are plain
//! numbers, and the ledger has no key.

use std::time::Duration;

use orch_runtime::saga::{
    Call, Compensation, Local, LocalError, LocalWork, SagaConfig, SagaEvents, SagaTables,
    SagasBuilder, StepError, StepPlan, StepRun, Weight,
};
use orch_runtime::store::hook::HookTx;
use orch_runtime::{Command, Engine, Value};
use serde::{Deserialize, Serialize};

/// Where the sagas are kept.
pub(crate) const TABLES: SagaTables = SagaTables {
    prefix: "order_saga",
};

/// Accounts, pieces, and what was done and undone.
pub(crate) const BOOKS: &str = "
    create table accounts (name text primary key, balance integer not null check (balance >= 0));
    create table pieces (name text primary key, pieces integer not null check (pieces >= 0));
    create table ledger (saga text not null, step text not null, undone integer not null)";

/// The shop has a thousand pieces, and its customers ten accounts of a thousand.
pub(crate) const WEALTH: &str = "
    insert into pieces (name, pieces) values ('sword', 1000);
    insert into accounts (name, balance) values ('c0', 1000), ('c1', 1000), ('c2', 1000), ('c3', 1000),
        ('c4', 1000), ('c5', 1000), ('c6', 1000), ('c7', 1000), ('c8', 1000), ('c9', 1000)";

pub(crate) const PLAN: &[StepPlan] = &[
    step("debit", &[], Weight::Required),
    step("grant", &["debit"], Weight::Required),
    step("reserve", &["debit"], Weight::Required),
    step("notify", &["grant", "reserve"], Weight::Optional),
    step("ship", &["grant", "reserve"], Weight::Required),
];

const fn step(name: &'static str, after: &'static [&'static str], weight: Weight) -> StepPlan {
    StepPlan {
        name,
        after,
        compensation: Compensation::Operation,
        weight,
    }
}

/// The steps that work in our own database.
pub(crate) const LOCAL: [&str; 2] = ["debit", "grant"];

/// A purchase, and what of it is refused: steps by their name, compensations as `undo-` and it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Purchase {
    pub(crate) name: String,
    pub(crate) account: String,
    pub(crate) refused: Vec<String>,
}

impl Purchase {
    pub(crate) fn new(name: &str, refused: &[&str]) -> Self {
        let number: u32 = name.bytes().map(u32::from).sum();
        Self {
            name: name.to_owned(),
            account: format!("c{}", number % 10),
            refused: refused.iter().map(|step| (*step).to_owned()).collect(),
        }
    }

    fn refuses(&self, what: &str) -> bool {
        self.refused.iter().any(|refused| refused == what)
    }
}

/// What a provider is asked for.
pub(crate) trait Act: Command {
    /// `what` of a purchase, which the provider refuses when `refused`.
    fn act(what: &str, refused: bool) -> Self;
}

/// What the provider calls a step of a purchase, or its compensation.
pub(crate) fn order_of(step: &str, undone: bool, purchase: &str) -> String {
    let undo = if undone { "undo-" } else { "" };
    format!("{undo}{step}-{purchase}")
}

fn act<C: Act>(step: &str, undone: bool, run: &StepRun<'_, Purchase>) -> Result<C, StepError> {
    let refused = match undone {
        true => format!("undo-{step}"),
        false => step.to_owned(),
    };
    let mut order = order_of(step, undone, &run.input.name);
    // A compensation that a person asked for again is another order, named behind a slash.
    let (_, attempt) = run.key.as_str().rsplit_once('/').unwrap();
    if undone && attempt != "0" {
        order = format!("{order}/{attempt}");
    }
    Ok(C::act(&order, run.input.refuses(&refused)))
}

/// What a step does in our own database.
struct Bookkeeping {
    step: &'static str,
    /// Statements that take and give back, of the account ?1 where they name it.
    take: &'static str,
    give_back: &'static str,
}

impl Bookkeeping {
    async fn book(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Purchase>,
        undone: bool,
    ) -> Result<(), LocalError> {
        let sql = if undone { self.give_back } else { self.take };
        let changed = tx.execute(sql, &[Value::from(&run.input.account)]).await?;
        let params = [
            Value::from(run.saga_id.as_str()),
            Value::from(self.step),
            Value::from(i64::from(undone)),
        ];
        let sql = "insert into ledger (saga, step, undone) values (?1, ?2, ?3)";
        tx.execute(sql, &params).await?;
        let what = if undone { "undo-" } else { "" };
        if changed == 0 || run.input.refuses(&format!("{what}{}", self.step)) {
            return Err(LocalError::refused("REFUSED", "not to be had"));
        }
        Ok(())
    }
}

impl LocalWork<Purchase> for Bookkeeping {
    async fn run(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Purchase>,
    ) -> Result<serde_json::Value, LocalError> {
        self.book(tx, run, false).await?;
        Ok(serde_json::json!({ "taken": self.step }))
    }

    async fn undo(
        &self,
        tx: &mut HookTx<'_>,
        run: &StepRun<'_, Purchase>,
    ) -> Result<(), LocalError> {
        let given = run.result_of(self.step).unwrap().data.as_ref().unwrap();
        assert_eq!(given["taken"], self.step, "what it gave is what it gets");
        self.book(tx, run, true).await
    }
}

/// What the steps do, those at the provider by `engine`.
pub(crate) fn steps<C: Act>(
    builder: SagasBuilder<Purchase>,
    engine: &Engine,
) -> SagasBuilder<Purchase> {
    let debit = Bookkeeping {
        step: "debit",
        take: "update accounts set balance = balance - 10 where name = ?1 and balance >= 10",
        give_back: "update accounts set balance = balance + 10 where name = ?1",
    };
    let grant = Bookkeeping {
        step: "grant",
        take: "update pieces set pieces = pieces - 1 where pieces > 0 and ?1 <> ''",
        give_back: "update pieces set pieces = pieces + 1 where ?1 <> ''",
    };
    let reserve = Call::new(engine, |run| act::<C>("reserve", false, run));
    let notify = Call::new(engine, |run| act::<C>("notify", false, run));
    let ship = Call::new(engine, |run| act::<C>("ship", false, run));
    builder
        .config(SagaConfig {
            time_budget: Duration::from_secs(3_000),
            ..SagaConfig::default()
        })
        .events(SagaEvents::of("Purchase"))
        .step("debit", Local::new(debit))
        .step("grant", Local::new(grant))
        .step(
            "reserve",
            reserve.undone_by(engine, |run| act::<C>("reserve", true, run)),
        )
        .step(
            "notify",
            notify.undone_by(engine, |run| act::<C>("notify", true, run)),
        )
        .step(
            "ship",
            ship.undone_by(engine, |run| act::<C>("ship", true, run)),
        )
}

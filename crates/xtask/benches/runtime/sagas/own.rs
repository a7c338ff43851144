//! Sagas of the runtime: each step and each compensation is an operation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::saga::{
    Call, Compensation, SagaTables, Sagas, StepError, StepPlan, StepRun, Weight,
};
use orch_runtime::{Clock, Engine, IdemKey, OpId, Outcome, OwnerId, SystemClock, Workers};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use xtask::bench::row::quantile;

use crate::domain::{Answer, Charge, charged, key};
use crate::engine::{Bed, Client, LIMIT};
use crate::ledger::{Effect, Ledger, Work};
use crate::place::Place;

/// An ended saga is looked at by nobody.
const OPEN: &str =
    "select exists (select 1 from order_saga_states where look_at is not null) as open";
const COMPLETED: &str = "select count(*) as n from order_saga_states where status = 'COMPLETED'";
const COMPENSATED: &str =
    "select count(*) as n from order_saga_states where status = 'COMPENSATED'";

const PLAN: &[StepPlan] = &[
    step("reserve", &[]),
    step("pay", &["reserve"]),
    step("ship", &["pay"]),
];

const fn step(name: &'static str, after: &'static [&'static str]) -> StepPlan {
    StepPlan {
        name,
        after,
        compensation: Compensation::Operation,
        weight: Weight::Required,
    }
}

/// The provider tells by the cents what it is asked for.
const EFFECTS: [Effect; 6] = [
    Effect::Reserve,
    Effect::Pay,
    Effect::Ship,
    Effect::Release,
    Effect::Refund,
    Effect::TakeBack,
];

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    number: u64,
}

/// One run on an empty place.
pub(super) struct Run {
    pub(super) work: Work,
    pub(super) clients: usize,
    pub(super) client: Client,
    pub(super) sagas: usize,
}

/// What it came to.
pub(super) struct Figures {
    /// From the first request to the last recorded end.
    pub(super) per_second: f64,
    /// From a request to the last effect of its saga, where clients wait for that.
    pub(super) median_ms: f64,
}

impl Run {
    pub(super) async fn measure(self, place: &Place) -> Result<Figures> {
        let ledger = Arc::new(Ledger::new(self.work, self.sagas));
        let answer = answer(Arc::clone(&ledger));
        let mut bed = Bed::asking(place, ProtectionPolicy::default(), answer).await?;
        let sagas = sagas(&bed)?;
        let keeping = Workers::new().with_sagas(&sagas).run(bed.shutdown.clone());
        bed.loops.spawn(keeping);
        let begin = Instant::now();
        let times = self.request(&sagas, &ledger).await?;
        self.all_ended(&bed.engine).await?;
        let took = begin.elapsed().as_secs_f64();
        bed.stop().await;
        ledger.check()?;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok(Figures {
            per_second: self.sagas as f64 / took,
            median_ms: quantile(&times, 0.5),
        })
    }

    /// All clients, until there are no more sagas; answers how long each was waited for.
    async fn request(&self, sagas: &Sagas<Order>, ledger: &Arc<Ledger>) -> Result<Vec<f64>> {
        let next = Arc::new(AtomicUsize::new(0));
        let times = Arc::new(Mutex::new(Vec::new()));
        let (count, client) = (self.sagas, self.client);
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let (sagas, ledger) = (sagas.clone(), Arc::clone(ledger));
            let (next, times) = (Arc::clone(&next), Arc::clone(&times));
            clients.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return anyhow::Ok(());
                    }
                    let begin = Instant::now();
                    let order = Order {
                        number: number as u64,
                    };
                    let key = IdemKey::new(key(order.number))?;
                    sagas.initiate(OwnerId::anonymous(), key, &order).await?;
                    if client == Client::Waits {
                        let took = ledger.ended(number).await? - begin;
                        let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                        times.push(took.as_secs_f64() * 1e3);
                    }
                }
            });
        }
        while let Some(ended) = clients.join_next().await {
            ended??;
        }
        let times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(times)
    }

    async fn all_ended(&self, engine: &Engine) -> Result<()> {
        let (begin, store) = (Instant::now(), engine.store());
        loop {
            let open = store.query(OPEN.to_owned(), Vec::new()).await?;
            if !open.first().context("no answer")?.get::<bool>("open")? {
                break;
            }
            if begin.elapsed() > LIMIT {
                bail!("not all sagas ended");
            }
            SystemClock.sleep(Duration::from_millis(2)).await;
        }
        let (ends, name) = match self.work {
            Work::SagasUndone => (COMPENSATED, "COMPENSATED"),
            _ => (COMPLETED, "COMPLETED"),
        };
        let ended = store.query(ends.to_owned(), Vec::new()).await?;
        let ended: i64 = ended.first().context("no answer")?.get("n")?;
        if usize::try_from(ended)? != self.sagas {
            bail!("{ended} of {} sagas are {name}", self.sagas);
        }
        Ok(())
    }
}

fn answer(ledger: Arc<Ledger>) -> Answer {
    Arc::new(move |op_id: &OpId, charge: &Charge| {
        let number = charge.order_id.strip_prefix("order-");
        let number = number.and_then(|number| number.parse().ok());
        let effect = usize::try_from(charge.cents).ok();
        let effect = effect.and_then(|cents| EFFECTS.get(cents));
        let (Some(number), Some(effect)) = (number, effect) else {
            return Outcome::fail("UNKNOWN", "no step of a saga asks for this");
        };
        match ledger.perform(number, *effect) {
            Ok(()) => charged(op_id),
            Err(refused) => Outcome::fail("REFUSED", refused.to_string()),
        }
    })
}

fn sagas(bed: &Bed) -> Result<Sagas<Order>> {
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let engine = &bed.engine;
    let builder = Sagas::builder(bed.database.clone(), tables, PLAN)
        .step(
            "reserve",
            Call::new(engine, ask::<0>).undone_by(engine, ask::<3>),
        )
        .step(
            "pay",
            Call::new(engine, ask::<1>).undone_by(engine, ask::<4>),
        )
        .step(
            "ship",
            Call::new(engine, ask::<2>).undone_by(engine, ask::<5>),
        );
    Ok(builder.build()?)
}

/// Asks for one of [`EFFECTS`].
fn ask<const EFFECT: u8>(run: &StepRun<'_, Order>) -> Result<Charge, StepError> {
    Ok(Charge {
        cents: EFFECT.into(),
        ..Charge::number(run.input.number)
    })
}

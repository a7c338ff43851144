//! Sagas of three operations, one after the other, beside plain operations of the same engine in the same run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::saga::{Call, Compensation, SagaTables, Sagas, StepPlan, StepRun, Weight};
use orch_runtime::{Clock, Engine, IdemKey, OwnerId, SystemClock, Workers};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use xtask::bench::row::{Row, Wanted};

use super::domain::{Charge, key};
use super::engine::{self, Bed, Client, LIMIT};
use super::place::Place;
use super::say;

/// Clients at the same time; each leaves when its saga is accepted, and comes with the next.
const CLIENTS: u64 = 256;

/// Sagas of one round, each of three operations: some seconds of work.
fn sagas_of(place: &Place) -> u64 {
    match place {
        Place::File(_) => 10_000,
        Place::Server(_) => 2_000,
    }
}

/// An ended saga is looked at by nobody.
const OPEN: &str =
    "select exists (select 1 from order_saga_states where look_at is not null) as open";
const COMPLETED: &str = "select count(*) as n from order_saga_states where status = 'COMPLETED'";

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

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    number: u64,
}

/// `rounds` turns of sagas and plain operations.
pub(crate) async fn measure(places: &[Place], rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for place in places {
        let (mut sagas, mut operations, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let found = load(place).await?;
            let (policy, clients) = (ProtectionPolicy::default(), CLIENTS.try_into()?);
            let count = 3 * sagas_of(place);
            let plain = engine::load(place, policy, clients, count, Client::Leaves).await?;
            let share = 3.0 * found / plain.per_second;
            say(&format!(
                "{}, round {round}: {found:.0} sagas/s of three operations, {:.0} plain \
                 operations/s, share {share:.2}",
                place.name(),
                plain.per_second
            ))?;
            sagas.push(found);
            operations.push(plain.per_second);
            shares.push(share);
        }
        let at = |what: &str| format!("{}: {what}", place.name());
        rows.extend([
            Row::new(at("sagas of three operations"), "sagas/s", sagas),
            Row::new(at("plain operations"), "ops/s", operations),
            Row::new(at("operations of sagas / plain ones"), "x", shares)
                .wanted(Wanted::AtLeast(0.5)),
        ]);
    }
    Ok(rows)
}

/// Sagas per second, from the first request to the last end.
async fn load(place: &Place) -> Result<f64> {
    let mut bed = Bed::new(place, ProtectionPolicy::default()).await?;
    let sagas = sagas(&bed)?;
    let keeping = Workers::new().with_sagas(&sagas).run(bed.shutdown.clone());
    bed.loops.spawn(keeping);
    let (begin, count) = (Instant::now(), sagas_of(place));
    let next = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (sagas, next) = (sagas.clone(), Arc::clone(&next));
        clients.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                let key = IdemKey::new(key(number))?;
                let order = Order { number };
                sagas.initiate(OwnerId::anonymous(), key, &order).await?;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    all_ended(&bed.engine, count).await?;
    let took = begin.elapsed().as_secs_f64();
    bed.stop().await;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(count as f64 / took)
}

async fn all_ended(engine: &Engine, count: u64) -> Result<()> {
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
    let ended = store.query(COMPLETED.to_owned(), Vec::new()).await?;
    let completed: i64 = ended.first().context("no answer")?.get("n")?;
    if u64::try_from(completed)? != count {
        bail!("{completed} of {count} sagas are COMPLETED");
    }
    Ok(())
}

fn sagas(bed: &Bed) -> Result<Sagas<Order>> {
    let tables = SagaTables {
        prefix: "order_saga",
    };
    let mut builder = Sagas::builder(bed.database.clone(), tables, PLAN);
    for step in PLAN {
        let charge = |run: &StepRun<'_, Order>| Ok(Charge::number(run.input.number));
        let call = Call::new(&bed.engine, charge).undone_by(&bed.engine, charge);
        builder = builder.step(step.name, call);
    }
    Ok(builder.build()?)
}

//! Load that goes on: whether it stays as fast, and what a reader costs that keeps its transaction open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::{Clock, SystemClock};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;
use xtask::bench::row::{Row, Wanted};

use super::engine::{self, Bed, Client};
use super::place::Place;
use super::{raw_postgres, say};

/// Clients, each with one operation after the other.
const CLIENTS: usize = 64;
/// How long one sample lasts.
const SAMPLE: Duration = Duration::from_secs(10);
/// Samples of the first and of the last minute.
const MINUTE: usize = 6;
/// Operations of one sample of the bare loop, and how it writes them.
const BARE_STEP: u64 = 60_000;
const BARE_BATCH: u64 = 20;
const BARE_CONNECTIONS: u64 = 3;
/// How long the reader keeps its transaction open.
const READER: Duration = Duration::from_secs(120);

const DEAD: &str = "select coalesce(sum(n_dead_tup), 0)::float8 from pg_stat_user_tables";

/// `minutes` of load, and then the same with and without the reader; nothing for a file.
pub(crate) async fn measure(place: &Place, minutes: u64) -> Result<Vec<Row>> {
    let whole = under_load(place, Duration::from_secs(60 * minutes)).await?;
    let (first, last) = (
        Row::new("", "", whole[..MINUTE].to_vec()).median(),
        Row::new("", "", whole[whole.len() - MINUTE..].to_vec()).median(),
    );
    let at = |what: &str| format!("{}: {what}", place.name());
    let mut rows = vec![
        Row::new(at("load that goes on, first minute"), "ops/s", vec![first]),
        Row::new(at("load that goes on, last minute"), "ops/s", vec![last]),
        Row::new(at("last minute / first minute"), "x", vec![last / first])
            .wanted(Wanted::AtLeast(0.9)),
    ];
    if let Place::Server(url) = place {
        rows.extend(bare(place, url, minutes).await?);
        rows.extend(with_reader(place, url).await?);
    }
    Ok(rows)
}

/// The same minutes of the bare loop: how far growing tables alone make the database slower.
async fn bare(place: &Place, url: &str, minutes: u64) -> Result<Vec<Row>> {
    place.clear().await?;
    let mut rates = Vec::new();
    let (mut number, end) = (0, Instant::now() + Duration::from_secs(60 * minutes));
    while Instant::now() < end {
        let next = number + BARE_STEP;
        rates.push(raw_postgres::load(url, number..next, BARE_BATCH, BARE_CONNECTIONS).await?);
        number = next;
    }
    let tenth = (rates.len() / 10).max(1);
    let (first, last) = (
        Row::new("", "", rates[..tenth].to_vec()).median(),
        Row::new("", "", rates[rates.len() - tenth..].to_vec()).median(),
    );
    let row = |what: &str, unit, value| Row::new(format!("PostgreSQL: {what}"), unit, vec![value]);
    Ok(vec![
        row("bare SQL that goes on, first tenth", "ops/s", first),
        row("bare SQL that goes on, last tenth", "ops/s", last),
        row("bare SQL, last / first", "x", last / first),
    ])
}

async fn with_reader(place: &Place, url: &str) -> Result<Vec<Row>> {
    let without = under_load(place, READER).await?;
    let dead_without = dead(url).await?;
    place.clear().await?;
    let mut reader = PgConnection::connect(url).await?;
    // The snapshot is taken by the first statement, and keeps every row version from being swept up.
    let begin = "begin isolation level repeatable read; select count(*) from pg_class";
    sqlx::raw_sql(begin).execute(&mut reader).await?;
    let with = continued(place, READER).await?;
    let dead_with = dead(url).await?;
    reader.close().await?;
    let last = |samples: &[f64]| Row::new("", "", samples[samples.len() - MINUTE..].to_vec());
    let (without, with) = (last(&without).median(), last(&with).median());
    let row = |what: &str, unit, value| Row::new(format!("PostgreSQL: {what}"), unit, vec![value]);
    Ok(vec![
        row("second minute without a reader", "ops/s", without),
        row("second minute with an open reader", "ops/s", with),
        row("with an open reader / without", "x", with / without).wanted(Wanted::AtLeast(0.8)),
        row("dead rows without a reader", "rows", dead_without),
        row("dead rows with an open reader", "rows", dead_with),
    ])
}

/// Operations per second, sample by sample, on an empty place.
async fn under_load(place: &Place, time: Duration) -> Result<Vec<f64>> {
    place.clear().await?;
    continued(place, time).await
}

async fn continued(place: &Place, time: Duration) -> Result<Vec<f64>> {
    let bed = Bed::beside(place, ProtectionPolicy::default(), None).await?;
    let (next, done) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (engine, next, done) = (bed.engine.clone(), Arc::clone(&next), Arc::clone(&done));
        clients.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let number = next.fetch_add(1, Ordering::Relaxed);
                engine::one(&engine, number, Client::Leaves).await?;
            }
            anyhow::Ok(())
        });
    }
    let mut samples = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < time {
        let (before, from) = (next.load(Ordering::Relaxed), Instant::now());
        SystemClock.sleep(SAMPLE).await;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let made = (next.load(Ordering::Relaxed) - before) as f64;
        samples.push(made / from.elapsed().as_secs_f64());
        if samples.len() % MINUTE == 0 {
            let minute = Row::new("", "", samples[samples.len() - MINUTE..].to_vec());
            say(&format!("{}: {:.0}/s", place.name(), minute.median()))?;
        }
    }
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    bed.stop().await;
    Ok(samples)
}

async fn dead(url: &str) -> Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    let dead = sqlx::query_scalar(DEAD).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(dead)
}

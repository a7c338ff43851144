//! Two processes on one PostgreSQL: how soon one takes what the other leaves, by choice or by its death, and
//! how quiet they are when there is nothing to do.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use orch_runtime::engine::EngineConfig;
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::store::{Claim, Term};
use orch_runtime::{Clock, Command, IdemKey, OpId, OwnerId, SystemClock, Timestamp};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use xtask::bench::row::{Row, Wanted};

use super::domain::{Charge, key};
use super::engine::Bed;
use super::place::Place;

/// Operations that one process leaves to the other, and the time between two of them: 200 per second.
const LEFT: (u64, Duration) = (2_000, Duration::from_millis(5));
/// Operations that are lost, and the time between two of them.
const LOST: (u64, Duration) = (5, Duration::from_millis(2_300));
/// Longest wait for one call.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the idle engine is watched: several times its longest pause.
const IDLE: Duration = Duration::from_secs(60);

const TRANSACTIONS: &str = "select (xact_commit + xact_rollback)::float8 from pg_stat_database
    where datname = current_database()";

/// What is measured on a server; nothing for a file, which has one process.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let Place::Server(url) = place else {
        return Ok(Vec::new());
    };
    let mut rows = pickup(place).await?;
    rows.push(takeover(place).await?);
    rows.push(idle(place, url).await?);
    Ok(rows)
}

/// One process has no room; the other calls. From the acknowledgement to the call.
async fn pickup(place: &Place) -> Result<Vec<Row>> {
    let full = Bed::new(place, ProtectionPolicy::default()).await?;
    full.engine.drain(Duration::ZERO).await;
    let (begun, calls) = channel();
    let free = Bed::beside(place, ProtectionPolicy::default(), Some(begun)).await?;
    let mut acknowledged = HashMap::new();
    let (count, pause) = LEFT;
    let begin = Instant::now();
    for number in 0..count {
        let due = pause * u32::try_from(number)?;
        SystemClock.sleep(due.saturating_sub(begin.elapsed())).await;
        let op_id = submit(&full, number).await?;
        acknowledged.insert(op_id, Instant::now());
    }
    let times = times(acknowledged, &calls)?;
    full.stop().await;
    free.stop().await;
    let times: Vec<f64> = times.iter().map(|took| took.as_secs_f64() * 1e3).collect();
    let all = Row::new("", "ms", times);
    let row = |name: &str, share: f64| {
        let name = format!("PostgreSQL: pickup by another process at 200/s, {name}");
        Row::new(name, "ms", vec![all.quantile(share)])
    };
    let p99 = row("p99", 0.99).wanted(Wanted::AtMost(50.0));
    Ok(vec![row("p50", 0.5), p99])
}

/// A process dies right after it has claimed. From there to the call of another one.
async fn takeover(place: &Place) -> Result<Row> {
    let dying = Bed::new(place, ProtectionPolicy::default()).await?;
    dying.engine.drain(Duration::ZERO).await;
    let (begun, calls) = channel();
    let mut lost = HashMap::new();
    for number in 0..LOST.0 {
        let op_id = submit(&dying, number).await?;
        let now = SystemClock.now();
        let term = Term {
            worker: "lost".into(),
            expires_at: now + EngineConfig::default().lease,
        };
        let claim = Claim {
            term,
            event_types: [Charge::EVENT_TYPE].into(),
            due_from: Timestamp::UNIX_EPOCH,
            limit: 1,
            repeats: None,
        };
        let claimed = dying.engine.store().claim(now, claim).await?;
        ensure!(claimed.len() == 1, "{op_id} was not claimed");
        lost.insert(op_id, Instant::now());
        SystemClock.sleep(LOST.1).await;
    }
    dying.stop().await;
    let other = Bed::beside(place, ProtectionPolicy::default(), Some(begun)).await?;
    let times = times(lost, &calls)?;
    other.stop().await;
    let times = times.iter().map(Duration::as_secs_f64).collect();
    let name = "PostgreSQL: takeover from a process that died right after its claim";
    Ok(Row::new(name, "s", times).wanted(Wanted::AtMost(15.1)))
}

async fn submit(bed: &Bed, number: u64) -> Result<OpId> {
    let (owner, key) = (OwnerId::anonymous(), IdemKey::new(key(number))?);
    let submitted = bed
        .engine
        .submit(owner, key, &Charge::number(number))
        .await?;
    Ok(submitted.op_id)
}

/// How long it took from each of `since` to its call.
fn times(
    mut since: HashMap<OpId, Instant>,
    calls: &Receiver<(OpId, Instant)>,
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    while !since.is_empty() {
        let call = tokio::task::block_in_place(|| calls.recv_timeout(PATIENCE));
        let (op_id, begun) = call.context("not all operations were called")?;
        let since = since.remove(&op_id).context("called twice")?;
        times.push(begun.saturating_duration_since(since));
    }
    Ok(times)
}

/// An engine with nothing to do, with its schedulers.
async fn idle(place: &Place, url: &str) -> Result<Row> {
    let bed = Bed::new(place, ProtectionPolicy::default()).await?;
    submit(&bed, 0).await?;
    // What the server does by itself is counted with the rest.
    set_autovacuum(url, "off").await?;
    SystemClock.sleep(PATIENCE / 6).await;
    let before = transactions(url).await?;
    SystemClock.sleep(IDLE).await;
    let made = transactions(url).await? - before;
    set_autovacuum(url, "on").await?;
    bed.stop().await;
    let name = "PostgreSQL: transactions of an idle engine";
    let row = Row::new(name, "1/s", vec![made / IDLE.as_secs_f64()]);
    Ok(row.wanted(Wanted::AtMost(1.0)))
}

async fn set_autovacuum(url: &str, setting: &str) -> Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    for sql in [
        format!("alter system set autovacuum = {setting}"),
        "select pg_reload_conf()".to_owned(),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut connection)
            .await?;
    }
    Ok(connection.close().await?)
}

async fn transactions(url: &str) -> Result<f64> {
    let mut connection = PgConnection::connect(url).await?;
    let made = sqlx::query_scalar(TRANSACTIONS)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(made)
}

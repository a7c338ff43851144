//! How long one operation takes: alone, and at a steady rate.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::{Clock, SystemClock};
use tokio::task::JoinSet;
use xtask::bench::machine::fsync_ms;
use xtask::bench::row::{Row, Wanted};

use super::engine::{self, Bed, Client};
use super::place::Place;

/// Operations of the steady run, and the time between two of them.
const STEADY: (u64, Duration) = (2_000, Duration::from_millis(5));

/// One operation after the other, each waited for.
pub(crate) async fn alone(place: &Place, folder: &Path) -> Result<Vec<Row>> {
    let bed = Bed::new(place, ProtectionPolicy::default()).await?;
    let (mut times, mut disk) = (Vec::new(), Vec::new());
    for number in 0..300 {
        if number % 30 == 0 {
            disk.push(fsync_ms(folder)?);
        }
        let begin = Instant::now();
        engine::one(&bed.engine, number, Client::Waits).await?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    bed.stop().await;
    let at = |what: &str| format!("{}: {what}", place.name());
    let disk = Row::new(at("durable 4 KiB write"), "ms", disk);
    let wanted = Wanted::AtMost(3.0 * disk.median() + 2.0);
    let times = Row::new(at("one operation alone"), "ms", times);
    let slow = Row::new(
        at("one operation alone, p99"),
        "ms",
        vec![times.quantile(0.99)],
    );
    Ok(vec![disk, times.wanted(wanted), slow])
}

/// 200 operations per second, begun on time whatever became of the ones before.
pub(crate) async fn at_200(place: &Place) -> Result<Vec<Row>> {
    let bed = Bed::new(place, ProtectionPolicy::default()).await?;
    let times = Arc::new(Mutex::new(Vec::new()));
    let (count, pause) = STEADY;
    let (begin, mut tasks) = (Instant::now(), JoinSet::new());
    for number in 0..count {
        let due = pause * u32::try_from(number)?;
        SystemClock.sleep(due.saturating_sub(begin.elapsed())).await;
        let (engine, times) = (bed.engine.clone(), Arc::clone(&times));
        tasks.spawn(async move {
            engine::one(&engine, number, Client::Waits).await?;
            let took = (begin.elapsed() - due).as_secs_f64() * 1e3;
            times
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(took);
            anyhow::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    bed.stop().await;
    let times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    let times = Row::new("", "ms", times);
    let row = |name: &str, share: f64| {
        let name = format!("{}: latency at 200/s, {name}", place.name());
        Row::new(name, "ms", vec![times.quantile(share)])
    };
    let p95 = row("p95", 0.95).wanted(Wanted::AtMost(200.0));
    Ok(vec![row("p50", 0.5), p95, row("p99", 0.99)])
}

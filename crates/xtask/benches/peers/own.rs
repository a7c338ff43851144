//! The runtime, and bare SQL, under the loads of the others.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use orch_runtime::protection::ProtectionPolicy;
use xtask::bench::peers::Load;

use super::engine::{self, Bed, Client};
use super::place::Place;
use super::{latency, raw, raw_postgres};

/// How many times more operations than the others get: some seconds of work here, too.
const MORE: u64 = 5;

/// What one engine came to: its name, and a value for each figure that it has.
type Found = (String, Vec<Option<f64>>);

/// Puts `load` on the runtime, and on bare SQL where that is the limit of it.
pub(crate) async fn measure(place: &Place, load: &Load) -> Result<Vec<Found>> {
    let (kind, number) = load.name.split_once(':').context("a load has a number")?;
    let number: usize = number.parse()?;
    let operations = load.operations as u64;
    let own = format!("orch-runtime, {}", place.name());
    match kind {
        "accepts" => {
            let per_second = accepts(place, number, operations).await?;
            Ok(vec![(own, vec![Some(per_second)])])
        }
        "end-to-end" => {
            let operations = MORE * operations;
            let policy = ProtectionPolicy::default();
            let run = engine::load(place, policy, number, operations, Client::Leaves).await?;
            let bare = bare(place, number as u64, operations).await?;
            Ok(vec![
                (own, vec![Some(run.per_second), log(place, run.wal)]),
                (format!("bare SQL, {}", place.name()), bare),
            ])
        }
        "latency" => {
            let rows = latency::at_200(place).await?;
            let figures = rows.iter().map(|row| row.samples.first().copied());
            Ok(vec![(own, figures.collect())])
        }
        _ => bail!("a load that the runtime does not know: {}", load.name),
    }
}

/// Clients that submit one operation after the other. Nobody works on them.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn accepts(place: &Place, clients: usize, operations: u64) -> Result<f64> {
    let bed = Bed::new(place, ProtectionPolicy::default()).await?;
    bed.engine.drain(Duration::ZERO).await;
    let begin = Instant::now();
    engine::submit(&bed.engine, clients, operations, Client::Leaves).await?;
    let took = begin.elapsed().as_secs_f64();
    bed.stop().await;
    Ok(operations as f64 / took)
}

/// The same rows, written with nothing around them, in batches as large as what is in flight.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
async fn bare(place: &Place, in_flight: u64, operations: u64) -> Result<Vec<Option<f64>>> {
    place.clear().await?;
    let before = place.wal_bytes().await?;
    let per_second = match place {
        Place::File(path) => {
            tokio::task::block_in_place(|| raw::load(path, operations, in_flight))?
        }
        Place::Server(url) => raw_postgres::load(url, 0..operations, in_flight / 2, 2).await?,
    };
    let wal = (place.wal_bytes().await? - before) / operations as f64;
    Ok(vec![Some(per_second), log(place, wal)])
}

/// A file has no log of a server.
fn log(place: &Place, bytes: f64) -> Option<f64> {
    matches!(place, Place::Server(_)).then_some(bytes)
}

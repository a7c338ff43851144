//! The runtime on a SQLite file with `synchronous=FULL` and on a PostgreSQL with `fsync` on, side by side
//! with bare SQL in the same run.
//!
//! `cargo xtask bench runtime` builds and runs this, and prints what it writes to `--rows FILE`.

mod cpu;
mod domain;
mod engine;
mod fleet;
mod latency;
#[path = "../../peers/src/ledger.rs"]
#[expect(dead_code, reason = "the other engines use all of it")]
mod ledger;
mod place;
mod rates;
mod raw;
mod raw_postgres;
mod sagas;
mod soak;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use orch_runtime::protection::ProtectionPolicy;
use orch_runtime::testing::postgres::PostgresServer;
use orch_runtime::{Clock, SystemClock};
use xtask::bench::row::{Row, Wanted};

use self::engine::{Bed, Client};
use self::place::Place;

/// How long the idle engine is watched.
const IDLE: Duration = Duration::from_secs(10);

/// Settings of the server beside the durable ones that it is shipped with: its buffers are the quarter
/// of this machine's memory that PostgreSQL's manual names as the place to begin.
const SERVER: &str = "shared_buffers = '6GB'\nmax_wal_size = '8GB'\ncheckpoint_timeout = '15min'";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|word| word == "--bench") {
        return Ok(());
    }
    let value = |name: &str| {
        let at = arguments.iter().position(|word| word == name)?;
        arguments.get(at + 1).cloned()
    };
    let folder = PathBuf::from(value("--folder").context("--folder DIR is missing")?);
    let rounds: usize = value("--rounds").map_or(Ok(3), |text| text.parse())?;
    fs::create_dir_all(&folder)?;
    let places = places(&folder, value("--only").as_deref())?;
    if let Some(clients) = value("--profile") {
        return profile(&places.0, clients.parse()?).await;
    }
    let rows = match value("--soak") {
        Some(minutes) => soaked(&places.0, minutes.parse()?).await?,
        None if arguments.iter().any(|word| word == "--sagas") => {
            sagas::measure(&places.0, &folder, rounds).await?
        }
        None => measured(&places.0, &folder, rounds).await?,
    };
    let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
    let file = value("--rows").context("--rows FILE is missing")?;
    fs::write(file, serde_json::to_vec(&rows)?)?;
    Ok(())
}

async fn measured(places: &[Place], folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for clients in [256, 64, 1] {
        for place in places {
            rows.extend(rates::measure(place, clients, rounds).await?);
        }
    }
    for place in places {
        rows.extend(latency::alone(place, folder).await?);
        rows.extend(latency::at_200(place).await?);
        rows.push(idle(place).await?);
        rows.extend(fleet::measure(place).await?);
    }
    Ok(rows)
}

async fn soaked(places: &[Place], minutes: u64) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for place in places.iter().rev() {
        rows.extend(soak::measure(place, minutes).await?);
    }
    Ok(rows)
}

/// A file and a server; `only` is `sqlite` or `postgres`.
fn places(folder: &Path, only: Option<&str>) -> Result<(Vec<Place>, Option<PostgresServer>)> {
    let mut places = Vec::new();
    if only != Some("postgres") {
        places.push(Place::File(folder.join("bench.db")));
    }
    if only == Some("sqlite") {
        return Ok((places, None));
    }
    let server = PostgresServer::start_durable(SERVER)?;
    places.push(Place::Server(server.url()));
    Ok((places, Some(server)))
}

/// For a profiler: one long run of the engine alone.
async fn profile(places: &[Place], clients: usize) -> Result<()> {
    for place in places {
        let busy = cpu::seconds()?;
        for policy in [ProtectionPolicy::off(), ProtectionPolicy::default()] {
            let run = engine::load(place, policy, clients, 50_000, Client::Leaves).await?;
            say(&format!(
                "{}: {:.0}/s, {:.0} per commit, {:.0} us of processor each",
                place.name(),
                run.per_second,
                run.per_commit,
                (cpu::seconds()? - busy) * 1e6 / 50_000.0
            ))?;
        }
    }
    Ok(())
}

/// An engine with nothing to do, and its schedulers.
async fn idle(place: &Place) -> Result<Row> {
    let bed = Bed::new(place, ProtectionPolicy::default()).await?;
    engine::one(&bed.engine, 0, Client::Waits).await?;
    let before = cpu::seconds()?;
    SystemClock.sleep(IDLE).await;
    let used = cpu::seconds()? - before;
    bed.stop().await;
    let name = format!("{}: processor time of an idle engine in 10 s", place.name());
    Ok(Row::new(name, "s", vec![used]).wanted(Wanted::AtMost(0.05)))
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

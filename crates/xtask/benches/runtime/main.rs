//! The runtime on a SQLite file with `synchronous=FULL`, side by side with bare SQL in the same run.
//!
//! `cargo xtask bench runtime` builds and runs this, and prints what it writes to `--rows FILE`.

mod cpu;
mod domain;
mod engine;
mod raw;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use orch_runtime::engine::EngineConfig;
use orch_runtime::{Clock, SystemClock};
use xtask::bench::machine::fsync_ms;
use xtask::bench::row::{Row, Wanted};

use self::engine::{Bed, Client};
use self::raw::Commits;

/// How long the idle engine is watched.
const IDLE: Duration = Duration::from_secs(10);

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
    let bench = Bench::new(&folder)?;
    if arguments.iter().any(|word| word == "--only-sql") {
        return bench.only_sql();
    }
    if let Some(clients) = value("--only-engine") {
        let client = match arguments.iter().any(|word| word == "--wait") {
            true => Client::Waits,
            false => Client::Leaves,
        };
        return bench.only_engine(clients.parse()?, client).await;
    }
    let mut rows = Vec::new();
    for clients in [256, 64, 1] {
        rows.extend(bench.throughput(clients, rounds).await?);
    }
    rows.extend(bench.latency().await?);
    rows.push(bench.idle().await?);
    let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
    let file = value("--rows").context("--rows FILE is missing")?;
    fs::write(file, serde_json::to_vec(&rows)?)?;
    Ok(())
}

/// Where files of the databases go.
struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// A place for a database; what was there is gone.
    fn file(&self) -> Result<PathBuf> {
        let path = self.folder.join("bench.db");
        for ending in ["db", "db-wal", "db-shm"] {
            let old = path.with_extension(ending);
            if old.exists() {
                fs::remove_file(old)?;
            }
        }
        Ok(path)
    }

    /// Engine and bare SQL in turns.
    async fn throughput(&self, clients: usize, rounds: usize) -> Result<Vec<Row>> {
        let operations = match clients {
            256 => 40_000,
            64 => 20_000,
            _ => 1_000,
        };
        let mut found = Throughput::default();
        for round in 1..=rounds {
            self.round(clients, operations, &mut found).await?;
            say(&format!("{clients} in flight, round {round}: {found}"))?;
        }
        Ok(found.rows(clients))
    }

    async fn round(&self, clients: usize, operations: u64, to: &mut Throughput) -> Result<()> {
        let busy = cpu::seconds()?;
        let run = engine::load(&self.file()?, clients, operations, Client::Leaves).await?;
        to.cpu
            .push((cpu::seconds()? - busy) * 1e6 / operations as f64);
        let wait = engine::load(&self.file()?, clients, operations, Client::Waits).await?;
        let sql = raw::load(&self.file()?, operations, Commits::Shared(clients as u64))?;
        to.left.push(run.per_second);
        to.waited.push(wait.per_second);
        to.shares.push(run.per_second / sql);
        to.per_commit.push(run.per_commit);
        to.bare.push(sql);
        if clients == 256 {
            let steps = raw::load(&self.file()?, 1_000, Commits::PerStep)?;
            to.steps.push(steps);
        }
        Ok(())
    }

    /// One operation after the other, each waited for.
    async fn latency(&self) -> Result<Vec<Row>> {
        let bed = Bed::new(&self.file()?, EngineConfig::default().concurrency)?;
        let (mut times, mut disk) = (Vec::new(), Vec::new());
        for number in 0..300 {
            if number % 30 == 0 {
                disk.push(fsync_ms(&self.folder)?);
            }
            let begin = Instant::now();
            engine::one(&bed.engine, number, Client::Waits).await?;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        bed.stop().await;
        let disk = Row::new("durable 4 KiB write", "ms", disk);
        let wanted = Wanted::AtMost(3.0 * disk.median() + 2.0);
        let times = Row::new("one operation alone", "ms", times);
        let slow = Row::new("one operation alone, p99", "ms", vec![times.quantile(0.99)]);
        Ok(vec![disk, times.wanted(wanted), slow])
    }

    /// An engine with nothing to do, and its schedulers.
    async fn idle(&self) -> Result<Row> {
        let bed = Bed::new(&self.file()?, EngineConfig::default().concurrency)?;
        engine::one(&bed.engine, 0, Client::Waits).await?;
        let before = cpu::seconds()?;
        SystemClock.sleep(IDLE).await;
        let used = cpu::seconds()? - before;
        bed.stop().await;
        let name = "processor time of an idle engine in 10 s";
        Ok(Row::new(name, "s", vec![used]).wanted(Wanted::AtMost(0.05)))
    }

    /// For a profiler: one long run of bare SQL alone.
    fn only_sql(&self) -> Result<()> {
        let busy = cpu::seconds()?;
        let run = raw::load(&self.file()?, 200_000, Commits::Shared(256))?;
        let cpu = (cpu::seconds()? - busy) * 1e6 / 200_000.0;
        say(&format!("{run:.0}/s, {cpu:.0} us of processor each"))
    }

    /// For a profiler: one long run of the engine alone.
    async fn only_engine(&self, clients: usize, client: Client) -> Result<()> {
        let busy = cpu::seconds()?;
        let run = engine::load(&self.file()?, clients, 200_000, client).await?;
        say(&format!(
            "{:.0}/s, {:.0} per commit, {:.0} us of processor each",
            run.per_second,
            run.per_commit,
            (cpu::seconds()? - busy) * 1e6 / 200_000.0
        ))
    }
}

/// The samples of one number of clients.
#[derive(Default)]
struct Throughput {
    left: Vec<f64>,
    waited: Vec<f64>,
    bare: Vec<f64>,
    shares: Vec<f64>,
    per_commit: Vec<f64>,
    cpu: Vec<f64>,
    steps: Vec<f64>,
}

impl Throughput {
    fn rows(self, clients: usize) -> Vec<Row> {
        let at = |what: &str| format!("{what}, {clients} in flight");
        let mut rows = vec![
            Row::new(at("engine, clients leave at 202"), "ops/s", self.left),
            Row::new(at("engine, clients wait for the end"), "ops/s", self.waited),
            Row::new(at("bare SQL, two shared commits"), "ops/s", self.bare),
            Row::new(at("engine / bare SQL"), "x", self.shares),
            Row::new(at("operations per commit"), "ops", self.per_commit),
            Row::new(at("processor time per operation"), "us", self.cpu),
        ];
        if clients == 256 {
            rows[0].wanted = Wanted::AtLeast(15_000.0);
            rows[3].wanted = Wanted::AtLeast(0.4);
            let name = "bare SQL, one transaction per step";
            rows.push(Row::new(name, "ops/s", self.steps));
        }
        rows
    }
}

impl std::fmt::Display for Throughput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = |samples: &[f64]| samples.last().copied().unwrap_or(0.0);
        let (left, waited, bare) = (last(&self.left), last(&self.waited), last(&self.bare));
        let (share, per_commit, cpu) =
            (last(&self.shares), last(&self.per_commit), last(&self.cpu));
        write!(
            f,
            "engine {left:.0}/s, waiting {waited:.0}/s, bare SQL {bare:.0}/s, share {share:.2}, \
             {per_commit:.0} per commit, {cpu:.0} us of processor each"
        )
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

//! Other engines and the runtime at the same work, in turns, on one PostgreSQL server that makes commits
//! durable; and the limit: bare SQL.
//!
//! `cargo xtask bench peers` builds and runs this, and prints what it writes to `--rows FILE`.

#[path = "../runtime/domain.rs"]
mod domain;
#[path = "../runtime/engine.rs"]
#[expect(dead_code, reason = "the bench of the runtime uses all of it")]
mod engine;
#[path = "../runtime/latency.rs"]
#[expect(dead_code, reason = "as above")]
mod latency;
mod own;
#[path = "../runtime/place.rs"]
mod place;
#[path = "../runtime/raw.rs"]
mod raw;
#[path = "../runtime/raw_postgres.rs"]
mod raw_postgres;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use orch_runtime::testing::postgres::PostgresServer;
use xtask::bench::machine::Machine;
use xtask::bench::peers::{OPERATIONS, Peers, SERVER_SETTINGS};
use xtask::bench::row::Row;
use xtask::workspace::Workspace;

use self::place::Place;

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
    // The server's files are there, and no figure would count if that were memory.
    let machine = Machine::look(&std::env::temp_dir())?;
    say(&format!("PostgreSQL on {machine}"))?;
    let mut peers = Peers::prepare(&OPERATIONS, &Workspace::find()?, &folder)?;
    let server = PostgresServer::start_durable(SERVER_SETTINGS)?;
    let places = [
        Place::File(folder.join("own.db")),
        Place::Server(server.url()),
    ];
    for round in 1..=rounds {
        say(&format!("round {round}"))?;
        for load in OPERATIONS.loads {
            for place in &places {
                for (name, figures) in own::measure(place, load).await? {
                    peers.record(load, &name, figures, &mut say)?;
                }
            }
            tokio::task::block_in_place(|| peers.measure(load, &server.url(), &mut say))?;
        }
    }
    let rows: Vec<_> = peers.rows().iter().map(Row::to_json).collect();
    let file = value("--rows").context("--rows FILE is missing")?;
    fs::write(file, serde_json::to_vec(&rows)?)?;
    Ok(())
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

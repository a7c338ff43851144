//! Other engines at the same work, on a PostgreSQL server of their own that makes commits durable.
//!
//! `cargo xtask bench peers` builds and runs this, and prints what it writes to `--rows FILE`.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use orch_runtime::testing::postgres::PostgresServer;
use xtask::bench::machine::Machine;
use xtask::bench::peers::{Peers, SERVER_SETTINGS};
use xtask::bench::row::Row;
use xtask::workspace::Workspace;

fn main() -> Result<()> {
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
    let mut peers = Peers::prepare(&Workspace::find()?, &folder)?;
    let server = PostgresServer::start_durable(SERVER_SETTINGS)?;
    for round in 1..=rounds {
        say(&format!("round {round}"))?;
        peers.round(&server.url(), &mut say)?;
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

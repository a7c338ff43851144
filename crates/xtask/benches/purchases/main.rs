//! The purchase example under load, over HTTP: as many buyers at once as a shop has on a good day.
//!
//! `cargo xtask bench purchases` builds the example and this, and prints what it writes to `--rows FILE`.

mod client;
mod load;
mod shop;

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use orch_runtime::saga::SagaPattern;
use orch_runtime::testing::postgres::PostgresServer;
use xtask::bench::row::Row;

use self::shop::{Place, Shop};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|word| word == "--bench") {
        return Ok(());
    }
    let path = |name: &str| {
        let at = arguments.iter().position(|word| word == name)?;
        arguments.get(at + 1).map(PathBuf::from)
    };
    let folder = path("--folder").context("--folder DIR is missing")?;
    let on_a_file = path("--sqlite").context("--sqlite PROGRAM is missing")?;
    let on_a_server = path("--postgres").context("--postgres PROGRAM is missing")?;
    let server = PostgresServer::start_durable("")?;
    let places = [
        (on_a_file, Place::File(folder.join("purchases.db"))),
        (on_a_server, Place::Server(server.url())),
    ];
    let mut rows: Vec<Row> = Vec::new();
    for (program, place) in places {
        for pattern in SagaPattern::ALL {
            let shop = Shop::open(&program, place.clone(), pattern).await?;
            for row in load::measure(&shop).await? {
                let figure = format!("{}: {:.1} {}", row.name, row.median(), row.unit);
                writeln!(std::io::stdout(), "{figure}")?;
                rows.push(row);
            }
        }
    }
    let rows: Vec<_> = rows.iter().map(Row::to_json).collect();
    let file = path("--rows").context("--rows FILE is missing")?;
    fs::write(file, serde_json::to_vec(&rows)?)?;
    Ok(())
}

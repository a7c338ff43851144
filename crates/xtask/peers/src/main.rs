//! One measurement of one other engine, as one line of JSON: see README.md for what is measured and
//! how each engine is set.

mod apalis_postgres;
mod apalis_sqlite;
mod arguments;
mod database;
mod duroxide;
mod files;
mod ledger;
mod looks;
mod measure;
mod restate;
mod steno;
mod underway;

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use self::arguments::Arguments;
use self::measure::{Figures, take};

/// Longest that one measurement may take.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    // A thread of its own: an engine that spins leaves no room for a timer of the runtime.
    std::thread::spawn(|| {
        std::thread::sleep(LIMIT);
        eprintln!("not done after {LIMIT:?}");
        std::process::exit(1);
    });
    let figures = run(&arguments).await?;
    println!("{}", line(&arguments, &figures));
    Ok(())
}

async fn run(arguments: &Arguments) -> Result<Figures> {
    match &*arguments.peer {
        "apalis-sqlite" => {
            let peer = apalis_sqlite::ApalisSqlite::open(arguments.folder()?).await?;
            take(&peer, arguments, None).await
        }
        "apalis-postgres" => {
            let database = database::Database::create(arguments.database()?).await?;
            let peer = apalis_postgres::ApalisPostgres::open(&database.url).await?;
            let figures = take(&peer, arguments, Some(&database)).await;
            peer.close().await;
            database.remove().await.and(figures)
        }
        "underway" => {
            let database = database::Database::create(arguments.database()?).await?;
            let peer = underway::Underway::open(&database.url).await?;
            let figures = take(&peer, arguments, Some(&database)).await;
            peer.close().await;
            database.remove().await.and(figures)
        }
        "restate" => {
            let program = arguments.restate_server()?;
            let peer =
                restate::Restate::open(arguments.folder()?, program, arguments.measure.work());
            take(&peer.await?, arguments, None).await
        }
        "steno" => {
            let peer = steno::Steno::durable(arguments.folder()?).await?;
            take(&peer, arguments, None).await
        }
        "steno-not-durable" => {
            let peer = steno::Steno::not_durable();
            take(&peer, arguments, None).await
        }
        "duroxide" => {
            let peer = duroxide::Duroxide::open(arguments.folder()?).await?;
            take(&peer, arguments, None).await
        }
        unknown => bail!("no peer is called {unknown}"),
    }
}

fn line(arguments: &Arguments, figures: &Figures) -> Value {
    json!({
        "peer": arguments.peer,
        "measure": arguments.measure.to_string(),
        "operations": arguments.operations,
        "value": figures.value,
        "p50": figures.percentiles.map(|found| found[0]),
        "p95": figures.percentiles.map(|found| found[1]),
        "p99": figures.percentiles.map(|found| found[2]),
        "walBytes": figures.wal_bytes,
    })
}

//! Operations per second, engine and bare SQL in turns.

use anyhow::Result;
use orch_runtime::protection::ProtectionPolicy;
use xtask::bench::row::{Row, Wanted};

use super::engine::Client;
use super::place::Place;
use super::{cpu, engine, raw, raw_postgres, say};

/// The samples of one number of clients.
#[derive(Default)]
struct Rates {
    left: Vec<f64>,
    waited: Vec<f64>,
    unprotected: Vec<f64>,
    bare: Vec<f64>,
    shares: Vec<f64>,
    costs: Vec<f64>,
    per_commit: Vec<f64>,
    cpu: Vec<f64>,
    wal: Vec<f64>,
}

/// `rounds` turns of everything with `clients` in flight.
pub(crate) async fn measure(place: &Place, clients: usize, rounds: usize) -> Result<Vec<Row>> {
    let operations = match clients {
        256 => 40_000,
        64 => 20_000,
        _ => 1_000,
    };
    let mut found = Rates::default();
    for round in 1..=rounds {
        found.round(place, clients, operations).await?;
        let last = |samples: &[f64]| samples.last().copied().unwrap_or(0.0);
        say(&format!(
            "{}, {clients} in flight, round {round}: engine {:.0}/s, waiting {:.0}/s, bare SQL \
             {:.0}/s, share {:.2}, {:.0} per commit, {:.0} us of processor each",
            place.name(),
            last(&found.left),
            last(&found.waited),
            last(&found.bare),
            last(&found.shares),
            last(&found.per_commit),
            last(&found.cpu),
        ))?;
    }
    Ok(found.rows(place, clients))
}

impl Rates {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    async fn round(&mut self, place: &Place, clients: usize, operations: u64) -> Result<()> {
        let protected = ProtectionPolicy::default();
        let busy = cpu::seconds()?;
        let run = engine::load(
            place,
            protected.clone(),
            clients,
            operations,
            Client::Leaves,
        );
        let run = run.await?;
        let busy = cpu::seconds()? - busy;
        let wait = engine::load(place, protected, clients, operations, Client::Waits).await?;
        let off = ProtectionPolicy::off();
        let free = engine::load(place, off, clients, operations, Client::Leaves).await?;
        let bare = bare(place, clients as u64, operations).await?;
        self.cpu.push(busy * 1e6 / operations as f64);
        self.left.push(run.per_second);
        self.waited.push(wait.per_second);
        self.unprotected.push(free.per_second);
        self.costs.push(1.0 - run.per_second / free.per_second);
        self.shares.push(run.per_second / bare);
        self.per_commit.push(run.per_commit);
        self.wal.push(run.wal);
        self.bare.push(bare);
        Ok(())
    }

    fn rows(self, place: &Place, clients: usize) -> Vec<Row> {
        let at = |what: &str| format!("{}: {what}, {clients} in flight", place.name());
        let mut rows = vec![
            Row::new(at("engine, clients leave at 202"), "ops/s", self.left),
            Row::new(at("engine, clients wait for the end"), "ops/s", self.waited),
            Row::new(at("engine without protection"), "ops/s", self.unprotected),
            Row::new(at("bare SQL, two shared commits"), "ops/s", self.bare),
            Row::new(at("engine / bare SQL"), "x", self.shares),
            Row::new(at("cost of the protection"), "x", self.costs),
            Row::new(at("operations per commit"), "ops", self.per_commit),
            Row::new(at("processor time per operation"), "us", self.cpu),
        ];
        if let Place::Server(_) = place {
            rows.push(Row::new(at("log of the server"), "B/op", self.wal));
        }
        if clients == 256 {
            rows[0].wanted = Wanted::AtLeast(match place {
                Place::File(_) => 30_000.0,
                Place::Server(_) => 10_000.0,
            });
            rows[4].wanted = Wanted::AtLeast(0.6);
            rows[5].wanted = Wanted::AtMost(0.05);
        }
        rows
    }
}

/// The limit: the same rows, written with nothing around them, in batches as large as what is in flight.
async fn bare(place: &Place, clients: u64, operations: u64) -> Result<f64> {
    place.clear().await?;
    match place {
        Place::File(path) => raw::load(path, operations, clients),
        Place::Server(url) => {
            let connections = clients.min(2);
            raw_postgres::load(url, 0..operations, clients / connections, connections).await
        }
    }
}

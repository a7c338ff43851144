//! Sagas of three steps, one after the other, which are completed or undone: beside plain operations of the same
//! engine, and beside other engines, in the same run.

mod own;

use std::path::Path;

use anyhow::{Context, Result, bail};
use orch_runtime::protection::ProtectionPolicy;
use xtask::bench::peers::{Load, Peers, SAGAS};
use xtask::bench::row::{Row, Wanted};
use xtask::workspace::Workspace;

use super::engine::{self, Client};
use super::ledger::Work;
use super::place::Place;
use super::say;

use self::own::Run;

/// Clients at the same time.
const CLIENTS: usize = 256;

/// Sagas of one round: some seconds of work.
fn sagas_of(place: &Place) -> usize {
    match place {
        Place::File(_) => 10_000,
        Place::Server(_) => 2_000,
    }
}

/// `rounds` turns of everything.
pub(crate) async fn measure(places: &[Place], folder: &Path, rounds: usize) -> Result<Vec<Row>> {
    let mut peers = Peers::prepare(&SAGAS, &Workspace::find()?, folder)?;
    let mut found: Vec<_> = places.iter().map(|_| Found::default()).collect();
    for round in 1..=rounds {
        say(&format!("round {round}"))?;
        for (place, found) in places.iter().zip(&mut found) {
            found.round(place).await?;
        }
        for load in SAGAS.loads {
            for place in places {
                let name = format!("orch-runtime, {}", place.name());
                let figures = vec![Some(under(place, load).await?)];
                peers.record(load, &name, figures, &mut say)?;
            }
            // None of them is on the server.
            tokio::task::block_in_place(|| peers.measure(load, "", &mut say))?;
        }
    }
    let mut rows = peers.rows();
    for (place, found) in places.iter().zip(found) {
        rows.extend(found.rows(place));
    }
    Ok(rows)
}

/// The runtime under a load of the others.
async fn under(place: &Place, load: &Load) -> Result<f64> {
    let (kind, clients) = load.name.split_once(':').context("a load has a number")?;
    let work = match kind {
        "sagas" => Work::Sagas,
        "sagas-undone" => Work::SagasUndone,
        _ => bail!("a load that the runtime does not know: {}", load.name),
    };
    let clients = clients.parse()?;
    let run = Run {
        work,
        clients,
        client: Client::Waits,
        sagas: match clients {
            1 => load.operations,
            _ => sagas_of(place),
        },
    };
    let figures = run.measure(place).await?;
    Ok(match clients {
        1 => figures.median_ms,
        _ => figures.per_second,
    })
}

/// What one place came to beside plain operations of its own.
#[derive(Default)]
struct Found {
    leaving: Beside,
    waiting: Beside,
    undone: Vec<f64>,
}

/// Sagas and plain operations under the same load.
#[derive(Default)]
struct Beside {
    sagas: Vec<f64>,
    operations: Vec<f64>,
    shares: Vec<f64>,
}

fn run(place: &Place, work: Work, client: Client) -> Run {
    Run {
        work,
        clients: CLIENTS,
        client,
        sagas: sagas_of(place),
    }
}

impl Found {
    async fn round(&mut self, place: &Place) -> Result<()> {
        self.leaving.round(place, Client::Leaves).await?;
        self.waiting.round(place, Client::Waits).await?;
        let undone = run(place, Work::SagasUndone, Client::Leaves);
        self.undone.push(undone.measure(place).await?.per_second);
        Ok(())
    }

    fn rows(self, place: &Place) -> Vec<Row> {
        let mut rows = self.leaving.rows(place, "clients leave at 202");
        let undone = format!("{}: sagas undone, clients leave at 202", place.name());
        rows.insert(1, Row::new(undone, "sagas/s", self.undone));
        rows.extend(self.waiting.rows(place, "clients wait"));
        rows
    }
}

impl Beside {
    async fn round(&mut self, place: &Place, client: Client) -> Result<()> {
        let sagas = run(place, Work::Sagas, client).measure(place).await?;
        let (policy, operations) = (ProtectionPolicy::default(), 3 * sagas_of(place) as u64);
        let plain = engine::load(place, policy, CLIENTS, operations, client).await?;
        let share = 3.0 * sagas.per_second / plain.per_second;
        say(&format!(
            "{}, {client:?}: {:.0} sagas/s of three operations, {:.0} plain operations/s, share {share:.2}",
            place.name(),
            sagas.per_second,
            plain.per_second
        ))?;
        self.sagas.push(sagas.per_second);
        self.operations.push(plain.per_second);
        self.shares.push(share);
        Ok(())
    }

    fn rows(self, place: &Place, clients: &str) -> Vec<Row> {
        let at = |what: &str| format!("{}: {what}, {clients}", place.name());
        let share = Row::new(at("operations of sagas / plain ones"), "x", self.shares);
        vec![
            Row::new(at("sagas"), "sagas/s", self.sagas),
            Row::new(at("plain operations"), "ops/s", self.operations),
            share.wanted(Wanted::AtLeast(0.5)),
        ]
    }
}

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

/// What one place came to with clients that leave when their saga is accepted.
#[derive(Default)]
struct Found {
    sagas: Vec<f64>,
    undone: Vec<f64>,
    operations: Vec<f64>,
    shares: Vec<f64>,
}

impl Found {
    async fn round(&mut self, place: &Place) -> Result<()> {
        let run = |work| Run {
            work,
            clients: CLIENTS,
            client: Client::Leaves,
            sagas: sagas_of(place),
        };
        let sagas = run(Work::Sagas).measure(place).await?.per_second;
        let undone = run(Work::SagasUndone).measure(place).await?.per_second;
        let (policy, operations) = (ProtectionPolicy::default(), 3 * sagas_of(place) as u64);
        let plain = engine::load(place, policy, CLIENTS, operations, Client::Leaves).await?;
        let share = 3.0 * sagas / plain.per_second;
        say(&format!(
            "{}: {sagas:.0} sagas/s of three operations, {undone:.0}/s undone, {:.0} plain \
             operations/s, share {share:.2}",
            place.name(),
            plain.per_second
        ))?;
        self.sagas.push(sagas);
        self.undone.push(undone);
        self.operations.push(plain.per_second);
        self.shares.push(share);
        Ok(())
    }

    fn rows(self, place: &Place) -> [Row; 4] {
        let at = |what: &str| format!("{}: {what}", place.name());
        [
            Row::new(at("sagas, clients leave at 202"), "sagas/s", self.sagas),
            Row::new(
                at("sagas undone, clients leave at 202"),
                "sagas/s",
                self.undone,
            ),
            Row::new(at("plain operations"), "ops/s", self.operations),
            Row::new(at("operations of sagas / plain ones"), "x", self.shares)
                .wanted(Wanted::AtLeast(0.5)),
        ]
    }
}

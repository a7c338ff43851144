//! What happens to a fleet.

use std::time::Duration;

use orch_runtime::testing::postgres::PostgresServer;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::load::Load;
use super::server;
use crate::provider::{Answer, Provider};
use crate::seeded::Seeded;
use crate::service::{Service, Site, poll};

/// Times at which the whole server is cut off.
pub(super) const RESTARTS: usize = 2;
/// How long somebody else holds every connection that the server has left.
const HOGGED: Duration = Duration::from_millis(1_500);

/// A provider with whom seven calls in ten go well. It knows no keys: a second call is a second effect.
pub(super) fn moody_provider(seed: u64) -> Provider {
    Provider::start(move |key, request| {
        let mixed = |hash: u64, byte: u8| hash.rotate_left(7) ^ u64::from(byte);
        let mut chance = Seeded::new(key.bytes().fold(seed, mixed) ^ u64::from(request));
        match chance.below(20) {
            _ if request > 2 => Answer::Done,
            0 => Answer::ActAndDrop,
            1 => Answer::Drop,
            2 => Answer::Busy,
            3 => Answer::DoneButBusy,
            4 => Answer::Late,
            5 => Answer::Twice,
            _ => Answer::Done,
        }
    })
}

/// Kills a worker about every second and starts another in its place; says how many.
pub(super) fn kill(site: &Site, load: &Load, workers: &mut [Service], seed: u64) -> usize {
    let (mut chance, mut kills) = (Seeded::new(seed), 0);
    while !load.is_over() {
        std::thread::sleep(Duration::from_millis(500 + chance.below(1_000)));
        let worker = chance.index(workers.len());
        load.moved(worker, None);
        workers[worker].kill();
        kills += 1;
        // Begun while the server is away, it ends, and is started again as a supervisor does it.
        workers[worker] = poll("a start", || site.try_start());
        load.moved(worker, Some(workers[worker].address));
    }
    kills
}

/// Cuts the server off in the middle of the load, and takes all its connections after each time.
pub(super) fn disturb(database: &PostgresServer, load: &Load) {
    for restart in 1..=RESTARTS {
        let share = load.requests * restart / (RESTARTS + 1);
        poll("progress of the clients", || {
            (load.answered() >= share).then_some(())
        });
        database.restart_immediately().unwrap();
        hog(&database.url());
    }
}

/// Opens connections until the server has none left, and keeps them for a while.
fn hog(url: &str) {
    server::block_on(async {
        let mut held = Vec::new();
        while let Ok(connection) = PgConnection::connect(url).await {
            held.push(connection);
        }
        assert!(!held.is_empty(), "somebody else had all connections");
        std::thread::sleep(HOGGED);
    });
}

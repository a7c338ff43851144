//! Three workers on one PostgreSQL: killed at random, while the server is cut off, started again and
//! robbed of its connections, and the provider loses, delays and repeats answers.
//!
//! `ORCH_FLEET_REQUESTS` and `ORCH_FLEET_RUNS` say how much, and how often.

mod faults;
mod load;
mod server;

use std::time::{Duration, Instant};

use orch_runtime::testing::postgres::PostgresServer;

use self::load::Load;
use self::server::{number, states, texts};
use crate::provider::Provider;
use crate::seeded::Seeded;
use crate::service::{Service, Site};
use crate::{project, turn};

const WORKERS: usize = 3;
const CLIENTS: usize = 24;
/// By when every operation has to be at its end. A breaker that opened costs 30 s, and then a minute.
const REST: Duration = Duration::from_secs(180);
/// Connections for three pools, and for nobody else.
const SERVER: &str = "max_connections = 60";

#[test]
fn a_fleet_under_kills_and_restarts_of_the_server_loses_and_repeats_nothing() {
    let _turn = turn();
    let seed = Seeded::seed();
    for run in 0..setting("ORCH_FLEET_RUNS", 1) {
        one_run(seed + run as u64, setting("ORCH_FLEET_REQUESTS", 1_500));
    }
}

fn setting(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn one_run(seed: u64, requests: usize) {
    let database = PostgresServer::start_durable(SERVER).unwrap();
    let url = database.url();
    let provider = faults::moody_provider(seed);
    let site = Site::new(project::fleet(), &provider)
        .set("DATABASE_URL", &url)
        .set("PAYMENT_GATEWAY_TIMEOUT", "400ms");
    let mut workers: Vec<Service> = (0..WORKERS).map(|_| site.start()).collect();
    let load = Load::new(requests, workers.iter().map(|worker| worker.address));
    let started = Instant::now();
    let kills = std::thread::scope(|scope| {
        let load = &load;
        let client = |client: usize| scope.spawn(move || load.client(seed ^ client as u64));
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        let disturber = scope.spawn(|| faults::disturb(&database, load));
        let killer = scope.spawn(|| faults::kill(&site, load, &mut workers, seed));
        let ends: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        load.end();
        disturber.join().unwrap();
        let kills = killer.join().unwrap();
        assert!(ends.iter().all(Result::is_ok), "a client gave up");
        kills
    });
    let answered = started.elapsed().as_secs_f64();
    rest(&url);
    let rested = started.elapsed().as_secs_f64();
    check(&url, &load, &provider);
    println!(
        "{requests} operations, {WORKERS} workers, {kills} kills, {} restarts of the server: answered \
         after {answered:.1} s, at rest after {rested:.1} s: {}",
        faults::RESTARTS,
        states(&url)
    );
}

/// Waits until every operation is at its end.
fn rest(url: &str) {
    let open = "select count(*) from payment_operations
        where state not in ('COMPLETED', 'FAILED', 'PARKED')";
    let until = Instant::now() + REST;
    while number(url, open) > 0 {
        assert!(Instant::now() < until, "no rest: {}", states(url));
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn check(url: &str, load: &Load, provider: &Provider) {
    let op_ids = load.op_ids();
    let known = texts(url, "select op_id from payment_operations");
    assert_eq!((op_ids.len(), known.len()), (load.requests, load.requests));
    for op_id in op_ids.values() {
        assert!(known.contains(op_id), "{op_id} was acknowledged, and lost");
    }
    let counts = provider.counts();
    for (key, count) in &counts {
        assert!(count.effects <= 1, "{key}: {count:?}");
    }
    let completed = "select op_id from payment_operations where state = 'COMPLETED'";
    for op_id in texts(url, completed) {
        let effects = counts.get(&op_id).map(|count| count.effects);
        assert_eq!(effects, Some(1), "{op_id}");
    }
    let mut hooked = texts(url, "select op_id from ends order by op_id");
    let rows = hooked.len();
    hooked.dedup();
    assert_eq!(hooked.len(), rows, "a hook's row was written twice");
    let ended = "select count(*) from payment_operations where state in ('COMPLETED', 'FAILED')";
    assert_eq!(number(url, ended), rows, "each end has its hook's row");
}

//! Three workers on one PostgreSQL: killed at random, while the server is cut off and started again, and
//! the provider loses, delays and repeats answers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use orch_runtime::testing::postgres::PostgresServer;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::http;
use crate::provider::{Answer, Provider};
use crate::seeded::Seeded;
use crate::service::{Service, Site, poll};
use crate::{project, turn};

const WORKERS: usize = 3;
const CLIENTS: usize = 24;
/// By when every operation has to be at its end.
const REST: Duration = Duration::from_secs(180);
/// Times at which the whole server is cut off.
const RESTARTS: u64 = 2;

/// `ORCH_FLEET_REQUESTS`, `ORCH_FLEET_RUNS`: how much, and how often.
fn setting(name: &str, usual: usize) -> usize {
    let given = std::env::var(name).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The clients' side: what is still to be sent, what was answered, and where workers listen.
struct Load {
    requests: usize,
    next: AtomicUsize,
    answered: AtomicUsize,
    op_ids: Mutex<HashMap<String, String>>,
    workers: Mutex<[Option<SocketAddr>; WORKERS]>,
    is_over: AtomicBool,
}

impl Load {
    fn new(requests: usize) -> Self {
        Self {
            requests,
            next: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            op_ids: Mutex::default(),
            workers: Mutex::default(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Sends one request after the other, each until some worker has taken it.
    fn client(&self, seed: u64) {
        let mut chance = Seeded::new(seed);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.requests {
                return;
            }
            let (key, body) = (
                format!("key-{number}"),
                http::payment(&format!("order-{number}")),
            );
            let op_id = poll("an answer", || self.ask(&mut chance, &key, &body));
            self.op_ids.lock().unwrap().insert(key, op_id);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn ask(&self, chance: &mut Seeded, key: &str, body: &str) -> Option<String> {
        let worker = usize::try_from(chance.below(WORKERS as u64)).unwrap();
        let to = self.workers.lock().unwrap()[worker]?;
        let answer = http::post(to, key, body).ok()?;
        let taken = answer.status() == 202;
        assert!(taken || answer.status() >= 500, "{answer:?}");
        taken
            .then(|| answer.text("opId"))
            .filter(|op_id| !op_id.is_empty())
    }
}

/// Seven calls in ten go well. Some answers come when nobody waits for them any more.
fn moody(seed: u64) -> Provider {
    Provider::start(move |key, request| {
        let mixed = |hash: u64, byte: u8| hash.rotate_left(7) ^ u64::from(byte);
        let mut chance = Seeded::new(key.bytes().fold(seed, mixed) ^ u64::from(request));
        std::thread::sleep(Duration::from_millis(chance.below(20)));
        match chance.below(20) {
            _ if request > 2 => Answer::Done,
            0 => Answer::ActAndDrop,
            1 => Answer::Drop,
            2 => Answer::Busy,
            3 => Answer::DoneButBusy,
            4 if request == 1 => {
                std::thread::sleep(Duration::from_millis(700));
                Answer::Done
            }
            _ => Answer::Done,
        }
    })
}

#[test]
fn a_fleet_under_kills_and_restarts_of_the_server_loses_and_repeats_nothing() {
    let _turn = turn();
    let seed = Seeded::seed();
    for run in 0..setting("ORCH_FLEET_RUNS", 1) {
        one_run(seed + run as u64, setting("ORCH_FLEET_REQUESTS", 2_000));
    }
}

fn one_run(seed: u64, requests: usize) {
    let server = PostgresServer::start_durable("").unwrap();
    let provider = moody(seed);
    let site = Site::new(project::fleet(), &provider)
        .set("DATABASE_URL", &server.url())
        .set("PAYMENT_GATEWAY_TIMEOUT", "400ms");
    let (load, started) = (Load::new(requests), Instant::now());
    let mut workers: Vec<Service> = (0..WORKERS).map(|_| site.start()).collect();
    for (worker, service) in workers.iter().enumerate() {
        load.workers.lock().unwrap()[worker] = Some(service.address);
    }
    let kills = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let load = &load;
                    move || load.client(seed ^ client as u64)
                })
            })
            .collect();
        let restarts = scope.spawn(|| restart_often(&server, &load));
        let killer = scope.spawn(|| kill_often(&site, &load, &mut workers, seed));
        for client in clients {
            client.join().unwrap();
        }
        load.is_over.store(true, Ordering::Relaxed);
        restarts.join().unwrap();
        killer.join().unwrap()
    });
    let answered = started.elapsed();
    let url = server.url();
    let open = "select count(*) from payment_operations
        where state not in ('COMPLETED', 'FAILED', 'PARKED')";
    // The retry budget spreads the repetitions of all operations over time.
    let until = Instant::now() + REST;
    while number(&url, open) > 0 {
        let states = "select state || ' ' || count(*) from payment_operations group by state";
        assert!(Instant::now() < until, "no rest: {:?}", texts(&url, states));
        std::thread::sleep(Duration::from_millis(500));
    }
    check(&url, &load, &provider);
    println!(
        "{requests} operations, {WORKERS} workers, {kills} kills, {RESTARTS} restarts of the server: \
         answered after {:.1} s, at rest after {:.1} s: {}",
        answered.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        texts(
            &url,
            "select state || ' ' || count(*) from payment_operations group by state"
        )
        .join(", ")
    );
}

/// Kills a worker about every second and starts another in its place; says how many.
fn kill_often(site: &Site, load: &Load, workers: &mut [Service], seed: u64) -> usize {
    let (mut chance, mut kills) = (Seeded::new(seed), 0);
    while !load.is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(500 + chance.below(1_000)));
        let worker = usize::try_from(chance.below(WORKERS as u64)).unwrap();
        load.workers.lock().unwrap()[worker] = None;
        workers[worker].kill();
        kills += 1;
        workers[worker] = revived(site);
        load.workers.lock().unwrap()[worker] = Some(workers[worker].address);
    }
    kills
}

/// A process that begins while the server is away ends, and is started again, as a supervisor does it.
fn revived(site: &Site) -> Service {
    poll("a start", || site.try_start())
}

fn restart_often(server: &PostgresServer, load: &Load) {
    for restart in 1..=RESTARTS {
        let share = load.requests as u64 * restart / (RESTARTS + 1);
        poll("progress of the clients", || {
            (load.answered.load(Ordering::Relaxed) as u64 >= share).then_some(())
        });
        server.restart_immediately().unwrap();
    }
}

fn check(url: &str, load: &Load, provider: &Provider) {
    let op_ids = load.op_ids.lock().unwrap();
    let known = texts(url, "select op_id from payment_operations");
    assert_eq!((op_ids.len(), known.len()), (load.requests, load.requests));
    for op_id in op_ids.values() {
        assert!(
            known.contains(op_id),
            "{op_id} was acknowledged and is gone"
        );
    }
    let counts = provider.counts();
    for (key, count) in &counts {
        assert!(count.effects <= 1, "{key}: {count:?}");
    }
    for op_id in texts(
        url,
        "select op_id from payment_operations where state = 'COMPLETED'",
    ) {
        assert_eq!(
            counts.get(&op_id).map(|count| count.effects),
            Some(1),
            "{op_id}"
        );
    }
    let mut ends = texts(url, "select op_id from ends order by op_id");
    let rows = ends.len();
    ends.dedup();
    assert_eq!(ends.len(), rows, "a hook's row was written twice");
    let ended = "select count(*) from payment_operations where state in ('COMPLETED', 'FAILED')";
    assert_eq!(
        number(url, ended),
        i64::try_from(rows).unwrap(),
        "the hook's rows"
    );
}

/// Asks the server, until it answers.
fn ask<T, F>(url: &str, question: F) -> T
where
    F: AsyncFn(&mut PgConnection) -> Result<T, sqlx::Error>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    poll("an answer of the server", || {
        runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await.ok()?;
            question(&mut connection).await.ok()
        })
    })
}

fn texts(url: &str, sql: &'static str) -> Vec<String> {
    ask(url, async |connection| {
        sqlx::query_scalar(sql).fetch_all(connection).await
    })
}

fn number(url: &str, sql: &'static str) -> i64 {
    ask(url, async |connection| {
        sqlx::query_scalar(sql).fetch_one(connection).await
    })
}

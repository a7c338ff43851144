//! SIGKILL at random moments under load, again and again.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http;
use crate::provider::{Answer, Provider};
use crate::seeded::Seeded;
use crate::service::{Service, Site, poll};
use crate::{database, project, turn};

const ROUNDS: usize = 5;
/// Requests, each under a key of its own.
const REQUESTS: usize = 300;
/// Clients that send them, one after the other.
const CLIENTS: usize = 8;

/// The clients' side: what is still to be sent, and what was answered.
#[derive(Default)]
struct Load {
    next: AtomicUsize,
    answered: AtomicUsize,
    op_ids: Mutex<HashMap<String, String>>,
    /// Where the service listens at the moment.
    address: Mutex<Option<SocketAddr>>,
}

impl Load {
    /// Sends one request after the other, each until it is answered.
    fn client(&self) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= REQUESTS {
                return;
            }
            let (key, body) = (key(number), http::payment(&format!("order-{number}")));
            let op_id = poll("an answer", || self.ask(&key, &body));
            self.op_ids.lock().unwrap().insert(key, op_id);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks once, and waits for the end of the operation; `None` when there was no answer.
    fn ask(&self, key: &str, body: &str) -> Option<String> {
        let to = (*self.address.lock().unwrap())?;
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
            ("prefer", "wait=2"),
        ];
        let line = format!("POST {}", http::PAYMENTS);
        let answer = http::send(to, &line, &headers, body).ok()?;
        let taken = matches!(answer.status(), 200 | 202);
        assert!(taken || answer.status() >= 500, "{answer:?}");
        taken
            .then(|| answer.text("opId"))
            .filter(|op_id| !op_id.is_empty())
    }

    /// Waits until `count` requests are answered.
    fn reach(&self, count: usize) {
        poll("progress of the clients", || {
            (self.answered.load(Ordering::Relaxed) >= count).then_some(())
        });
    }
}

fn key(number: usize) -> String {
    format!("key-{number}")
}

/// Seven calls in ten go well; the others are lost, busy, or done without an answer.
fn moody(seed: u64) -> Provider {
    Provider::start(move |key, request| {
        let key = key
            .bytes()
            .fold(seed, |hash, byte| hash.rotate_left(7) ^ u64::from(byte));
        std::thread::sleep(Duration::from_millis(Seeded::new(key).below(30)));
        match Seeded::new(key ^ u64::from(request)).below(10) {
            _ if request > 1 => Answer::Done,
            0 => Answer::ActAndDrop,
            1 => Answer::Drop,
            2 => Answer::Busy,
            _ => Answer::Done,
        }
    })
}

#[test]
fn kills_at_random_moments_lose_nothing_and_repeat_nothing() {
    let _turn = turn();
    let seed = Seeded::seed();
    let provider = moody(seed);
    let site = Site::new(project::hooked(), &provider);
    let (load, started) = (Load::default(), Instant::now());
    let service = std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| load.client());
        }
        let service = kill_often(&site, &load, &mut Seeded::new(seed));
        load.reach(REQUESTS);
        service
    });
    let answered = started.elapsed();
    come_to_rest(&site);
    let rested = started.elapsed();
    check(&site, &load, &provider);
    repeat_all(&load, &service);
    println!(
        "{ROUNDS} kills during {REQUESTS} requests of {CLIENTS} clients: all answered after \
         {:.1} s, all at rest after {:.1} s: {}",
        answered.as_secs_f64(),
        rested.as_secs_f64(),
        database::states(&site.database())
    );
}

/// Kills one process per round, within its share of the load; the last one stays.
fn kill_often(site: &Site, load: &Load, chance: &mut Seeded) -> Service {
    for round in 0..ROUNDS {
        let mut service = site.start();
        *load.address.lock().unwrap() = Some(service.address);
        let share = REQUESTS / (ROUNDS + 1);
        let within = usize::try_from(chance.below(share as u64 - 10)).unwrap();
        load.reach(round * share + within);
        std::thread::sleep(Duration::from_micros(chance.below(20_000)));
        service.kill();
        let answered = load.answered.load(Ordering::Relaxed);
        assert!(answered < REQUESTS, "round {round} killed an idle process");
        let interrupted = database::states(&site.database());
        println!("round {round}: killed after {answered} answers, leaving {interrupted}");
    }
    let service = site.start();
    *load.address.lock().unwrap() = Some(service.address);
    service
}

fn come_to_rest(site: &Site) {
    let open = "select count(*) from payment_operations
        where state not in ('COMPLETED', 'FAILED', 'PARKED')";
    poll("rest", || {
        (database::number(&site.database(), open) == 0).then_some(())
    });
}

fn check(site: &Site, load: &Load, provider: &Provider) {
    let file = site.database();
    let op_ids = load.op_ids.lock().unwrap();
    let known = database::texts(&file, "select op_id from payment_operations");
    assert_eq!((op_ids.len(), known.len()), (REQUESTS, REQUESTS));
    assert!(op_ids.values().all(|op_id| known.contains(op_id)));
    let completed = "select op_id from payment_operations where state = 'COMPLETED'";
    let completed = database::texts(&file, completed);
    assert_eq!(completed.len(), REQUESTS, "{}", database::states(&file));
    for (key, count) in provider.counts() {
        assert_eq!(count.effects, 1, "{key}: {count:?}");
    }
    let mut ends = database::texts(&file, "select op_id from ends order by op_id");
    assert_eq!(ends.len(), REQUESTS, "the hook's rows");
    ends.dedup();
    assert_eq!(ends.len(), REQUESTS, "the hook's rows without repetition");
    let requests: u32 = provider.counts().values().map(|count| count.requests).sum();
    println!("{REQUESTS} operations: {REQUESTS} effects, {requests} calls, one hook row each");
}

/// The same request again, after everything: the same operation.
fn repeat_all(load: &Load, service: &Service) {
    for (key, op_id) in load.op_ids.lock().unwrap().iter() {
        let order = key.replace("key", "order");
        let again = http::post(service.address, key, &http::payment(&order)).unwrap();
        assert_eq!(again.text("opId"), *op_id);
    }
}

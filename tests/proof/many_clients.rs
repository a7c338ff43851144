//! Many clients at the same time, against one real process.

use std::net::SocketAddr;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use crate::http::{self, Message};
use crate::provider::{Answer, Provider};
use crate::service::Site;
use crate::{database, project, turn};

/// Clients under one key.
const CLIENTS: usize = 1_000;
/// A client needs little room.
const STACK: usize = 128 * 1024;
/// The window of the limit in seconds, and the slot by which it is counted.
const WINDOW: u64 = 60 + 2;
/// How often two bodies race for one key.
const RACES: usize = 20;

/// Sends all requests at the same moment; the answers, in the order of the requests.
fn at_once(to: SocketAddr, requests: Vec<(String, String)>) -> Vec<Message> {
    let barrier = Arc::new(Barrier::new(requests.len()));
    let clients: Vec<_> = requests
        .into_iter()
        .map(|(key, body)| {
            let barrier = Arc::clone(&barrier);
            let client = std::thread::Builder::new().stack_size(STACK);
            let run = move || {
                barrier.wait();
                http::post(to, &key, &body).unwrap()
            };
            client.spawn(run).unwrap()
        })
        .collect();
    clients.into_iter().map(|one| one.join().unwrap()).collect()
}

fn done() -> Provider {
    Provider::start(|_, _| Answer::Done)
}

#[test]
fn a_thousand_clients_of_one_key_are_one_operation_and_one_call() {
    let _turn = turn();
    let provider = done();
    let site = Site::new(project::plain(), &provider);
    let service = site.start();
    let request = ("key-1".to_owned(), http::payment("order-1"));
    let started = Instant::now();
    let answers = at_once(service.address, vec![request; CLIENTS]);
    let took = started.elapsed();
    let first = answers[0].text("opId");
    let equal = |answer: &&Message| answer.status() == 202 && answer.text("opId") == first;
    assert_eq!(answers.iter().filter(equal).count(), CLIENTS);
    let replayed = |answer: &&Message| answer.header("idempotent-replayed") == Some("true");
    assert_eq!(answers.iter().filter(replayed).count(), CLIENTS - 1);
    assert_eq!(service.rest(&first), "COMPLETED");
    let count = provider.count(&first);
    assert_eq!((provider.counts().len(), count.requests), (1, 1));
    assert_eq!(rows(&site), 1);
    println!(
        "{CLIENTS} clients, one key: {CLIENTS} equal answers in {:.0} ms, 1 operation, 1 call",
        took.as_secs_f64() * 1_000.0
    );
}

/// The limit of five a minute for one key, as it is when nothing is configured.
#[test]
fn a_flood_of_one_key_gets_429_and_changes_nothing() {
    let _turn = turn();
    let provider = done();
    let site = Site::new(project::plain(), &provider)
        .unset("ORCH_RATE_LIMIT_PER_KEY")
        .unset("ORCH_RATE_LIMIT_PER_CLIENT");
    let service = site.start();
    let request = ("key-1".to_owned(), http::payment("order-1"));
    let answers = at_once(service.address, vec![request; 50]);
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() == 202);
    assert_eq!(taken.len(), 5);
    for answer in refused {
        assert_eq!(answer.status(), 429);
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=WINDOW).contains(&wait), "{wait}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    let op_id = taken[0].text("opId");
    assert_eq!(service.rest(&op_id), "COMPLETED");
    assert_eq!((rows(&site), provider.count(&op_id).requests), (1, 1));
    let other = http::post(service.address, "key-2", &http::payment("order-2"));
    assert_eq!(other.unwrap().status(), 202, "other keys are not affected");
    println!("flood of 50 under one key: 5 accepted, 45 x 429, 1 operation, 1 call");
}

#[test]
fn two_bodies_racing_for_one_key_are_one_202_and_one_422() {
    let _turn = turn();
    let provider = done();
    let site = Site::new(project::plain(), &provider);
    let service = site.start();
    let mut first_won = 0;
    for race in 0..RACES {
        let key = format!("key-{race}");
        let bodies = [http::payment("order-1"), http::payment("order-2")];
        let requests = bodies.map(|body| (key.clone(), body)).to_vec();
        let answers = at_once(service.address, requests);
        let mut statuses: Vec<u16> = answers.iter().map(Message::status).collect();
        first_won += usize::from(statuses[0] == 202);
        statuses.sort_unstable();
        assert_eq!(statuses, [202, 422], "race {race}");
        let won = answers.iter().find(|answer| answer.status() == 202);
        assert_eq!(service.rest(&won.unwrap().text("opId")), "COMPLETED");
    }
    assert_eq!(rows(&site), i64::try_from(RACES).unwrap());
    let counts = provider.counts();
    assert_eq!(counts.len(), RACES);
    assert!(counts.values().all(|count| count.requests == 1));
    println!("{RACES} races of two bodies: one 202 and one 422 each; first body won {first_won}");
}

/// A stop in the middle of a thousand distinct requests: whoever has a 202 has an operation.
#[test]
fn everybody_who_was_answered_during_a_stop_has_an_operation() {
    let _turn = turn();
    let provider = done();
    let site = Site::new(project::plain(), &provider);
    let mut service = site.start();
    let (to, flood) = (service.address, 400);
    let clients: Vec<_> = (0..flood)
        .map(|client| {
            let ask = move || {
                let body = http::payment(&format!("order-{client}"));
                http::post(to, &format!("key-{client}"), &body).ok()
            };
            std::thread::Builder::new()
                .stack_size(STACK)
                .spawn(ask)
                .unwrap()
        })
        .collect();
    let accepted = |line: &str| line.contains("ACCEPTED");
    assert!(
        service
            .out
            .wait_for(Duration::from_secs(30), accepted)
            .is_some()
    );
    service.terminate();
    let answers: Vec<_> = clients
        .into_iter()
        .filter_map(|one| one.join().unwrap())
        .collect();
    assert!(service.ended().success());
    let taken: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status() == 202)
        .collect();
    let known = database::texts(&site.database(), "select op_id from payment_operations");
    assert!(
        taken
            .iter()
            .all(|answer| known.contains(&answer.text("opId")))
    );
    assert!(taken.len() <= known.len());
    println!(
        "stopped during {flood} requests: {} answered 202, {} recorded, {}",
        taken.len(),
        known.len(),
        database::states(&site.database())
    );
}

fn rows(site: &Site) -> i64 {
    database::number(&site.database(), "select count(*) from payment_operations")
}

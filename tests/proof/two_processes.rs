//! Two processes on one file: a rolling restart, or a worker that everybody takes for dead.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::http;
use crate::provider::{Answer, Provider};
use crate::service::{Service, Site, poll};
use crate::{database, project, turn};

/// Requests, each sent to both processes.
const REQUESTS: usize = 100;

#[test]
fn two_processes_on_one_file_make_one_call_for_each_key() {
    let _turn = turn();
    let provider = Provider::start(|_, _| Answer::Done);
    let site = Site::new(project::hooked(), &provider);
    let (one, other) = (site.start(), site.start());
    let started = Instant::now();
    let ask = |to: &Service, number: usize| {
        let body = http::payment(&format!("order-{number}"));
        let answer = http::post(to.address, &format!("key-{number}"), &body).unwrap();
        assert_eq!(answer.status(), 202, "{answer:?}");
        answer.text("opId")
    };
    let mut op_ids = Vec::new();
    for number in 0..REQUESTS {
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| ask(&other, number));
            (ask(&one, number), second.join().unwrap())
        });
        assert_eq!(first, second);
        op_ids.push(first);
    }
    for op_id in &op_ids {
        assert_eq!(other.rest(op_id), "COMPLETED");
        assert_eq!(provider.count(op_id).requests, 1);
    }
    let number = |sql| database::number(&site.database(), sql);
    let rows = i64::try_from(REQUESTS).unwrap();
    assert_eq!(number("select count(*) from payment_operations"), rows);
    assert_eq!(number("select count(*) from ends"), rows);
    let took = started.elapsed().as_secs_f64();
    println!("{REQUESTS} keys to two processes at once: {REQUESTS} calls, {took:.1} s");
}

/// The worker is paused in the middle of its call, longer than its lease; another one finds out what
/// happened and ends the operation; then the first wakes up with the answer in its hands.
#[test]
fn a_worker_that_was_paused_past_its_lease_changes_nothing_when_it_wakes_up() {
    let _turn = turn();
    let provider = Provider::start(|_, _| Answer::Hold);
    let site = Site::new(project::hooked(), &provider);
    let paused = site.start();
    let asked = http::post(paused.address, "key-1", &http::payment("order-1")).unwrap();
    let op_id = asked.text("opId");
    provider.wait_for_a_call();
    pause(&paused, &site);
    let other = site.start();
    assert_eq!(other.rest(&op_id), "COMPLETED");
    let ended = other.operation(&op_id).body;
    provider.release();
    paused.signal("-CONT");
    let late = "select count(*) from payment_write_ahead_logs where state = 'LATE'";
    let number = |sql| database::number(&site.database(), sql);
    poll("the late answer", || (number(late) == 1).then_some(()));
    assert_eq!(other.operation(&op_id).body, ended);
    assert_eq!(number("select count(*) from ends"), 1);
    let count = provider.count(&op_id);
    assert_eq!((count.requests, count.effects), (1, 1));
    println!(
        "paused past its lease: COMPLETED by the other, the late answer kept, 1 call, 1 hook row"
    );
}

/// Stops the process, but not while it holds the write lock of the file: nobody could write then.
fn pause(service: &Service, site: &Site) {
    poll("a pause between two commits", || {
        service.signal("-STOP");
        let file = Connection::open(site.database()).unwrap();
        file.busy_timeout(Duration::ZERO).unwrap();
        let free = file.execute_batch("begin immediate; rollback").is_ok();
        if !free {
            service.signal("-CONT");
        }
        free.then_some(())
    });
}

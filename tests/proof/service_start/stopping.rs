//! SIGTERM during a call: what runs is finished, what cannot be is taken up by the next process.

use std::time::Instant;

use crate::http;
use crate::provider::{Answer, Provider};
use crate::service::Site;
use crate::{database, project, turn};

fn hold_first() -> Provider {
    Provider::start(|_, request| match request {
        1 => Answer::Hold,
        _ => Answer::Done,
    })
}

/// The provider answers while the service stops: the answer is awaited and recorded.
#[test]
fn a_stop_during_a_slow_call_waits_for_its_answer() {
    let _turn = turn();
    let provider = hold_first();
    let site = Site::new(project::plain(), &provider).unset("ORCH_TEST_LEASE");
    let mut service = site.start();
    let answer = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    provider.wait_for_a_call();
    service.terminate();
    let stopping = |line: &str| line.contains(r#""stopping""#);
    assert!(
        service
            .out
            .wait_for(crate::service::PATIENCE, stopping)
            .is_some()
    );
    provider.release();
    assert_eq!(service.ended().code(), Some(0), "{}", service.err.all());
    assert_eq!(database::states(&site.database()), "COMPLETED 1");
    assert_eq!(provider.count(&answer.text("opId")).requests, 1);
    println!("SIGTERM during a call: drained, exit 0, COMPLETED, 1 call");
}

/// The provider never answers: the call is cut off, and the next process asks instead of calling again.
#[test]
fn a_stop_during_a_call_without_an_answer_is_taken_up_after_the_restart() {
    let _turn = turn();
    let provider = hold_first();
    let site = Site::new(project::plain(), &provider);
    let mut service = site.start();
    let answer = http::post(service.address, "key-1", &http::payment("order-1")).unwrap();
    let op_id = answer.text("opId");
    provider.wait_for_a_call();
    let asked = Instant::now();
    service.terminate();
    assert_eq!(service.ended().code(), Some(0), "{}", service.err.all());
    let took = asked.elapsed().as_secs_f64();
    let left = database::states(&site.database());
    let next = site.start();
    assert_eq!(next.rest(&op_id), "COMPLETED");
    let count = provider.count(&op_id);
    assert_eq!((count.requests, count.effects), (1, 1));
    println!("SIGTERM during a call without answer: exit 0 after {took:.1} s, {left}; COMPLETED");
}

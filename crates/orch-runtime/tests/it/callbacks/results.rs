//! Which result an operation has when several are reported.

use std::time::Duration;

use orch_runtime::metrics::Metrics;
use orch_runtime::operation::decision::Settlement;
use orch_runtime::store::callbacks::Received;
use orch_runtime::store::{Applied, Claim, Lease, Term};
use orch_runtime::testing::{Reply, World};
use orch_runtime::{Clock as _, Command as _, OpId, OperationState, Outcome, OwnerId, Timestamp};
use tracing::Instrument as _;

use super::{
    about, about_ref, applied, became, counted_world, declined, deliver, done, hooked_world,
    keyed_world, orders, sweep, unkeyed_world,
};
use crate::charge::{Charge, charge, scripted};
use crate::traces::{Spans, field, submit_traced};

async fn in_doubt(world: &World, reply: Reply) -> OpId {
    world.provider.script([reply]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    op
}

/// The provider says by itself what nobody had to ask it for.
#[tokio::test]
async fn a_callback_ends_an_operation_in_doubt_without_a_question() {
    for world in [keyed_world(), unkeyed_world()] {
        let op = in_doubt(&world, Reply::DoneButLost).await;
        let _ = deliver(&world, about(&op, "evt-1", done())).await;
        let view = world.view(&op).await;
        assert_eq!(view.state, OperationState::Completed);
        assert_eq!(view.outcome.unwrap().message, "charged, says the callback");
        assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
        let history = world.engine().history(&OwnerId::anonymous(), &op).await;
        let kinds = history.unwrap().unwrap().into_iter();
        let kinds: Vec<_> = kinds.map(|entry| entry.outcome.unwrap()).collect();
        assert_eq!(kinds, ["UNKNOWN", "OK"]);
        world.settle().await;
        assert_eq!(world.provider.probes(), 0);
        assert_eq!(world.provider.requests(&op), 1);
    }
}

#[tokio::test]
async fn a_callback_that_reports_a_refusal_fails_the_operation() {
    for world in [keyed_world(), unkeyed_world()] {
        let op = in_doubt(&world, Reply::LostBefore).await;
        let _ = deliver(&world, about(&op, "evt-1", declined())).await;
        let view = world.view(&op).await;
        assert_eq!(view.state, OperationState::Failed);
        assert_eq!(view.outcome.unwrap().code.as_deref(), Some("DECLINED"));
        world.settle().await;
        assert_eq!(world.provider.effects(&op), 0);
    }
}

/// The webhook is faster than the answer: what it is about is not known yet.
#[tokio::test]
async fn a_callback_that_comes_before_the_answer_is_stored_is_kept_and_confirms_it() {
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let reference = format!("ref-{op}");
    assert_eq!(
        deliver(&world, about_ref(&reference, "evt-1", done())).await,
        Received::New
    );
    assert_eq!(sweep(&world).await.waiting, 1);
    world.provider.release();
    world.quiet().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(sweep(&world).await.confirmed, 1);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CONFIRMED"));
    assert_eq!(applied(&world, &op, "OK").await, 1);
}

/// The callback comes while the call is under way, and the answer never comes.
#[tokio::test]
async fn a_callback_during_a_call_ends_the_operation_when_the_call_times_out() {
    for world in [keyed_world(), unkeyed_world()] {
        let world = scripted(world, [Reply::Hang]);
        let op = world.submit("k", &charge("order-1")).await.unwrap();
        let _ = deliver(&world, about(&op, "evt-1", done())).await;
        assert_eq!(world.state(&op).await, OperationState::InProgress);
        world.clock.advance(Duration::from_secs(11));
        world.engine().idle().await;
        assert_eq!(world.state(&op).await, OperationState::Completed);
        assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
        assert_eq!(world.provider.probes(), 0);
        assert_eq!(world.provider.effects(&op), 1);
    }
}

/// As above, and the worker is lost with its call.
#[tokio::test]
async fn a_callback_during_a_call_spares_the_question_when_the_worker_is_lost() {
    let mut world = scripted(unkeyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    world.restart();
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
    assert_eq!(world.provider.probes(), 0);
}

/// The call's own answer is at hand, so it decides.
#[tokio::test]
async fn the_answer_of_a_running_call_wins_over_a_callback() {
    let world = scripted(keyed_world(), [Reply::Hang]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about(&op, "evt-1", declined())).await;
    world.provider.release();
    world.quiet().await;
    assert_eq!(sweep(&world).await.conflicting, 1);
    assert_eq!(world.state(&op).await, OperationState::Completed);
}

/// Only a person could have said; now the provider did.
#[tokio::test]
async fn a_callback_ends_a_parked_operation() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let secret = "select count(*) as n from charge_operations where payload like '%4711%'";
    assert_eq!(world.count(secret, vec![]).await, 0);
}

/// The next attempt waits for its time; it would be a second call for nothing.
#[tokio::test]
async fn a_callback_ends_an_operation_that_waits_for_its_next_attempt() {
    let world = scripted(keyed_world(), [Reply::DoneButBusy]);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    assert_eq!(world.state(&op).await, OperationState::Pending);
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.requests(&op), 1);
}

/// The request that brings a callback is a trace of the provider's; the operation's own must not end
/// before its operation does.
#[tokio::test]
async fn a_callback_ends_its_operation_in_the_operations_trace() {
    let (spans, _collecting) = Spans::collect();
    let world = scripted(keyed_world(), [Reply::DoneButBusy]);
    let op = submit_traced(&world).await;
    let request = tracing::info_span!("request");
    let delivered = deliver(&world, about(&op, "evt-1", done()));
    let _ = delivered.instrument(request).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    let only = |name| spans.named(name).remove(0);
    let (accept, callback) = (only("orchestration.accept"), only("orchestration.callback"));
    assert_eq!(callback.parent_span_id, accept.span_context.span_id());
    assert_eq!(field(&callback, "state").as_deref(), Some("COMPLETED"));
    let end = only("orchestration.finalize");
    assert_eq!(end.parent_span_id, callback.span_context.span_id());
    let request = only("request").span_context;
    assert!(
        callback
            .links
            .iter()
            .any(|link| link.span_context == request)
    );
}

/// Whoever makes up the result of a call that was never made must not end the operation.
#[tokio::test]
async fn a_callback_about_an_operation_that_was_never_sent_changes_nothing() {
    let world = keyed_world();
    world.engine().drain(Duration::ZERO).await;
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let _ = deliver(&world, about(&op, "evt-1", declined())).await;
    assert_eq!(world.state(&op).await, OperationState::Pending);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("RECEIVED"));
    let other = world.second_process();
    other.dispatch_once().await.unwrap();
    other.idle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
}

/// The provider reports the opposite of what it had answered.
#[tokio::test]
async fn a_contradicting_callback_changes_nothing_and_is_evidence() {
    let metrics = Metrics::new();
    let world = counted_world::<true>(true, &metrics);
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let before = world.view(&op).await;
    let _ = deliver(&world, about(&op, "evt-1", declined())).await;
    assert_eq!(world.view(&op).await, before);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CONFLICT"));
    let evidence = "select count(*) as n from charge_callbacks
        where kind = 'FAIL' and outcome like '%DECLINED%' and matched_op_id = ?1";
    assert_eq!(world.count(evidence, vec![(&op).into()]).await, 1);
    let text = metrics.render();
    for line in [
        r#"orchestration_callback_total{domain="charge",result="new"} 1"#,
        r#"orchestration_callback_settled_total{domain="charge",state="CONFLICT"} 1"#,
        r#"orchestration_callback_settled_total{domain="charge",state="APPLIED"} 0"#,
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}: {text}");
    }
}

async fn asking(world: &World) -> Lease {
    let now = world.clock.now();
    let term = Term {
        worker: "asker".into(),
        expires_at: now + Duration::from_secs(15),
    };
    let kinds = [Charge::EVENT_TYPE].into();
    let claim = Claim {
        term,
        event_types: kinds,
        due_from: Timestamp::UNIX_EPOCH,
        limit: 1,
        repeats: None,
    };
    let leases = world.store().claim_unknown(now, claim).await;
    leases.unwrap().pop().expect("the question is due")
}

async fn answered(world: &World, lease: &Lease) -> Applied {
    let end = Settlement::Complete {
        message: "says the probe".to_owned(),
        provider_ref: None,
        result: None,
    };
    let outcome = Outcome::ok("says the probe", "");
    let now = world.clock.now();
    let settled = world.store().settle(now, lease, &outcome, end).await;
    settled.unwrap()
}

/// A question to the provider is under way when its callback comes.
#[tokio::test]
async fn of_a_question_and_a_callback_the_first_result_wins() {
    let world = unkeyed_world();
    let op = in_doubt(&world, Reply::DoneButLost).await;
    let asker = asking(&world).await;
    let _ = deliver(&world, about(&op, "evt-1", declined())).await;
    assert_eq!(answered(&world, &asker).await, Applied::Stale);
    assert_eq!(world.state(&op).await, OperationState::Failed);
    let late = "select count(*) as n from charge_write_ahead_logs
        where state = 'LATE' and outcome_type = 'OK'";
    assert_eq!(world.count(late, vec![]).await, 1);

    let world = unkeyed_world();
    let op = in_doubt(&world, Reply::DoneButLost).await;
    let asker = asking(&world).await;
    assert_eq!(answered(&world, &asker).await, Applied::Yes);
    let _ = deliver(&world, about(&op, "evt-1", declined())).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CONFLICT"));
}

#[tokio::test]
async fn the_hook_runs_once_when_a_callback_ends_the_operation() {
    let world = hooked_world();
    let op = in_doubt(&world, Reply::DoneButLost).await;
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    let _ = deliver(&world, about(&op, "evt-2", done())).await;
    world.settle().await;
    sweep(&world).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(orders(&world).await, 1);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("APPLIED"));
    assert_eq!(became(&world, "evt-2").await.as_deref(), Some("CONFIRMED"));
}

/// The callback's result is in the log, and the Finalizer applies it when the hook can run.
#[tokio::test]
async fn a_refusing_hook_loses_no_callback() {
    let world = hooked_world();
    let op = in_doubt(&world, Reply::DoneButLost).await;
    world.alter("insert into orders (order_id, paid) values ('order-1', 'BLOCKED')");
    let _ = deliver(&world, about(&op, "evt-1", done())).await;
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(world.state(&op).await, OperationState::Unknown);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("RECEIVED"));
    world.alter("delete from orders");
    world.settle().await;
    sweep(&world).await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(orders(&world).await, 1);
    assert_eq!(became(&world, "evt-1").await.as_deref(), Some("CONFIRMED"));
    assert_eq!(world.provider.probes(), 0);
}

/// Fifty events about one operation at once, for and against.
#[tokio::test(flavor = "multi_thread")]
async fn many_callbacks_at_once_end_an_operation_once() {
    let world = hooked_world();
    let op = in_doubt(&world, Reply::DoneButLost).await;
    let mut deliveries = tokio::task::JoinSet::new();
    for number in 0..50 {
        let outcome = if number % 2 == 0 { done() } else { declined() };
        let callback = about(&op, &format!("evt-{number}"), outcome);
        let engine = world.engine().clone();
        deliveries.spawn(async move { engine.receive_callback(callback).await });
    }
    while let Some(received) = deliveries.join_next().await {
        assert_eq!(received.unwrap().unwrap(), Received::New);
    }
    world.settle().await;
    sweep(&world).await;
    assert!(world.state(&op).await.is_final());
    assert_eq!(orders(&world).await, 1);
    let ends = applied(&world, &op, "OK").await + applied(&world, &op, "FAIL").await;
    assert_eq!(ends, 1);
    let left = "select count(*) as n from charge_callbacks where state = 'RECEIVED'";
    assert_eq!(world.count(left, vec![]).await, 0);
    let won = "select count(*) as n from charge_callbacks where state = 'APPLIED'";
    assert!(world.count(won, vec![]).await <= 1);
    let late = "select count(*) as n from charge_write_ahead_logs where state = 'LATE'";
    assert_eq!(world.count(late, vec![]).await, 0);
    let against = "select count(*) as n from charge_callbacks where state = 'CONFLICT'";
    assert_eq!(world.count(against, vec![]).await, 25);
}

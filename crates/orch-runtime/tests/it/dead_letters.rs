//! What waits for a person: nothing moves it but a decision, and no decision charges twice.

use orch_runtime::dead_letter::{Decided, NOT_COMMITTED, RedriveError};
use orch_runtime::fault::{Boundary, Step};
use orch_runtime::operation::decision::MAX_ATTEMPTS;
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{
    BizKey, Column, Command, DeadLetterKind, DeadLetters, Decision, Idempotency, OpId,
    OperationState, Orchestrator, Outcome, OwnerId, Probe,
};
use serde::{Deserialize, Serialize};

use crate::charge::{Charging, SETUP, charge, hooked_world, keyed_world, scripted, unkeyed_world};

fn why() -> Decision {
    Decision::new("alice", "seen in the bank's statement").unwrap()
}

fn letters(world: &World) -> DeadLetters {
    DeadLetters::new(world.engine())
}

/// An operation that was charged without anybody being able to say so.
async fn parked(world: &World) -> OpId {
    world.provider.stop_answering_probes();
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    op
}

async fn details(world: &World, op: &OpId) -> String {
    let history = world.engine().history(&OwnerId::anonymous(), op).await;
    let entries = history.unwrap().unwrap();
    let details = entries.into_iter().filter_map(|entry| entry.detail);
    details.collect::<Vec<_>>().join("\n")
}

async fn listed(world: &World, kind: DeadLetterKind) -> Vec<(OpId, String)> {
    let letters = letters(world).list(kind, None, 10).await.unwrap();
    let named = letters.into_iter();
    named.map(|letter| (letter.op_id, letter.code)).collect()
}

#[tokio::test]
async fn what_is_parked_or_exhausted_is_listed_and_what_is_well_is_not() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let lost = parked(&world).await;
    world.provider.script([const { Reply::Busy(None) }; 3]);
    let busy = world.submit("b", &charge("order-2")).await.unwrap();
    world.settle().await;
    world.submit("c", &charge("order-3")).await.unwrap();
    let parked = listed(&world, DeadLetterKind::Parked).await;
    assert_eq!(parked, [(lost.clone(), "UNKNOWN".to_owned())]);
    let exhausted = listed(&world, DeadLetterKind::Exhausted).await;
    assert_eq!(exhausted, [(busy, MAX_ATTEMPTS.to_owned())]);
    let letters = letters(&world);
    let behind = letters.list(DeadLetterKind::Parked, Some(&lost), 10);
    assert!(behind.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_provider_that_can_be_asked_again_settles_what_was_parked() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = parked(&world).await;
    world.provider.answer_probes();
    let decided = letters(&world).ask_again(&op, &why()).await.unwrap();
    assert_eq!(decided, Decided::Moved(OperationState::Unknown));
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Completed);
    assert_eq!(world.provider.effects(&op), 1);
    assert!(
        details(&world, &op)
            .await
            .contains("asked again by alice: seen")
    );
}

#[tokio::test]
async fn a_provider_that_is_still_silent_is_asked_once_and_the_operation_parked_again() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = parked(&world).await;
    let before = world.provider.probes();
    let decided = letters(&world).ask_again(&op, &why()).await.unwrap();
    assert_eq!(decided, Decided::Moved(OperationState::Unknown));
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Parked);
    assert_eq!(world.provider.probes(), before + 1);
}

#[tokio::test]
async fn what_a_person_confirms_is_completed_with_its_hook_and_without_a_call() {
    let world = scripted(hooked_world(), [Reply::DoneButLost]);
    world.provider.script([const { Reply::LostBefore }; 9]);
    let op = parked(&world).await;
    let requests = world.provider.total_requests();
    let reference = Some("bank-7".to_owned());
    let decided = letters(&world)
        .confirm(&op, reference.clone(), &why())
        .await;
    assert_eq!(decided.unwrap(), Decided::Moved(OperationState::Completed));
    let view = world.view(&op).await;
    assert_eq!(view.outcome.unwrap().provider_ref, reference);
    assert_eq!(world.provider.total_requests(), requests);
    let paid = "select count(*) as n from orders where paid = 'COMPLETED'";
    assert_eq!(world.count(paid, vec![]).await, 1);
    assert!(
        details(&world, &op)
            .await
            .contains("confirmed by alice: seen")
    );
}

#[tokio::test]
async fn what_a_person_denies_is_failed_and_may_be_done_anew() {
    let world = plain_world();
    world.provider.script([Reply::LostBefore]);
    world.provider.stop_answering_probes();
    let op = world.submit("k", &plain()).await.unwrap();
    world.settle().await;
    let decided = letters(&world).deny(&op, &why()).await.unwrap();
    assert_eq!(decided, Decided::Moved(OperationState::Failed));
    let denied = [(op.clone(), NOT_COMMITTED.to_owned())];
    assert_eq!(listed(&world, DeadLetterKind::Exhausted).await, denied);
    let anew = letters(&world).redrive(&op, &why()).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&anew.op_id).await, OperationState::Completed);
    assert_eq!(world.provider.total_effects(), 1);
}

/// A person acts on a list from a while ago.
#[tokio::test]
async fn a_decision_about_anything_that_is_not_parked_changes_nothing() {
    let world = scripted(keyed_world(), [Reply::Done, Reply::Busy(None), Reply::Hang]);
    let ended = world.submit("a", &charge("order-1")).await.unwrap();
    let waiting = world.submit("b", &charge("order-2")).await.unwrap();
    let called = world.submit("c", &charge("order-3")).await.unwrap();
    let unheard_of = OpId::new("unheard-of").unwrap();
    for op in [&ended, &waiting, &called, &unheard_of] {
        let letters = letters(&world);
        for decided in [
            letters.ask_again(op, &why()).await,
            letters.confirm(op, None, &why()).await,
            letters.deny(op, &why()).await,
        ] {
            assert_eq!(decided.unwrap(), Decided::NotParked, "{op}");
        }
    }
    assert_eq!(world.state(&ended).await, OperationState::Completed);
    assert_eq!(world.state(&waiting).await, OperationState::Pending);
    assert_eq!(world.state(&called).await, OperationState::InProgress);
    world.provider.release();
}

/// Two people decide at the same time, one this way and one that way.
#[tokio::test]
async fn of_two_decisions_one_counts() {
    let world = scripted(unkeyed_world(), [Reply::DoneButLost]);
    let op = parked(&world).await;
    let elsewhere = DeadLetters::new(&world.second_process());
    let (here, why) = (letters(&world), why());
    let (confirmed, denied) =
        tokio::join!(here.confirm(&op, None, &why), elsewhere.deny(&op, &why));
    let decided = [confirmed.unwrap(), denied.unwrap()];
    let moved = |one: &&Decided| matches!(one, Decided::Moved(_));
    assert_eq!(decided.iter().filter(moved).count(), 1, "{decided:?}");
    let state = world.state(&op).await;
    assert!(decided.contains(&Decided::Moved(state)), "{decided:?}");
}

/// The process dies while a decision is written.
#[tokio::test]
async fn a_decision_that_was_cut_short_is_in_the_log_and_loses_nothing() {
    for step in [Step::Claim, Step::Settle] {
        for boundary in [Boundary::BeforeCommit(step), Boundary::AfterCommit(step)] {
            let mut world = scripted(unkeyed_world(), [Reply::DoneButLost]);
            let op = parked(&world).await;
            world.crash_at(boundary);
            let (letters, why) = (letters(&world), why());
            tokio::select! {
                decided = letters.confirm(&op, None, &why) => {
                    assert!(!matches!(decided, Ok(Decided::Moved(_))), "{boundary}");
                }
                () = world.quiet() => {}
            }
            world.restart();
            world.recover().await;
            assert_eq!(world.provider.effects(&op), 1, "{boundary}");
            if world.state(&op).await == OperationState::Parked {
                let again = DeadLetters::new(world.engine());
                let decided = again.confirm(&op, None, &why).await.unwrap();
                assert_eq!(decided, Decided::Moved(OperationState::Completed));
            }
            assert_eq!(world.state(&op).await, OperationState::Completed);
        }
    }
}

/// A person clicks twice; a script runs twice.
#[tokio::test]
async fn however_often_it_is_redriven_there_is_one_new_operation() {
    let world = plain_world();
    world.provider.script([const { Reply::Busy(None) }; 3]);
    let op = world.submit("k", &plain()).await.unwrap();
    world.settle().await;
    assert_eq!(world.state(&op).await, OperationState::Failed);
    let first = letters(&world).redrive(&op, &why()).await.unwrap();
    let again = letters(&world).redrive(&op, &why()).await.unwrap();
    world.settle().await;
    assert_eq!((again.op_id, again.replayed), (first.op_id.clone(), true));
    assert_ne!(first.op_id, op);
    assert_eq!(world.state(&op).await, OperationState::Failed);
    assert_eq!(world.state(&first.op_id).await, OperationState::Completed);
    assert_eq!(world.provider.total_effects(), 1);
    assert!(listed(&world, DeadLetterKind::Exhausted).await.is_empty());
    let typed = "select count(*) as n from charge_operations where order_id = 'plain-1'";
    assert_eq!(world.count(typed, vec![]).await, 2);
}

#[tokio::test]
async fn only_a_failed_operation_whose_command_is_whole_is_redriven() {
    let world = scripted(keyed_world(), [Reply::Done, Reply::Refuse("DECLINED")]);
    let done = world.submit("a", &charge("order-1")).await.unwrap();
    let refused = world.submit("b", &charge("order-2")).await.unwrap();
    let done = letters(&world).redrive(&done, &why()).await;
    assert!(matches!(done, Err(RedriveError::NotFailed(_))), "{done:?}");
    let refused = letters(&world).redrive(&refused, &why()).await;
    let problem = refused.unwrap_err().to_string();
    assert!(problem.contains("secrets"), "{problem}");
    assert_eq!(world.provider.total_requests(), 2);
}

#[test]
fn a_decision_has_a_name_and_a_reason() {
    assert!(Decision::new("", "because").is_err());
    assert!(Decision::new("alice", " ").is_err());
    assert!(Decision::new("alice", "a\nb").is_err());
    assert!(Decision::new("alice", "x".repeat(501)).is_err());
}

/// A command without secrets, in the same tables.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Plain {
    order_id: String,
}

impl Command for Plain {
    const EVENT_TYPE: &'static str = "PLAIN_REQUESTED";

    fn biz_key(&self) -> BizKey {
        BizKey::of(&self.order_id)
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("order_id", &*self.order_id),
            Column::new("cents", 1_i64),
        ]
    }
}

fn plain() -> Plain {
    Plain {
        order_id: "plain-1".to_owned(),
    }
}

struct PlainCharging(Charging<false>);

impl Orchestrator for PlainCharging {
    type Command = Plain;
    const DOMAIN: &'static str = "CHARGE";

    fn idempotency(&self) -> Idempotency {
        self.0.idempotency()
    }

    async fn execute(&self, op_id: &OpId, _command: &Plain) -> Outcome {
        self.0.execute(op_id, &charge("plain-1")).await
    }

    async fn probe(&self, op_id: &OpId, _command: &Plain) -> Probe {
        self.0.probe(op_id, &charge("plain-1")).await
    }
}

fn plain_world() -> World {
    World::new(SETUP, Provider::unkeyed(), |builder, provider| {
        builder.register(PlainCharging(Charging {
            provider,
            keyed: false,
        }))
    })
}

//! Steps with a retry policy and a time budget of their own.

use orch_runtime::saga::{LimitsError, SagaBuildError, StepLimits};

use super::*;

const BUSY: Reply = Reply::Busy(None);

/// Longer than the budgets of steps here, and much shorter than that of a charge.
const LONG: Duration = Duration::from_secs(40);

const TWICE: StepLimits = StepLimits {
    max_attempts: Some(2),
    ..StepLimits::NONE
};

const HALF_A_MINUTE: StepLimits = StepLimits {
    time_budget: Some(Duration::from_secs(30)),
    ..StepLimits::NONE
};

const PATTERNS: [SagaPattern; 2] = [SagaPattern::Orchestration, SagaPattern::Choreography];

fn tried_twice(world: &World) -> Sagas<Order> {
    let builder = wired(world, world.engine());
    builder.limits("pay", TWICE).build().unwrap()
}

fn briefly(world: &World) -> Sagas<Order> {
    let builder = wired(world, world.engine()).limits("pay", HALF_A_MINUTE);
    builder.limits("confirm", HALF_A_MINUTE).build().unwrap()
}

/// A shop whose process begins with these sagas, and whose provider answers so.
fn shop(
    wire: fn(&World) -> Sagas<Order>,
    pattern: SagaPattern,
    replies: impl IntoIterator<Item = Reply>,
) -> Shop {
    let mut shop = Shop::answering(3, 3, replies);
    // The process of a test without limits is gone, and with it what its engine knew.
    shop.world.restart();
    shop.sagas = wire(&shop.world);
    shop.wire = wire;
    shop.sagas.set_pattern(pattern).unwrap();
    shop
}

fn code_of(saga: &SagaRecord, step: usize) -> &str {
    saga.steps[step].error.as_ref().unwrap().code.as_str()
}

/// A policy that says three, and a step that says two.
#[tokio::test]
async fn a_step_is_tried_as_often_as_it_says() {
    for pattern in PATTERNS {
        for (wire, calls) in [(sagas as fn(&World) -> _, 3), (tried_twice, 2)] {
            let mut shop = shop(wire, pattern, [BUSY; 3]);
            let id = shop.order("a").await;
            let saga = shop.settle(&id).await;
            assert_eq!(saga.state, SagaState::Compensated, "{pattern}");
            assert_eq!(saga.steps[1].state, StepState::Failed);
            assert_eq!(code_of(&saga, 1), "MAX_ATTEMPTS");
            assert_eq!(shop.world.provider.total_requests(), calls, "{pattern}");
            shop.assert_balanced(0, 3, 3).await;
        }
    }
}

/// The limit of one step is not that of another that asks the same domain.
#[tokio::test]
async fn other_steps_are_tried_as_their_policy_says() {
    let mut shop = shop(
        tried_twice,
        SagaPattern::Orchestration,
        [BUSY, Reply::Done, BUSY, BUSY],
    );
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    assert_eq!(saga.steps[3].state, StepState::Succeeded);
    assert_eq!(shop.world.provider.total_requests(), 5);
}

#[tokio::test]
async fn a_step_may_be_tried_more_often_and_more_slowly_than_its_policy_says() {
    const SLOWLY: StepLimits = StepLimits {
        max_attempts: Some(5),
        base: Some(Duration::from_secs(100)),
        cap: Some(Duration::from_secs(100)),
        time_budget: None,
    };
    let wire = |world: &World| {
        let builder = wired(world, world.engine());
        builder.limits("pay", SLOWLY).build().unwrap()
    };
    let mut shop = shop(wire, SagaPattern::Orchestration, [BUSY; 4]);
    let id = shop.order("a").await;
    shop.world.run_once().await;
    for (seconds, calls) in [(85, 1), (30, 2), (85, 2), (30, 3)] {
        shop.world.advance(Duration::from_secs(seconds)).await;
        shop.world.run_once().await;
        let made = shop.world.provider.total_requests();
        assert_eq!(made, calls, "after {seconds} seconds more");
    }
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

/// The saga itself could wait for most of an hour.
#[tokio::test]
async fn a_step_whose_time_is_over_is_given_up_and_the_rest_is_undone() {
    for pattern in PATTERNS {
        let mut shop = shop(briefly, pattern, [Reply::Busy(Some(LONG))]);
        let id = shop.order("a").await;
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Compensated, "{pattern}");
        assert_eq!(code_of(&saga, 1), "TIMEOUT");
        assert_eq!(saga.stop, None, "its own time is not over");
        let took = saga.completed_at.unwrap() - saga.created_at;
        assert!(took.num_seconds() < 120, "{took}");
        shop.assert_balanced(0, 3, 3).await;
    }
}

/// Whether the money is gone is asked before anything is undone.
#[tokio::test]
async fn a_lost_answer_is_asked_about_before_the_step_is_given_up() {
    for pattern in PATTERNS {
        for (reply, sold) in [(Reply::LostBefore, 0), (Reply::DoneButLost, 1)] {
            let mut shop = shop(briefly, pattern, [reply]);
            shop.world.provider.stop_answering_probes();
            let id = shop.order("a").await;
            shop.deliver().await;
            shop.world.run_once().await;
            shop.world.clock.advance(LONG);
            shop.world.provider.answer_probes();
            let saga = shop.settle(&id).await;
            let (state, pay) = match sold {
                0 => (SagaState::Compensated, StepState::Failed),
                _ => (SagaState::Completed, StepState::Succeeded),
            };
            assert_eq!((saga.state, saga.steps[1].state), (state, pay), "{pattern}");
            assert!(shop.world.provider.probes() > 0);
            let pay = saga.steps[1].op_id.as_ref().unwrap();
            let sent = shop.world.provider.requests(pay);
            assert_eq!(sent, 1, "nothing was sent after its time");
            shop.assert_balanced(sold, 3, 3).await;
        }
    }
}

/// A customer who paid gets what he ordered, whatever becomes of the mail.
#[tokio::test]
async fn an_optional_step_whose_time_is_over_fails_alone() {
    for pattern in PATTERNS {
        let replies = [Reply::Done, Reply::Busy(Some(LONG))];
        let mut shop = shop(briefly, pattern, replies);
        let id = shop.order("a").await;
        let saga = shop.settle(&id).await;
        assert_eq!(saga.state, SagaState::Completed, "{pattern}");
        assert_eq!(saga.steps[3].state, StepState::Failed);
        assert_eq!(code_of(&saga, 3), "TIMEOUT");
        shop.assert_balanced(1, 3, 3).await;
    }
}

/// Whoever hears that a step ended writes the next turn together with those of other sagas.
#[tokio::test]
async fn a_step_that_begins_with_those_of_other_sagas_has_its_own_time() {
    let replies = [Reply::Done, Reply::Busy(Some(LONG))];
    let shop = shop(briefly, SagaPattern::Orchestration, replies);
    let (signal, shutdown) = Shutdown::new();
    let keeping = tokio::spawn(Workers::new().with_sagas(&shop.sagas).run(shutdown));
    let id = shop.order("a").await;
    // The clock stands still: a step that had its policy's hour would wait for its next attempt.
    until(async || shop.saga(&id).await.state.is_final()).await;
    let saga = shop.saga(&id).await;
    assert_eq!(saga.state, SagaState::Completed, "{saga:?}");
    assert_eq!(code_of(&saga, 3), "TIMEOUT");
    signal.request();
    keeping.await.unwrap();
}

/// The process that goes on is another one each time: it knows the limits from its program, and the end of the
/// budget from the record.
#[tokio::test]
async fn a_crash_at_any_boundary_changes_no_limit() {
    for pattern in PATTERNS {
        for boundary in Boundary::ALL {
            let mut twice = shop(tried_twice, pattern, [BUSY; 9]);
            twice.world.crash_at(boundary);
            let id = twice.order("a").await;
            let saga = twice.settle(&id).await;
            assert_eq!(saga.state, SagaState::Compensated, "{pattern} {boundary}");
            assert_eq!(code_of(&saga, 1), "MAX_ATTEMPTS", "{pattern} {boundary}");
            let tried = "order_id like 'pay-%' and attempts = 2";
            assert_eq!(twice.count(tried).await, 1, "{pattern} {boundary}");
            twice.assert_balanced(0, 3, 3).await;

            let mut brief = shop(briefly, pattern, vec![Reply::Busy(Some(LONG)); 9]);
            brief.world.crash_at(boundary);
            let id = brief.order("a").await;
            let saga = brief.settle(&id).await;
            assert_eq!(saga.state, SagaState::Compensated, "{pattern} {boundary}");
            assert_eq!(code_of(&saga, 1), "TIMEOUT", "{pattern} {boundary}");
            brief.assert_balanced(0, 3, 3).await;
        }
    }
}

/// What is to be given back is tried as its own limits say, and then by a person.
#[tokio::test]
async fn a_compensation_has_limits_of_its_own() {
    let wire = |world: &World| {
        let once = StepLimits {
            max_attempts: Some(1),
            ..StepLimits::NONE
        };
        let builder = wired(world, world.engine()).undo_limits("pay", once);
        builder.build().unwrap()
    };
    let replies = [BUSY, Reply::Done, BUSY];
    let mut shop = shop(wire, SagaPattern::Orchestration, replies);
    shop.world
        .alter("update stock set pieces = 0 where name = 'box'");
    let id = shop.order("a").await;
    let saga = shop.settle(&id).await;
    assert_eq!(saga.state, SagaState::Compensating);
    assert_eq!(saga.steps[1].state, StepState::UndoParked);
    assert_eq!(code_of(&saga, 1), "MAX_ATTEMPTS");
    assert_eq!(shop.world.provider.total_requests(), 3);
}

/// Why these limits of steps make no saga.
fn refused(limit: impl Fn(SagasBuilder<Order>) -> SagasBuilder<Order>) -> String {
    let shop = Shop::new(1, 1);
    let engine = shop.world.second_process();
    let error = limit(wired(&shop.world, &engine)).build().unwrap_err();
    error.to_string()
}

#[tokio::test]
async fn limits_that_cannot_be_kept_are_refused() {
    let of = |seconds| StepLimits {
        time_budget: Some(Duration::from_secs(seconds)),
        ..StepLimits::NONE
    };
    let refused = [
        refused(|saga| saga.limits("pya", TWICE)),
        refused(|saga| saga.limits("pack", TWICE)),
        refused(|saga| saga.limits("pay", of(3_001))),
        refused(|saga| saga.limits("pay", of(9))),
        refused(|saga| saga.undo_limits("pay", of(0))),
        refused(|saga| {
            let never = StepLimits {
                max_attempts: Some(0),
                ..StepLimits::NONE
            };
            saga.limits("pay", never)
        }),
    ];
    assert_eq!(
        refused,
        [
            "the plan has no step \"pya\"",
            "the step \"pack\" has limits for what no operation does: work in our own database begins and ends in \
             one commit",
            "the step \"pay\" has 3001s, and the saga begins steps for 3000s: give the saga as much, or the step less",
            "the step \"pay\" has 9s, and one call may take 10s: give it more, or the call less",
            "the limits of the step \"pay\": `time_budget` is 0, and no attempt could start",
            "the limits of the step \"pay\": `max_attempts` is 0, and a step is tried at least once",
        ]
    );
}

/// An operation names its step and not its saga: which of two limits it has could not be told.
#[tokio::test]
async fn steps_of_one_name_and_domain_have_the_same_limits() {
    let shop = Shop::new(1, 1);
    let engine = shop.world.second_process();
    wired(&shop.world, &engine)
        .limits("pay", TWICE)
        .build()
        .unwrap();
    wired(&shop.world, &engine)
        .limits("pay", TWICE)
        .build()
        .unwrap();
    let other = wired(&shop.world, &engine).build();
    let Err(SagaBuildError::Limits(error)) = other else {
        panic!("{other:?}");
    };
    let (step, domain) = ("pay", "charge");
    assert_eq!(error, LimitsError::OfTwoKinds { step, domain });
}

//! A process that dies at the k-th place of a purchase, for every k: before and after each commit of it, and
//! before and after each call.

use orch_runtime::store::StoreKind;

use super::*;

/// Places between two crashes that are tried, on the store on which each costs more.
fn stride() -> usize {
    let is_thorough = std::env::var_os("ORCH_CHAOS").is_some();
    match STORE {
        StoreKind::Postgres if !is_thorough => 7,
        _ => 1,
    }
}

/// A way in which a purchase goes.
#[derive(Debug, Clone, Copy)]
struct Way {
    refused: &'static [&'static str],
    end: SagaState,
}

const WAYS: [Way; 3] = [
    Way {
        refused: &[],
        end: SagaState::Completed,
    },
    Way {
        refused: &["ship"],
        end: SagaState::Compensated,
    },
    Way {
        refused: &["ship", "undo-reserve"],
        end: SagaState::Compensating,
    },
];

/// More places than a purchase has.
const FAR: usize = 2_000;

/// One purchase whose process dies behind so many places; where it died, if it came so far.
async fn dying(pattern: SagaPattern, way: Way, passed: usize) -> Option<Boundary> {
    let case = format!("{pattern}, {:?} refused, died behind {passed}", way.refused);
    let mut world = world(pattern);
    world.crash_behind(u32::try_from(passed).unwrap());
    let id = purchased(&mut world, &Purchase::new("a", way.refused)).await;
    let saga = world.settle(&id).await;
    let died_at = world.deaths().first().copied();
    let case = format!("{case} at {died_at:?}");
    assert_eq!(saga.state, way.end, "{case}: {saga:?}");
    assert_conserved(&case, &world, &saga).await;
    died_at
}

/// Dies at every place of it, until it is over before the crash.
async fn dying_everywhere(pattern: SagaPattern, way: Way) -> Vec<Boundary> {
    let mut deaths = Vec::new();
    for passed in (0..FAR).step_by(stride()) {
        let Some(died_at) = dying(pattern, way, passed).await else {
            return deaths;
        };
        deaths.push(died_at);
    }
    panic!("the purchase did not end within {FAR} places");
}

/// The places at which purchases are interrupted, at least. Where steps go side by side, the k-th place is not always the
/// same, so that one way may pass some of them by.
const PLACES: [Boundary; 6] = [
    Boundary::BeforeCommit(Step::Transaction),
    Boundary::AfterCommit(Step::Transaction),
    Boundary::BeforeCall,
    Boundary::AfterCall,
    Boundary::BeforeCommit(Step::Settle),
    Boundary::AfterCommit(Step::Settle),
];

async fn survives_everywhere(pattern: SagaPattern) {
    let mut deaths = Vec::new();
    for way in WAYS {
        deaths.extend(dying_everywhere(pattern, way).await);
    }
    let missing = |place: &&Boundary| !deaths.contains(place);
    let missing: Vec<_> = PLACES.iter().filter(missing).collect();
    assert!(
        stride() > 1 || missing.is_empty(),
        "{missing:?} of {deaths:?}"
    );
}

/// Every turn of a coordinator, every accepted operation, every call.
#[tokio::test]
async fn a_coordinator_may_die_at_every_place_of_a_purchase() {
    survives_everywhere(SagaPattern::Orchestration).await;
}

/// Every handled event as well, and each that is taken or published.
#[tokio::test]
async fn handlers_may_die_at_every_place_of_a_purchase() {
    survives_everywhere(SagaPattern::Choreography).await;
}

/// As before a person who asks that what happened be undone, three times.
#[tokio::test]
async fn who_is_asked_three_times_may_die_at_every_place_and_undoes_once() {
    for pattern in SagaPattern::ALL {
        for passed in (0..FAR).step_by(stride()) {
            let mut world = world(pattern);
            let id = purchased(&mut world, &Purchase::new("a", &[])).await;
            world.run_once().await;
            world.crash_behind(u32::try_from(passed).unwrap());
            for _ in 0..3 {
                let _ = world.sagas().compensate(&id).await;
                if world.is_dead() {
                    world.restart();
                }
            }
            let saga = world.settle(&id).await;
            let case = format!("{pattern}, died behind {passed}");
            assert!(saga.state != SagaState::InProgress, "{case}: {saga:?}");
            assert_conserved(&case, &world, &saga).await;
            if world.deaths().is_empty() {
                break;
            }
        }
    }
}

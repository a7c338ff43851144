//! Every way in which a purchase can end: the same in both patterns, and when every event comes twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orch_runtime::engine::Shutdown;
use orch_runtime::events::{Claimed, EventBus, InProcessBus, NotTaken};

use super::*;

use SagaState::{Compensated, Compensating, Completed, Failed};
use StepState::{UndoParked, Undone, Waiting};

/// What is refused, and how that ends.
const FLOWS: &[(&[&str], SagaState, [StepState; 5])] = &[
    (&[], Completed, [StepState::Succeeded; 5]),
    (
        &["debit"],
        Failed,
        [StepState::Failed, Waiting, Waiting, Waiting, Waiting],
    ),
    (
        &["reserve"],
        Compensated,
        [Undone, Undone, StepState::Failed, Waiting, Waiting],
    ),
    (
        &["notify"],
        Completed,
        [
            StepState::Succeeded,
            StepState::Succeeded,
            StepState::Succeeded,
            StepState::Failed,
            StepState::Succeeded,
        ],
    ),
    (
        &["ship"],
        Compensated,
        [Undone, Undone, Undone, Undone, StepState::Failed],
    ),
    (
        &["ship", "notify"],
        Compensated,
        [Undone, Undone, Undone, StepState::Failed, StepState::Failed],
    ),
    (
        &["ship", "undo-reserve"],
        Compensating,
        [Undone, Undone, UndoParked, Undone, StepState::Failed],
    ),
    (
        &["ship", "undo-grant"],
        Compensating,
        [Undone, UndoParked, Undone, Undone, StepState::Failed],
    ),
    (
        &["ship", "undo-debit"],
        Compensating,
        [UndoParked, Undone, Undone, Undone, StepState::Failed],
    ),
    (
        &["ship", "undo-notify"],
        Compensating,
        [Undone, Undone, Undone, UndoParked, StepState::Failed],
    ),
];

/// A bus that brings every event twice.
struct Twice(InProcessBus);

#[async_trait]
impl EventBus for Twice {
    fn name(&self) -> &'static str {
        "twice"
    }

    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken> {
        let (first, second) = tokio::join!(self.0.publish(claimed), self.0.publish(claimed));
        first.and(second)?;
        self.0.publish(claimed).await
    }

    fn redelivers_for(&self) -> Option<Duration> {
        self.0.redelivers_for()
    }

    async fn run(&self, shutdown: Shutdown) -> Result<(), NotTaken> {
        self.0.run(shutdown).await
    }
}

fn twice() -> SagaWorld<Purchase> {
    SagaWorld::choreographed(SagaWorldSetup {
        handlers: Some(|builder, sagas| {
            builder
                .handlers_of(sagas)
                .bus(|dispatcher, subscriptions, config| {
                    let handlers = Arc::clone(subscriptions);
                    let bus = InProcessBus::new(dispatcher.clone(), handlers, config);
                    Arc::new(Twice(bus))
                })
        }),
        ..SETUP
    })
}

/// Whoever moves a purchase on, and however often it is told: the same was sold, and the same given back.
#[tokio::test]
async fn a_purchase_ends_the_same_whoever_moves_it_on() {
    for (refused, end, steps) in FLOWS {
        let worlds = [
            world(SagaPattern::Orchestration),
            world(SagaPattern::Choreography),
            twice(),
        ];
        let mut ends = Vec::new();
        for (at, mut world) in worlds.into_iter().enumerate() {
            let case = format!("{refused:?} in world {at}");
            let id = purchased(&mut world, &Purchase::new("a", refused)).await;
            let saga = world.settle(&id).await;
            assert_eq!(saga.state, *end, "{case}: {saga:?}");
            assert_eq!(states(&saga), steps, "{case}: {saga:?}");
            assert_conserved(&case, &world, &saga).await;
            ends.push((balance(&world).await, pieces(&world).await));
        }
        assert!(
            ends.iter().all(|books| *books == ends[0]),
            "{refused:?}: {ends:?}"
        );
    }
}

/// An item that is refused after the reservation has begun: what comes through too late is undone as well.
#[tokio::test]
async fn a_reservation_beside_a_refused_item_is_taken_back() {
    for pattern in SagaPattern::ALL {
        let mut world = world(pattern);
        let id = purchased(&mut world, &Purchase::new("a", &["grant"])).await;
        let saga = world.settle(&id).await;
        assert_eq!(saga.state, Compensated, "{pattern}: {saga:?}");
        assert_eq!(saga.steps[0].state, Undone, "{pattern}: {saga:?}");
        assert_conserved(&pattern.to_string(), &world, &saga).await;
        assert_eq!(
            (balance(&world).await, pieces(&world).await),
            (MONEY, PIECES)
        );
    }
}

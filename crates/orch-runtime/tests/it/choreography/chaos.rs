//! Any order of deliveries, any number of them, at any time: the end is the same.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

/// One thing that happens while an order runs.
#[derive(Debug, Clone)]
enum Chance {
    /// A handler gets an event, in no order, and whether it has had it or not.
    Deliver(prop::sample::Index, prop::sample::Index),
    /// The inbox is lost, and only the record knows what was done.
    Forget,
    /// Operations are executed, and end.
    Work,
    /// Somebody looks at the saga.
    Look,
    /// A person wants everything undone.
    Cancel,
    /// Time passes.
    Wait(u16),
}

fn chances() -> impl Strategy<Value = Vec<Chance>> {
    let deliver = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let chance = prop_oneof![
        12 => deliver.prop_map(|(event, handler)| Chance::Deliver(event, handler)),
        1 => Just(Chance::Forget),
        4 => Just(Chance::Work),
        2 => Just(Chance::Look),
        1 => Just(Chance::Cancel),
        1 => (1_u16..2_000).prop_map(Chance::Wait),
    ];
    prop::collection::vec(chance, 0..30)
}

fn replies() -> impl Strategy<Value = Vec<Reply>> {
    let reply = prop_oneof![
        4 => Just(Reply::Done),
        1 => Just(Reply::DoneButLost),
        1 => Just(Reply::LostBefore),
        1 => Just(Reply::Unreachable),
    ];
    prop::collection::vec(reply, 0..4)
}

async fn happen(shop: &Shop, id: &SagaId, chance: &Chance) {
    match chance {
        Chance::Deliver(event, handler) => {
            let events = told(shop, id).await;
            let choreography = Choreography::of(&shop.sagas).unwrap();
            let handler = handler.get(choreography.subscriptions().handlers());
            let event = event.get(&events);
            let _ = choreography.dispatcher().deliver(handler, event).await;
        }
        Chance::Forget => shop.world.alter("delete from order_saga_inbox"),
        Chance::Work => shop.world.run_once().await,
        Chance::Look => shop.sagas.look(id).await.unwrap(),
        Chance::Cancel => shop.sagas.cancel(id).await.unwrap(),
        Chance::Wait(seconds) => {
            let time = Duration::from_secs(u64::from(*seconds));
            shop.world.advance(time).await;
        }
    }
}

/// Whole or undone, and each effect and each undoing of it once: as when a coordinator moves it on.
#[test]
fn an_order_ends_whole_or_undone_however_events_arrive() {
    let cases = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let orders = (chances(), replies(), any::<bool>(), any::<bool>());
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let done = TestRunner::new(cases).run(&orders, |(chances, replies, has_item, has_box)| {
        runtime.block_on(async {
            let (items, boxes) = (u32::from(has_item), u32::from(has_box));
            let mut shop = shop(items, boxes);
            shop.world.provider.script(replies);
            let id = shop.order("a").await;
            for chance in &chances {
                happen(&shop, &id, chance).await;
            }
            let mut saga = shop.settle(&id).await;
            // The time of a compensation may be over before it has happened: a person has it begun again.
            if states(&saga).contains(&StepState::UndoParked) {
                shop.sagas.compensate(&id).await.unwrap();
                saga = shop.settle(&id).await;
            }
            shop.deliver().await;
            let sold = i64::from(saga.state == SagaState::Completed);
            shop.assert_balanced(sold, items.into(), boxes.into()).await;
            assert!(saga.state.is_final(), "{saga:?}");
            let can_be_sold = has_item && has_box;
            assert!(sold == 0 || can_be_sold);
            let errors = saga.steps.iter().filter_map(|step| step.error.as_ref());
            // A provider that is never there is given up.
            let codes = ["TIMEOUT", "MAX_ATTEMPTS"];
            let was_given_up = errors
                .into_iter()
                .any(|error| codes.contains(&&*error.code));
            let stopped = saga.stop.is_some() || was_given_up;
            assert!(sold == 1 || !can_be_sold || stopped, "{saga:?}");
            assert_eq!(shop.saga(&id).await, saga, "what is over stays over");
        });
        Ok(())
    });
    done.unwrap();
}

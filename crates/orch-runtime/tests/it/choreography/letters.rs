//! Events that a handler cannot take.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use orch_runtime::events::{BusConfig, Claimed, EventBus, InProcessBus, NotTaken};
use tokio::sync::Notify;

use crate::sagas::operators::{ask, desk};

use super::*;

/// How a handler fails.
#[derive(Debug, Clone, Copy)]
enum Fails {
    Refusing,
    Panicking,
}

/// A handler of somebody's own, which cannot take what it gets until it is mended.
struct Ledger {
    fails: Fails,
    mended: Arc<AtomicBool>,
    tries: Arc<AtomicU32>,
}

#[async_trait]
impl EventHandler for Ledger {
    fn name(&self) -> &str {
        "LedgerHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec!["ItemReserved".to_owned()]
    }

    async fn handle(
        &self,
        tx: &mut HookTx<'_>,
        _event: &Envelope,
    ) -> Result<AfterCommit, HandlerError> {
        let sql = "insert into takings (saga_step) values ('a ledger entry')";
        tx.execute(sql, &[]).await?;
        self.tries.fetch_add(1, Ordering::SeqCst);
        match (self.mended.load(Ordering::SeqCst), self.fails) {
            (true, _) => Ok(AfterCommit::nothing()),
            (false, Fails::Refusing) => Err(HandlerError::failed("no such account")),
            (false, Fails::Panicking) => panic!("no such account"),
        }
    }
}

async fn entries(shop: &Shop) -> i64 {
    let sql = "select count(*) as n from takings where saga_step = 'a ledger entry'";
    shop.world.count(sql, vec![]).await
}

/// It holds up its own saga for a while, no other saga ever, and no other handler of the event.
#[tokio::test]
async fn what_a_handler_cannot_take_becomes_a_dead_letter_and_is_redriven_once() {
    for fails in [Fails::Refusing, Fails::Panicking] {
        let mut shop = shop(3, 3);
        let (mended, tries) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(0)),
        );
        let ledger = Ledger {
            fails,
            mended: Arc::clone(&mended),
            tries: Arc::clone(&tries),
        };
        let builder = Choreography::builder(&shop.sagas).unwrap();
        let choreography = builder
            .handlers_of(&shop.sagas)
            .handler(ledger)
            .build()
            .unwrap();
        let id = shop.order("a").await;
        for _ in 0..2 {
            choreography.run_once(shop.world.clock.now()).await.unwrap();
        }
        let saga = shop.saga(&id).await;
        assert_eq!(
            saga.steps[2].state,
            StepState::Succeeded,
            "the others handle it"
        );
        assert_eq!(tries.load(Ordering::SeqCst), 1);
        let early = choreography.run_once(shop.world.clock.now()).await.unwrap();
        assert_eq!(early, 0, "the next events wait for this one");
        for pause in [1, 2, 4, 8] {
            assert!(choreography.dead_letters(9).await.unwrap().is_empty());
            shop.world.clock.advance(Duration::from_secs(pause));
            choreography.run_once(shop.world.clock.now()).await.unwrap();
        }
        let letters = choreography.dead_letters(9).await.unwrap();
        let [letter] = &letters[..] else {
            panic!("{letters:?}")
        };
        assert_eq!(letter.handler, "LedgerHandler");
        assert!(letter.error.contains("no such account"), "{}", letter.error);
        assert_eq!((letter.deliveries, tries.load(Ordering::SeqCst)), (5, 5));
        assert_eq!(entries(&shop).await, 0, "what it wrote was taken back");
        assert_eq!(shop.settle(&id).await.state, SagaState::Completed);

        let why = Decision::new("ada", "the account exists now").unwrap();
        let name = &letter.event.event_id;
        let failed = choreography.redrive(name, "LedgerHandler", &why).await;
        assert!(failed.is_err());
        assert_eq!(choreography.dead_letters(9).await.unwrap().len(), 1);
        mended.store(true, Ordering::SeqCst);
        let done = choreography.redrive(name, "LedgerHandler", &why).await;
        assert!(matches!(done, Ok(Delivered::Now(_))), "{done:?}");
        assert_eq!(entries(&shop).await, 1);
        let again = choreography.redrive(name, "LedgerHandler", &why).await;
        assert_eq!(
            again.unwrap_err().to_string(),
            format!("no dead letter {name} of LedgerHandler waits: ada had it delivered again")
        );
        assert_eq!(entries(&shop).await, 1);
        let signed = "select count(*) as n from order_saga_event_dead_letters \
                      where redriven_by = 'ada' and reason = 'the account exists now'";
        assert_eq!(shop.world.count(signed, vec![]).await, 1);
    }
}

/// As the guide has it: the alert comes, what is at fault is mended, and two operators redrive.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn operators_redrive_by_http_once_and_the_order_ends() {
    const LETTERS: &str = "/choreography/dead-letters";
    let mut shop = shop(3, 3);
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let desk = desk(
        &Workers::new()
            .with_sagas(&shop.sagas)
            .with_choreography(&choreography),
    );
    let id = shop.order("a").await;
    shop.world.alter("alter table stock rename to mislaid");
    for pause in [0, 1, 2, 4, 8] {
        shop.world.clock.advance(Duration::from_secs(pause));
        choreography.run_once(shop.world.clock.now()).await.unwrap();
    }
    let listed = desk.get(LETTERS, "ops").await;
    let letter = &listed.body["deadLetters"][0];
    assert_eq!(letter["saga"], "order_saga", "{listed:?}");
    assert_eq!(letter["handler"], "ReserveHandler");
    assert_eq!(letter["event"]["transactionId"], *id.as_str());
    let event = letter["event"]["eventId"].as_str().unwrap();
    let body = format!(
        r#"{{"eventId":"{event}","handler":"ReserveHandler","by":"ada","reason":"found"}}"#
    );
    let path = format!("{LETTERS}/redrive");
    let early = ask(&desk, &path, &body).await;
    assert_eq!((early.status, early.text("code")), (409, "NOT_HANDLED"));
    assert_eq!(desk.post(&path, "", &body).await.status, 403);
    let other = body.replace("ReserveHandler", "PayHandler");
    assert_eq!(ask(&desk, &path, &other).await.status, 404);

    shop.world.alter("alter table mislaid rename to stock");
    let both = tokio::join!(ask(&desk, &path, &body), ask(&desk, &path, &body));
    let mut both = [both.0, both.1];
    both.sort_by_key(|answer| answer.status);
    assert_eq!(
        (both[0].status, both[0].text("status")),
        (200, "HANDLED"),
        "{both:?}"
    );
    for late in [&both[1], &ask(&desk, &path, &body).await] {
        assert_eq!((late.status, late.text("code")), (409, "REDRIVEN_BEFORE"));
        assert!(late.text("detail").contains("ada had it"), "{late:?}");
    }
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
    let listed = desk.get(LETTERS, "ops").await;
    assert_eq!(listed.body, serde_json::json!({ "deadLetters": [] }));
}

/// A bus whose process dies with every event that it gets.
struct Dying(Arc<Notify>);

#[async_trait]
impl EventBus for Dying {
    fn name(&self) -> &'static str {
        "dying"
    }

    async fn publish(&self, _: &Claimed) -> Result<(), NotTaken> {
        self.0.notify_one();
        std::future::pending().await
    }

    fn redelivers_for(&self) -> Option<Duration> {
        None
    }

    async fn run(&self, _: Shutdown) -> Result<(), NotTaken> {
        Ok(())
    }
}

/// Releases come and go while an event waits. The handler that fails at it afterwards has all its tries.
#[tokio::test]
async fn who_dies_with_an_event_has_not_tried_it() {
    let shop = shop(3, 3);
    let id = shop.order("a").await;
    hand_on(&shop).await;
    for _ in 0..BusConfig::default().max_deliveries {
        let has_it = Arc::new(Notify::new());
        let dying = Dying(Arc::clone(&has_it));
        let builder = Choreography::builder(&shop.sagas).unwrap();
        let builder = builder.handlers_of(&shop.sagas);
        let process = builder.bus(|_, _, _| Arc::new(dying)).build().unwrap();
        tokio::select! {
            _ = process.run_once(shop.world.clock.now()) => panic!("nothing was taken"),
            () = has_it.notified() => {}
        }
        drop(process);
        shop.world.clock.advance(Duration::from_secs(31));
    }
    let (ledger, tries) = broken_ledger();
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let builder = builder.handlers_of(&shop.sagas).handler(ledger);
    let choreography = builder.build().unwrap();
    for tried in 1..=5 {
        assert!(choreography.dead_letters(9).await.unwrap().is_empty());
        choreography.run_once(shop.world.clock.now()).await.unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), tried);
        shop.world.clock.advance(Duration::from_secs(60));
    }
    let letters = choreography.dead_letters(9).await.unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(
        (letters[0].deliveries, &letters[0].event.transaction_id),
        (5, &id)
    );
}

/// Has the usual handlers handle what is due, once.
async fn hand_on(shop: &Shop) {
    let choreography = Choreography::of(&shop.sagas).unwrap();
    choreography.run_once(shop.world.clock.now()).await.unwrap();
}

/// A handler that refuses what it gets, and how often it did.
fn broken_ledger() -> (Ledger, Arc<AtomicU32>) {
    let tries = Arc::new(AtomicU32::new(0));
    let ledger = Ledger {
        fails: Fails::Refusing,
        mended: Arc::default(),
        tries: Arc::clone(&tries),
    };
    (ledger, tries)
}

#[tokio::test]
async fn only_a_handler_that_is_there_gets_a_dead_letter_again() {
    let shop = shop(3, 3);
    let choreography = Choreography::of(&shop.sagas).unwrap();
    let why = Decision::new("ada", "a slip").unwrap();
    let name = orch_runtime::EventId::random();
    let refused = choreography.redrive(&name, "Ledger", &why).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "this program has no handler \"Ledger\""
    );
}

/// A handler that a later release brings.
struct Shipping;

#[async_trait]
impl EventHandler for Shipping {
    fn name(&self) -> &str {
        "ShippingHandler"
    }

    fn subscriptions(&self) -> Vec<String> {
        vec!["OrderShipped".to_owned()]
    }

    async fn handle(&self, _: &mut HookTx<'_>, _: &Envelope) -> Result<AfterCommit, HandlerError> {
        Ok(AfterCommit::nothing())
    }
}

/// An order of which something is told that only a later release knows, and the two releases.
async fn of_two_releases() -> (Shop, Choreography, Choreography) {
    let shop = shop(3, 3);
    shop.order("a").await;
    shop.world.alter(
        "update order_saga_outbox set event_type = 'OrderShipped', \
         envelope = replace(envelope, 'OrderInitiated', 'OrderShipped')",
    );
    let earlier = Choreography::of(&shop.sagas).unwrap();
    let later = Choreography::builder(&shop.sagas).unwrap();
    let later = later.handlers_of(&shop.sagas).handler(Shipping).build();
    (shop, earlier, later.unwrap())
}

async fn published(shop: &Shop) -> i64 {
    let sql = "select count(*) as n from order_saga_outbox where published_at is not null";
    shop.world.count(sql, vec![]).await
}

/// While releases change, processes of both take events.
#[tokio::test]
async fn what_an_earlier_release_does_not_know_is_left_to_a_later_one() {
    let (shop, earlier, later) = of_two_releases().await;
    earlier.run_once(shop.world.clock.now()).await.unwrap();
    assert_eq!(published(&shop).await, 0);
    shop.world.advance(Duration::from_secs(2)).await;
    later.run_once(shop.world.clock.now()).await.unwrap();
    assert_eq!(published(&shop).await, 1);
    let sql = "select count(*) as n from order_saga_inbox where handler = 'ShippingHandler'";
    assert_eq!(shop.world.count(sql, vec![]).await, 1);
}

/// What nobody knows any more does not hold up its saga for ever.
#[tokio::test]
async fn what_no_release_knows_is_given_up_after_as_many_tries_as_any_event() {
    let (shop, earlier, _) = of_two_releases().await;
    for tries in 1..=BusConfig::default().max_deliveries {
        assert_eq!(published(&shop).await, 0, "after {} tries", tries - 1);
        earlier.run_once(shop.world.clock.now()).await.unwrap();
        shop.world.advance(Duration::from_secs(60)).await;
    }
    assert_eq!(published(&shop).await, 1);
}

/// A bus to which events of one kind are too large.
struct Narrow {
    inner: InProcessBus,
    kind: &'static str,
    tries: Arc<AtomicU32>,
}

#[async_trait]
impl EventBus for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }

    async fn publish(&self, claimed: &Claimed) -> Result<(), NotTaken> {
        if claimed.event.event_type == self.kind {
            self.tries.fetch_add(1, Ordering::SeqCst);
            return Err(NotTaken::refused("too large"));
        }
        self.inner.publish(claimed).await
    }

    fn redelivers_for(&self) -> Option<Duration> {
        None
    }

    async fn run(&self, _: Shutdown) -> Result<(), NotTaken> {
        Ok(())
    }
}

/// The usual handlers on a bus that never takes events of this kind, and how often it was asked to.
fn on_a_narrow_bus(shop: &Shop, kind: &'static str) -> (Choreography, Arc<AtomicU32>) {
    let tries = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&tries);
    let builder = Choreography::builder(&shop.sagas).unwrap();
    let builder = builder.handlers_of(&shop.sagas);
    let builder = builder.bus(move |dispatcher, subscriptions, config| {
        let (dispatcher, handlers) = (dispatcher.clone(), Arc::clone(subscriptions));
        Arc::new(Narrow {
            inner: InProcessBus::new(dispatcher, handlers, config),
            kind,
            tries,
        })
    });
    (builder.build().unwrap(), asked)
}

/// Sagas and events move on for so many minutes.
async fn minutes_of(shop: &Shop, choreography: &Choreography, minutes: u32) {
    for _ in 0..minutes * 4 {
        shop.world.advance(Duration::from_secs(15)).await;
        let now = shop.world.clock.now();
        shop.sagas.run_once(now).await.unwrap();
        while choreography.run_once(now).await.unwrap() > 0 {}
    }
}

/// It would hold up every later event of its saga, and what happened would never be undone.
#[tokio::test]
async fn what_a_bus_never_takes_is_a_dead_letter_of_all_who_hear_it_and_the_saga_goes_on() {
    let shop = shop(3, 3);
    let (choreography, tries) = on_a_narrow_bus(&shop, "ItemReserved");
    let id = shop.order("a").await;
    minutes_of(&shop, &choreography, 2).await;
    let letters = choreography.dead_letters(9).await.unwrap();
    let mut of: Vec<&str> = letters.iter().map(|letter| &*letter.handler).collect();
    of.sort_unstable();
    assert_eq!(of, ["PackHandler", "PayHandler"]);
    let tried = letters
        .iter()
        .map(|letter| (letter.deliveries, &*letter.error));
    assert!(tried.eq([(5, "too large"); 2]), "{letters:?}");
    assert_eq!(tries.load(Ordering::SeqCst), 5);
    // The time of the order is over.
    minutes_of(&shop, &choreography, 55).await;
    assert_eq!(shop.saga(&id).await.state, SagaState::Compensated);
    shop.assert_balanced(0, 3, 3).await;
    assert_eq!(tries.load(Ordering::SeqCst), 5, "and never again");
}

/// What was given up is in nobody's hands but a person's, who has it heard however large it is.
#[tokio::test]
async fn what_a_bus_never_takes_is_redriven_and_the_order_ends() {
    let mut shop = shop(3, 3);
    let (choreography, _) = on_a_narrow_bus(&shop, "ItemReserved");
    let id = shop.order("a").await;
    minutes_of(&shop, &choreography, 2).await;
    let why = Decision::new("ada", "the server takes more now").unwrap();
    let letters = choreography.dead_letters(9).await.unwrap();
    assert_eq!(letters.len(), 2);
    for letter in letters {
        let (name, handler) = (&letter.event.event_id, &*letter.handler);
        choreography.redrive(name, handler, &why).await.unwrap();
    }
    assert_eq!(shop.settle(&id).await.state, SagaState::Completed);
    shop.assert_balanced(1, 3, 3).await;
}

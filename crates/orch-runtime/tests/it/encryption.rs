//! Sealed texts: keys change, rows from before stay, and what cannot be opened holds up nothing.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use orch_runtime::encryption::{KeyRing, PayloadCipher};
use orch_runtime::engine::SubmitError;
use orch_runtime::metrics::Metrics;
use orch_runtime::operation::command::Fingerprint;
use orch_runtime::operation::decision::Settlement;
use orch_runtime::scheduler::{CleanerConfig, FinalizerConfig};
use orch_runtime::store::{Applied, Claim, KeyUse, NewOperation, Place, SealError, Sealing, Term};
use orch_runtime::testing::{Provider, Reply, World};
use orch_runtime::{Cleaner, Clock, Command, Finalizer, OperationState, Outcome, Timestamp};

use crate::charge::{Charge, Charging, SETUP, charge, hooked_world, keyed_world, scripted};

/// A cipher whose keys have these ids; equal ids are equal keys.
pub(crate) fn cipher(ids: &[&str]) -> PayloadCipher {
    let key = |id: &&str| {
        format!(
            "{id} {}\n",
            id.as_bytes()[0].to_string().repeat(64)[..64].to_owned()
        )
    };
    let lines: String = ids.iter().map(key).collect();
    let text = format!("{lines}fingerprint {}", "f".repeat(64));
    PayloadCipher::new(KeyRing::parse(&text).unwrap())
}

/// The counters of the process that was started last: each has its own.
#[derive(Clone, Default)]
pub(crate) struct CurrentMetrics(Arc<Mutex<Metrics>>);

impl CurrentMetrics {
    pub(crate) fn renew(&self) -> Metrics {
        let metrics = Metrics::new();
        *self.0.lock().unwrap() = metrics.clone();
        metrics
    }

    pub(crate) fn get(&self) -> Metrics {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn sealed(mut world: World, ids: &[&str]) -> World {
    world.restart_sealed_by(Arc::new(cipher(ids)));
    world
}

async fn rotate(world: &World) {
    let cleaner = Cleaner::new(world.engine(), CleanerConfig::default());
    cleaner.run_once(world.clock.now()).await.unwrap();
}

/// The keys under which there are texts; empty for texts in clear.
pub(crate) async fn keys(world: &World) -> Vec<String> {
    let used = world.store().keys_in_use().await.unwrap();
    let id = |used: KeyUse| used.key_id.unwrap_or_default();
    used.into_iter().map(id).collect()
}

/// Operations in every condition: one ended well, one refused, one in backoff, one not begun, one whose
/// answer waits in the log.
async fn fill(world: &mut World) -> Vec<orch_runtime::OpId> {
    let mut ops = Vec::new();
    let replies = [Reply::Done, Reply::Refuse("NO"), Reply::Busy(None)];
    for (n, reply) in replies.into_iter().enumerate() {
        world.provider.script([reply]);
        let order = charge(&format!("order-{n}"));
        ops.push(world.submit(&format!("k{n}"), &order).await.unwrap());
    }
    world.engine().drain(Duration::ZERO).await;
    let answer = Outcome::ok("charged", "r");
    let order = charge("order-3");
    ops.push(world.lose_after_record("k3", &order, &answer).await);
    ops.push(world.submit("k4", &charge("order-4")).await.unwrap());
    ops
}

async fn assert_all_replayed(world: &World, ops: &[orch_runtime::OpId]) {
    for (n, op) in ops.iter().enumerate() {
        let (key, order) = (format!("k{n}"), format!("order-{n}"));
        let again = world.submit(&key, &charge(&order)).await;
        assert_eq!(again.unwrap(), *op);
        let other = world.submit(&key, &charge("another")).await;
        assert!(matches!(other, Err(SubmitError::KeyReused)), "{other:?}");
    }
}

async fn assert_all_end(world: &World, ops: &[orch_runtime::OpId]) {
    world.settle().await;
    for (n, op) in ops.iter().enumerate() {
        let expected = if n == 1 {
            OperationState::Failed
        } else {
            OperationState::Completed
        };
        assert_eq!(world.state(op).await, expected, "order-{n}");
        let history = world.store().history(op).await.unwrap();
        let details: Vec<_> = history.iter().map(|entry| entry.detail.clone()).collect();
        assert!(
            details
                .iter()
                .flatten()
                .all(|detail| !detail.contains("key")),
            "{details:?}"
        );
    }
}

/// A client repeats its request while keys change; the old key is taken away afterwards.
#[tokio::test]
async fn keys_change_while_operations_run_and_requests_repeat() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    let ops = fill(&mut world).await;
    assert_eq!(keys(&world).await, ["1-old"]);
    world.restart_sealed_by(Arc::new(cipher(&["2-new", "1-old"])));
    assert_all_replayed(&world, &ops).await;
    rotate(&world).await;
    assert_eq!(keys(&world).await, ["2-new"]);
    world.restart_sealed_by(Arc::new(cipher(&["2-new"])));
    assert_all_replayed(&world, &ops).await;
    assert_all_end(&world, &ops).await;
}

/// Encryption is switched on in a service that has run for a year.
#[tokio::test]
async fn rows_in_clear_stay_usable_and_are_sealed_in_time() {
    let mut world = keyed_world();
    let ops = fill(&mut world).await;
    assert_eq!(keys(&world).await, [""]);
    world.restart_sealed_by(Arc::new(cipher(&["1-first"])));
    assert_all_replayed(&world, &ops).await;
    let new = world.submit("new", &charge("order-9")).await.unwrap();
    assert_eq!(keys(&world).await, ["", "1-first"]);
    rotate(&world).await;
    assert_eq!(keys(&world).await, ["1-first"]);
    assert_all_replayed(&world, &ops).await;
    assert_all_end(&world, &ops).await;
    assert_eq!(world.state(&new).await, OperationState::Completed);
}

/// The key was lost, or a process was started with the wrong file.
#[tokio::test]
async fn what_cannot_be_opened_is_parked_by_name_and_holds_up_no_other() {
    let mut world = sealed(keyed_world(), &["1-lost"]);
    world.engine().drain(Duration::ZERO).await;
    let lost = world.submit("k", &charge("order-1")).await.unwrap();
    world.restart_sealed_by(Arc::new(cipher(&["2-new"])));
    world.engine().drain(Duration::ZERO).await;
    let good = world.submit("k2", &charge("order-2")).await.unwrap();
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&good).await, OperationState::Completed);
    let view = world.view(&lost).await;
    assert_eq!(view.state, OperationState::Parked);
    let message = view.outcome.unwrap().message;
    assert!(
        message.contains(lost.as_str()) && message.contains("\"1-lost\""),
        "{message}"
    );
    rotate(&world).await;
    assert_eq!(keys(&world).await, ["1-lost", "2-new"]);
}

/// Somebody with write access gives an operation the command of another.
#[tokio::test]
async fn a_command_that_was_moved_to_another_operation_is_not_run() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    world.engine().drain(Duration::ZERO).await;
    let victim = world.submit("k1", &charge("order-1")).await.unwrap();
    let source = world.submit("k2", &charge("order-2")).await.unwrap();
    world.alter(&format!(
        "update charge_operations set payload =
             (select payload from charge_operations where op_id = '{source}')
         where op_id = '{victim}'"
    ));
    world.restart();
    world.settle().await;
    assert_eq!(world.state(&victim).await, OperationState::Parked);
    assert_eq!(world.provider.requests(&victim), 0);
    assert_eq!(world.state(&source).await, OperationState::Completed);
}

/// As above, in the log, where an answer of another attempt would end the operation.
#[tokio::test]
async fn an_answer_that_was_moved_is_set_aside_and_not_applied() {
    let world = sealed(hooked_world(), &["1-old"]);
    let answer = Outcome::fail("NO", "refused");
    let op = world
        .lose_after_record("k1", &charge("order-1"), &answer)
        .await;
    let other = world
        .lose_after_record("k2", &charge("order-2"), &answer)
        .await;
    world.alter(&format!(
        "update charge_write_ahead_logs set outcome =
             (select outcome from charge_write_ahead_logs where op_id = '{other}')
         where op_id = '{op}'"
    ));
    world.clock.advance(Duration::from_secs(6));
    let finalizer = Finalizer::new(world.engine(), FinalizerConfig::default());
    let report = finalizer.run_once(world.clock.now()).await.unwrap();
    assert_eq!((report.recovered, report.corrupt), (1, 1));
    assert_eq!(world.state(&op).await, OperationState::InProgress);
    let history = world.store().history(&op).await.unwrap();
    let detail = history[0].detail.as_deref().unwrap();
    assert!(
        detail.contains("\"1-old\"") && !detail.contains("refused"),
        "{detail}"
    );
}

/// A cipher that waits, when it opens a text, until it is told to go on.
#[derive(Debug)]
struct Waiting {
    cipher: PayloadCipher,
    begun: SyncSender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Sealing for Waiting {
    fn seal(&self, place: &Place<'_>, text: &str) -> Result<String, SealError> {
        self.cipher.seal(place, text)
    }

    fn open(&self, place: &Place<'_>, stored: String) -> Result<String, SealError> {
        self.begun.send(()).unwrap();
        self.go_on.lock().unwrap().recv().unwrap();
        self.cipher.open(place, stored)
    }

    fn fingerprint(&self, domain: &str, operation: &NewOperation) -> Fingerprint {
        self.cipher.fingerprint(domain, operation)
    }

    fn current_prefix(&self) -> &str {
        self.cipher.current_prefix()
    }

    fn key_ids(&self) -> Vec<String> {
        self.cipher.key_ids()
    }
}

/// An operation ends, and loses its secrets, between the look of a rotation and its write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_does_not_bring_back_what_was_overwritten_meanwhile() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    world.engine().drain(Duration::ZERO).await;
    world.submit("k", &charge("order-1")).await.unwrap();
    let ((begun, has_begun), (proceed, go_on)) = (sync_channel(1), sync_channel(1));
    world.restart_sealed_by(Arc::new(Waiting {
        cipher: cipher(&["2-new", "1-old"]),
        begun,
        go_on: Mutex::new(go_on),
    }));
    let store = Arc::clone(world.store());
    let rotating = tokio::spawn(async move { store.rotate(None, 10).await });
    let has_begun = tokio::task::spawn_blocking(move || has_begun.recv());
    has_begun.await.unwrap().unwrap();
    world.alter("update charge_operations set payload = 'redacted'");
    proceed.send(()).unwrap();
    assert_eq!(rotating.await.unwrap().unwrap().rewritten, 0);
    let redacted = "select count(*) as n from charge_operations where payload = 'redacted'";
    assert_eq!(world.count(redacted, vec![]).await, 1);
}

/// A large table is walked in parts, by processes that stop in between.
#[tokio::test]
async fn a_rotation_goes_on_where_it_stopped_and_comes_to_every_operation() {
    let mut world = sealed(keyed_world(), &["1-old"]);
    for n in 0..5 {
        let order = charge(&format!("order-{n}"));
        world.submit(&format!("k{n}"), &order).await.unwrap();
    }
    world.restart_sealed_by(Arc::new(cipher(&["2-new", "1-old"])));
    let (mut after, mut parts) = (None, Vec::new());
    loop {
        let rotated = world.store().rotate(after, 2).await.unwrap();
        after = rotated.end;
        if after.is_none() {
            break;
        }
        parts.push(rotated.rewritten);
    }
    // Each has its redacted command and one outcome.
    assert_eq!(parts, [4, 4, 2]);
    assert_eq!(keys(&world).await, ["2-new"]);
}

/// Whoever takes a key away too early loses what it sealed; so it must be seen when none is left.
#[tokio::test]
async fn a_gauge_shows_what_is_left_under_each_key_of_the_file_and_no_other_name() {
    let metrics = CurrentMetrics::default();
    let counted = metrics.clone();
    let mut world = World::new(SETUP, Provider::keyed(), move |builder, provider| {
        let charging = Charging::<false> {
            provider,
            keyed: true,
        };
        builder.register(charging).metrics(counted.renew())
    });
    for (n, ids) in [&["1-lost"][..], &["2-old"], &["2-old", "3-idle"]]
        .iter()
        .enumerate()
    {
        world.restart_sealed_by(Arc::new(cipher(ids)));
        world.submit(&format!("k{n}"), &charge("o")).await.unwrap();
    }
    world.alter("update charge_operations set payload = '{}' where idem_key = 'k2'");
    rotate(&world).await;
    let shown = metrics.get().render();
    let line = |key: &str, n: u32| {
        format!(r#"orchestration_encryption_texts{{domain="charge",key="{key}"}} {n}"#)
    };
    for expected in [
        line("(unknown)", 2),
        line("2-old", 4),
        line("3-idle", 0),
        line("(none)", 0),
    ] {
        assert!(
            shown.contains(&expected),
            "{expected} is missing in {shown}"
        );
    }
    assert!(!shown.contains("1-lost"), "{shown}");
}

#[tokio::test]
async fn owners_read_results_and_history_as_if_nothing_were_sealed() {
    let world = sealed(scripted(keyed_world(), [Reply::Busy(None)]), &["1-old"]);
    world.engine().drain(Duration::ZERO).await;
    let op = world.submit("k", &charge("order-1")).await.unwrap();
    let term = Term {
        worker: "w".into(),
        expires_at: world.clock.now() + Duration::from_secs(15),
    };
    let kinds = [Charge::EVENT_TYPE].into();
    let claim = Claim {
        term,
        event_types: kinds,
        due_from: Timestamp::UNIX_EPOCH,
        limit: 1,
        repeats: None,
    };
    let claimed = world.store().claim(world.clock.now(), claim);
    let lease = claimed.await.unwrap().remove(0);
    assert!(lease.payload.contains("order-1"));
    let result = serde_json::json!({"id": "ch_1"});
    let outcome = Outcome::Ok {
        message: "charged".to_owned(),
        provider_ref: None,
        result: Some(result.clone()),
    };
    let settlement = Settlement::Complete {
        message: "charged".to_owned(),
        provider_ref: None,
        result: Some(result.clone()),
    };
    let now = world.clock.now();
    let settle = || {
        world
            .store()
            .settle(now, &lease, &outcome, settlement.clone())
    };
    assert_eq!(settle().await.unwrap(), Applied::Yes);
    // The commit's reply was lost: the same term says it again, sealed with another nonce.
    assert_eq!(settle().await.unwrap(), Applied::Yes);
    assert_eq!(world.view(&op).await.outcome.unwrap().result, Some(result));
    let history = world.store().history(&op).await.unwrap();
    assert_eq!(history[0].detail.as_deref(), Some("charged"));
}

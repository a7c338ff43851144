//! The contract of [`OperationStore`], written once for every store.

use std::sync::Arc;

use orch_runtime::fault::NoFaults;
use orch_runtime::operation::command::Fingerprint;
use orch_runtime::operation::decision::Settlement;
use orch_runtime::store::hook::Hook;
use orch_runtime::store::{
    Accepted, Applied, Backlog, Claim, Finalized, Lease, NewOperation, OperationStore, Term,
};
use orch_runtime::testing::TestDatabase;
use orch_runtime::{
    BizKey, Command, IdSource, IdemKey, OperationState, Outcome, OwnerId, Timestamp, UuidSource,
};

use crate::STORE;
use crate::charge::{Charge, MIGRATIONS, TABLES, charge};
use crate::encryption::cipher;

struct Subject {
    store: Arc<dyn OperationStore>,
    _database: TestDatabase,
}

fn subject() -> Subject {
    let database = TestDatabase::fresh(STORE, MIGRATIONS);
    Subject {
        store: database.open(Arc::new(NoFaults)).operations(TABLES),
        _database: database,
    }
}

/// The same, with all texts sealed.
fn sealed_subject() -> Subject {
    let mut database = TestDatabase::fresh(STORE, MIGRATIONS);
    database.seal_by(Arc::new(cipher(&["one"])));
    Subject {
        store: database.open(Arc::new(NoFaults)).operations(TABLES),
        _database: database,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

fn operation(key: &str, command: &Charge) -> NewOperation {
    let payload = serde_json::to_string(command).unwrap();
    NewOperation {
        op_id: UuidSource.op_id(at(100)),
        owner_id: OwnerId::anonymous(),
        idem_key: IdemKey::new(key).unwrap(),
        biz_key: BizKey::new("b").unwrap(),
        event_type: Charge::EVENT_TYPE,
        fingerprint: Fingerprint::of(Charge::EVENT_TYPE, &payload),
        payload,
        columns: command.columns(),
        accepted_at: at(100),
        deadline_at: at(4_000),
        trace_parent: None,
    }
}

fn term(until: i64) -> Term {
    Term {
        worker: "w".into(),
        expires_at: at(until),
    }
}

fn claim(until: i64, event_types: Arc<[&'static str]>) -> Claim {
    Claim {
        term: term(until),
        event_types,
        due_from: Timestamp::UNIX_EPOCH,
        limit: 10,
        repeats: None,
    }
}

fn kinds() -> Arc<[&'static str]> {
    [Charge::EVENT_TYPE].into()
}

fn done() -> (Outcome, Settlement) {
    let settlement = Settlement::Complete {
        message: "m".to_owned(),
        provider_ref: None,
        result: None,
    };
    (Outcome::ok("m", "r"), settlement)
}

impl Subject {
    async fn leased(&self, key: &str) -> Lease {
        match self
            .store
            .accept(operation(key, &charge("o")), Some(term(115)))
            .await
            .unwrap()
        {
            Accepted::New(Some(lease)) => *lease,
            other => panic!("{other:?}"),
        }
    }

    async fn state(&self, lease: &Lease) -> OperationState {
        self.store.find(lease.op_id()).await.unwrap().unwrap().state
    }
}

async fn first_write_of_a_key_wins(s: Subject) {
    let first = operation("k", &charge("o"));
    let id = first.op_id.clone();
    assert!(matches!(
        s.store.accept(first, None).await.unwrap(),
        Accepted::New(None)
    ));
    let again = s
        .store
        .accept(operation("k", &charge("o")), None)
        .await
        .unwrap();
    assert!(matches!(again, Accepted::Existing(op_id) if op_id == id));
    let other = s
        .store
        .accept(operation("k", &charge("p")), None)
        .await
        .unwrap();
    assert!(matches!(other, Accepted::Mismatch));
}

async fn a_storm_of_one_key_records_one_operation(s: Subject) {
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let store = Arc::clone(&s.store);
        storm.spawn(async move {
            store
                .accept(operation("k", &charge("o")), None)
                .await
                .unwrap()
        });
    }
    let new = storm
        .join_all()
        .await
        .iter()
        .filter(|a| matches!(a, Accepted::New(_)))
        .count();
    assert_eq!(new, 1);
}

async fn two_claimers_never_get_the_same_operation(s: Subject) {
    for n in 0..50 {
        s.store
            .accept(operation(&format!("k{n}"), &charge("o")), None)
            .await
            .unwrap();
    }
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let store = Arc::clone(&s.store);
        claims.spawn(async move { store.claim(at(100), claim(115, kinds())).await.unwrap() });
    }
    let mut ids: Vec<String> = claims
        .join_all()
        .await
        .concat()
        .iter()
        .map(|lease| lease.op_id().to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

async fn work_that_is_not_due_is_not_claimed(s: Subject) {
    s.store
        .accept(operation("k", &charge("o")), None)
        .await
        .unwrap();
    assert!(
        s.store
            .claim(at(99), claim(115, kinds()))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        s.store.next_due(Timestamp::UNIX_EPOCH).await.unwrap(),
        Some(at(100))
    );
    let other: Arc<[&'static str]> = ["SOMETHING_ELSE"].into();
    assert!(
        s.store
            .claim(at(100), claim(115, other))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        s.store
            .claim(at(100), claim(115, kinds()))
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn a_stale_fence_cannot_settle(s: Subject) {
    let stale = s.leased("k").await;
    s.store.reap(at(115), 10).await.unwrap();
    let (outcome, settlement) = done();
    let applied = s
        .store
        .settle(at(116), &stale, &outcome, settlement)
        .await
        .unwrap();
    assert_eq!(applied, Applied::Stale);
    assert_eq!(s.state(&stale).await, OperationState::Unknown);
}

async fn a_stale_fence_cannot_record_or_finalize(s: Subject) {
    let stale = s.leased("k").await;
    s.store.reap(at(115), 10).await.unwrap();
    let (outcome, settlement) = done();
    assert_eq!(
        s.store.record(at(116), &stale, &outcome).await.unwrap(),
        Applied::Stale
    );
    let hook: Hook = Box::new(|_| panic!("the hook of a stale term must not run"));
    let finalized = s
        .store
        .finalize(at(116), &stale, settlement, hook)
        .await
        .unwrap();
    assert_eq!(finalized, Finalized::Stale);
}

async fn a_recorded_outcome_is_not_reaped(s: Subject) {
    let lease = s.leased("k").await;
    assert_eq!(
        s.store.record(at(101), &lease, &done().0).await.unwrap(),
        Applied::Yes
    );
    assert!(s.store.reap(at(1_000), 10).await.unwrap().is_empty());
    let pending = s.store.pending_outcomes(at(1_000), None, 10).await.unwrap();
    let (_, outcome) = pending[0].content.as_ref().unwrap();
    assert_eq!(*outcome, done().0);
}

async fn heartbeats_keep_a_lease_alive(s: Subject) {
    let lease = s.leased("k").await;
    let beat = orch_runtime::store::Beat {
        op_id: lease.op_id().clone(),
        fence: lease.fence,
        progress: Some(orch_runtime::Progress { done: 3, total: 9 }),
    };
    s.store.heartbeat(vec![beat], at(130)).await.unwrap();
    assert!(s.store.reap(at(129), 10).await.unwrap().is_empty());
    let progress = s
        .store
        .find(lease.op_id())
        .await
        .unwrap()
        .unwrap()
        .progress
        .unwrap();
    assert_eq!((progress.done, progress.total), (3, 9));
    assert_eq!(s.store.reap(at(130), 10).await.unwrap().len(), 1);
}

async fn a_lost_worker_costs_an_interruption_and_not_an_attempt(s: Subject) {
    let lease = s.leased("k").await;
    s.store.reap(at(115), 10).await.unwrap();
    let asked = s
        .store
        .claim_unknown(at(115), claim(130, kinds()))
        .await
        .unwrap();
    let facts = &asked[0].facts;
    assert_eq!(
        (facts.attempts, facts.interruptions, facts.unaccounted_at),
        (0, 1, Some(at(115)))
    );
    assert!(asked[0].fence > lease.fence);
    let nobody_else = s
        .store
        .claim_unknown(at(115), claim(130, kinds()))
        .await
        .unwrap();
    assert!(nobody_else.is_empty());
    let after_its_death = s
        .store
        .claim_unknown(at(130), claim(145, kinds()))
        .await
        .unwrap();
    assert_eq!(after_its_death.len(), 1);
}

async fn only_old_applied_entries_are_purged(s: Subject) {
    let (outcome, settlement) = done();
    let applied = s.leased("k1").await;
    assert_eq!(
        s.store
            .settle(at(101), &applied, &outcome, settlement)
            .await
            .unwrap(),
        Applied::Yes
    );
    let parked = s.leased("k3").await;
    let park = Settlement::Park {
        code: "UNKNOWN",
        reason: "nobody knows".to_owned(),
    };
    let lost = Outcome::unknown("lost");
    let settled = s.store.settle(at(101), &parked, &lost, park).await;
    assert_eq!(settled.unwrap(), Applied::Yes);
    let waiting = s.leased("k2").await;
    assert_eq!(
        s.store.record(at(101), &waiting, &outcome).await.unwrap(),
        Applied::Yes
    );
    assert_eq!(s.store.purge(at(100), 10).await.unwrap(), 0);
    assert_eq!(s.store.purge(at(5_000), 10).await.unwrap(), 1);
    let evidence = s.store.history(parked.op_id()).await.unwrap();
    assert_eq!(evidence.len(), 1, "a person still needs it");
    assert_eq!(
        s.store
            .pending_outcomes(at(5_000), None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    let again = s
        .store
        .accept(operation("k1", &charge("o")), None)
        .await
        .unwrap();
    assert!(
        matches!(again, Accepted::Existing(_)),
        "the key outlives the log"
    );
}

/// A statement that fails must not take down what shares its commit.
async fn a_failing_member_leaves_its_neighbours_alone(s: Subject) {
    let mut storm = tokio::task::JoinSet::new();
    for n in 0..100 {
        let store = Arc::clone(&s.store);
        storm.spawn(async move {
            let mut operation = operation(&format!("k{n}"), &charge("o"));
            if n % 10 == 0 {
                operation.op_id = orch_runtime::OpId::new("twice").unwrap();
            }
            store.accept(operation, None).await.is_ok()
        });
    }
    let recorded = storm.join_all().await.iter().filter(|ok| **ok).count();
    assert_eq!(recorded, 91);
}

/// The retry budget limits repetitions and must not hold up first calls.
async fn repetitions_and_first_calls_are_claimed_apart(s: Subject) {
    let tried = s.leased("tried").await;
    let again = Settlement::Retry {
        at: at(100),
        reason: "busy".to_owned(),
        ambiguous: false,
    };
    let settled = s
        .store
        .settle(at(100), &tried, &Outcome::retry("busy"), again)
        .await;
    assert_eq!(settled.unwrap(), Applied::Yes);
    let fresh = operation("fresh", &charge("o"));
    let fresh_id = fresh.op_id.clone();
    s.store.accept(fresh, None).await.unwrap();
    for (repeats, expected) in [(true, tried.op_id()), (false, &fresh_id)] {
        let only = Claim {
            repeats: Some(repeats),
            ..claim(115, kinds())
        };
        let leases = s.store.claim(at(100), only).await.unwrap();
        assert_eq!(leases.len(), 1, "{repeats}");
        assert_eq!(leases[0].op_id(), expected, "{repeats}");
    }
}

/// The reply to a commit can be lost with the connection; the writer then says it again.
async fn a_settlement_that_is_repeated_stays_applied(s: Subject) {
    let lease = s.leased("k").await;
    for _ in 0..2 {
        let (outcome, settlement) = done();
        let applied = s.store.settle(at(101), &lease, &outcome, settlement).await;
        assert_eq!(applied.unwrap(), Applied::Yes);
    }
    let log = "select count(*) as n from charge_write_ahead_logs where state = 'COMPLETED'";
    let rows = s.store.query(log.to_owned(), vec![]).await.unwrap();
    assert_eq!(rows[0].get::<i64>("n").unwrap(), 1);
}

async fn recorded_outcomes_are_read_page_by_page(s: Subject) {
    for key in ["k1", "k2", "k3"] {
        let lease = s.leased(key).await;
        let applied = s.store.record(at(101), &lease, &done().0).await.unwrap();
        assert_eq!(applied, Applied::Yes);
    }
    let mut behind = None;
    let mut seen = Vec::new();
    for size in [2, 1, 0] {
        let page = s.store.pending_outcomes(at(1_000), behind.clone(), 2).await;
        let page = page.unwrap();
        assert_eq!(page.len(), size);
        seen.extend(page.into_iter().map(|pending| pending.position));
        behind = seen.last().cloned();
    }
    let mut names: Vec<_> = seen.iter().map(|position| &position.op_id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 3);
}

/// What an operator is shown, and woken up by.
async fn the_backlog_is_what_has_not_ended(s: Subject) {
    let empty = s.store.backlog(at(100)).await.unwrap();
    assert_eq!(empty, Backlog::default());
    let retry = |seconds| Settlement::Retry {
        at: at(seconds),
        reason: "busy".to_owned(),
        ambiguous: false,
    };
    let ask = Settlement::Ask {
        at: at(900),
        reason: "lost".to_owned(),
    };
    let park = Settlement::Park {
        code: "UNKNOWN",
        reason: "nobody knows".to_owned(),
    };
    let lost = Outcome::unknown("lost");
    for (key, settlement) in [
        ("due", retry(500)),
        ("due too", retry(550)),
        ("in backoff", retry(700)),
        ("asked", ask.clone()),
        ("asked later", ask),
        ("parked", park),
        ("done", done().1),
    ] {
        let mut lease = s.leased(key).await;
        let seconds = if key == "asked" { 103 } else { 104 };
        lease.facts.unaccounted_at = Some(at(seconds));
        let applied = s.store.settle(at(105), &lease, &lost, settlement).await;
        assert_eq!(applied.unwrap(), Applied::Yes);
    }
    s.leased("running").await;
    let answered = s.leased("answered").await;
    let recorded = s.store.record(at(101), &answered, &done().0).await;
    assert_eq!(recorded.unwrap(), Applied::Yes);
    let expected = Backlog {
        pending: 3,
        in_progress: 2,
        unknown: 2,
        parked: 1,
        due_since: Some(at(500)),
        unknown_since: Some(at(103)),
        wal_pending: 1,
        wal_pending_since: Some(at(100)),
    };
    assert_eq!(s.store.backlog(at(600)).await.unwrap(), expected);
    let before_any_is_due = s.store.backlog(at(499)).await.unwrap();
    assert_eq!(before_any_is_due.due_since, None);
    s.store
        .set_aside(answered.op_id().as_str(), answered.fence)
        .await
        .unwrap();
    let aside = s.store.backlog(at(600)).await.unwrap();
    assert_eq!((aside.wal_pending, aside.wal_pending_since), (0, None));
}

macro_rules! cases {
    ($subject:expr; $($case:ident),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            super::$case($subject).await;
        }
    )*};
}

macro_rules! store_conformance {
    ($subject:expr) => {
        cases!($subject;
            first_write_of_a_key_wins,
            a_storm_of_one_key_records_one_operation,
            two_claimers_never_get_the_same_operation,
            work_that_is_not_due_is_not_claimed,
            a_stale_fence_cannot_settle,
            a_stale_fence_cannot_record_or_finalize,
            a_recorded_outcome_is_not_reaped,
            heartbeats_keep_a_lease_alive,
            a_lost_worker_costs_an_interruption_and_not_an_attempt,
            only_old_applied_entries_are_purged,
            recorded_outcomes_are_read_page_by_page,
            repetitions_and_first_calls_are_claimed_apart,
            a_settlement_that_is_repeated_stays_applied,
            a_failing_member_leaves_its_neighbours_alone,
            the_backlog_is_what_has_not_ended,
        );
    };
}

mod store {
    store_conformance!(super::subject());
}

mod sealed {
    store_conformance!(super::sealed_subject());
}

//! Protection that two processes share through one database.

use std::sync::Arc;

use orch_runtime::Timestamp;
use orch_runtime::fault::NoFaults;
use orch_runtime::protection::{
    CallKind, CallResult, Gate, LaneReport, LaneState, LaneStore, ProtectionPolicy, Rate, Reason,
};
use orch_runtime::store::StoreKind;
use orch_runtime::testing::TestDatabase;

use crate::STORE;
use crate::charge::MIGRATIONS;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
}

fn place() -> TestDatabase {
    TestDatabase::fresh(STORE, MIGRATIONS)
}

/// The lanes, as one more process sees them.
fn lanes_of(place: &TestDatabase) -> Arc<dyn LaneStore> {
    place.open(Arc::new(NoFaults)).lanes()
}

/// One process: a store of its own on the shared database, and its gate.
struct Process {
    lanes: Arc<dyn LaneStore>,
    gate: Gate,
    policy: ProtectionPolicy,
}

impl Process {
    fn start(place: &TestDatabase, name: &str, policy: &ProtectionPolicy) -> Self {
        Self {
            lanes: lanes_of(place),
            gate: Gate::new(name, policy.clone()),
            policy: policy.clone(),
        }
    }

    async fn sync(&self, now: i64) -> LaneState {
        self.tell(now, self.gate.report(at(now))).await
    }

    async fn tell(&self, now: i64, report: LaneReport) -> LaneState {
        let synced = self.lanes.sync("payment", at(now), &self.policy, report);
        let grant = synced.await.unwrap();
        let state = grant.state;
        self.gate.apply(grant);
        state
    }

    fn call(&self, now: i64, result: CallResult) -> Option<Reason> {
        match self.gate.try_enter(CallKind::Fresh, at(now)) {
            Ok(permit) => {
                permit.finish(result);
                None
            }
            Err(refused) => Some(refused.reason),
        }
    }
}

/// The second process would learn of an outage only by failing as often as the first.
#[tokio::test]
async fn one_process_fails_and_the_other_stops_calling() {
    let place = place();
    let policy = ProtectionPolicy::default();
    let one = Process::start(&place, "one", &policy);
    let two = Process::start(&place, "two", &policy);
    one.sync(0).await;
    assert_eq!(two.sync(0).await, LaneState::Closed);
    for _ in 0..20 {
        assert_eq!(one.call(100, CallResult::Failed), None);
    }
    assert_eq!(two.call(100, CallResult::Answered), None);
    one.sync(200).await;
    assert_eq!(two.sync(201).await, LaneState::Open { until: at(30_200) });
    assert_eq!(two.call(202, CallResult::Answered), Some(Reason::Breaker));

    two.call(30_200, CallResult::Answered);
    assert_eq!(two.sync(30_200).await, LaneState::HalfOpen { probe: true });
    one.call(30_200, CallResult::Answered);
    assert_eq!(one.sync(30_201).await, LaneState::HalfOpen { probe: false });
    assert_eq!(two.call(30_300, CallResult::Answered), None);
    assert_eq!(two.sync(30_400).await, LaneState::Closed);
    assert_eq!(one.sync(31_201).await, LaneState::Closed);
    assert_eq!(one.call(31_202, CallResult::Answered), None);
}

/// Two transactions that both read before either writes would grant the same tokens twice.
#[tokio::test]
async fn concurrent_syncs_of_two_processes_grant_no_token_twice() {
    let place = place();
    let policy = ProtectionPolicy {
        rate: Some(Rate {
            per_second: 0.001,
            burst: 100,
        }),
        ..ProtectionPolicy::default()
    };
    let mut asking = tokio::task::JoinSet::new();
    for process in 0..2 {
        let lanes = lanes_of(&place);
        for turn in 0..50 {
            let (lanes, policy) = (Arc::clone(&lanes), policy.clone());
            let name = format!("{process}-{turn}");
            asking.spawn(async move {
                let report = LaneReport {
                    tokens_wanted: 3,
                    ..LaneReport::idle(name.into())
                };
                let grant = lanes.sync("payment", at(0), &policy, report).await;
                grant.unwrap().tokens
            });
        }
    }
    let granted: u32 = asking.join_all().await.into_iter().sum();
    assert_eq!(granted, 100);
}

/// One damaged row must not stop every call to the provider until a person looks.
#[tokio::test]
async fn a_record_that_cannot_be_read_begins_anew() {
    let place = place();
    let process = Process::start(&place, "one", &ProtectionPolicy::default());
    let texts = ["'{'", "''", r#"'{"breaker":{"state":"ajar"}}'"#];
    // Only SQLite lets a number or bytes stand where a text belongs.
    let others = match STORE {
        StoreKind::Sqlite => &["7", "x'ff00'"][..],
        StoreKind::Postgres => &[],
    };
    for (turn, damage) in texts.iter().chain(others).enumerate() {
        let now = i64::try_from(turn).unwrap() * 1_000;
        let sick = LaneReport {
            failures: 20,
            ..LaneReport::idle("one".into())
        };
        let opened = process.tell(now, sick).await;
        assert!(matches!(opened, LaneState::Open { .. }), "{damage}");
        assert_eq!(process.sync(now + 250).await, opened, "{damage}");
        place
            .try_alter(&format!("update orch_lanes set record = {damage}"))
            .unwrap();
        assert_eq!(process.sync(now + 500).await, LaneState::Closed, "{damage}");
    }
}

#[tokio::test]
async fn lanes_do_not_know_each_other_and_outlive_the_process() {
    let place = place();
    let policy = ProtectionPolicy::default();
    let lanes = lanes_of(&place);
    let sick = LaneReport {
        failures: 20,
        ..LaneReport::idle("one".into())
    };
    let opened = lanes.sync("payment", at(0), &policy, sick).await.unwrap();
    drop(lanes);
    let lanes = lanes_of(&place);
    let report = |name: &'static str| LaneReport::idle(name.into());
    let payment = lanes.sync("payment", at(1), &policy, report("two"));
    assert_eq!(payment.await.unwrap().state, opened.state);
    let sms = lanes.sync("sms", at(1), &policy, report("two"));
    assert_eq!(sms.await.unwrap().state, LaneState::Closed);
}

//! Finalizer and Reaper: what the process left behind.

use std::time::Duration;

use orch_runtime::Clock;
use orch_runtime::OperationState::{Completed, Pending};
use orch_runtime::fault::Boundary;
use orch_runtime::repository::PageRequest;
use orch_runtime::scheduler::{FinalizerConfig, ReaperConfig};
use orch_runtime::service::Intervals;
use orch_runtime::testing::Reply;
use orch_runtime::{IdemKey, Outcome, OwnerId};

use purchase::notification::generated::finalizer::NotificationFinalizer;
use purchase::notification::generated::reaper::NotificationReaper;
use purchase::notification::generated::repository::NotificationOperationRepository;
use purchase::notification::generated::repository::NotificationWriteAheadLogRepository;
use purchase::notification::workers;

use crate::world::{keyed, sample};

/// The process died right after the intent: nobody knows whether the provider was called.
#[tokio::test]
async fn the_reaper_takes_an_operation_from_a_lost_worker_and_asks_the_provider() {
    let mut world = keyed();
    world.crash_at(Boundary::AfterCall);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.restart();
    let reaper = NotificationReaper::new(world.engine(), ReaperConfig::default());
    let early = reaper.run_once(world.clock.now()).await.unwrap();
    assert_eq!((early.reaped, early.probed), (0, 0), "the lease still runs");
    world.clock.advance(Duration::from_secs(16));
    let report = reaper.run_once(world.clock.now()).await.unwrap();
    assert_eq!((report.reaped, report.probed), (1, 1));
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.requests(&op_id), 1);
}

#[tokio::test]
async fn the_reaper_leaves_operations_in_backoff_alone() {
    let world = keyed();
    let long = Duration::from_secs(1_800);
    world.provider.script([Reply::Busy(Some(long))]);
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    world.advance(Duration::from_secs(900)).await;
    assert_eq!(world.state(&op_id).await, Pending);
}

/// The answer is in the log and the operation was not finished: nothing may be asked or sent again.
#[tokio::test]
async fn the_finalizer_applies_what_the_log_knows() {
    let world = keyed();
    let answer = Outcome::ok("done", "ref-1");
    let op_id = world.lose_after_record("key-1", &sample(), &answer).await;
    let finalizer = NotificationFinalizer::new(world.engine(), FinalizerConfig::default());
    let early = finalizer.run_once(world.clock.now()).await.unwrap();
    assert_eq!(early.recovered, 0, "its worker may still finish it");
    world.clock.advance(Duration::from_secs(60));
    let report = finalizer.run_once(world.clock.now()).await.unwrap();
    assert_eq!(report.recovered, 1);
    assert_eq!(world.state(&op_id).await, Completed);
    assert_eq!(world.provider.requests(&op_id), 0);
    assert_eq!(world.provider.probes(), 0);
}

/// Without them nothing that a lost process leaves behind is ever finished, and nobody sees it.
#[tokio::test]
async fn the_service_runs_all_its_schedulers() {
    let world = keyed();
    let workers = workers(world.engine(), &Intervals::default());
    for name in ["finalizer", "reaper", "cleaner", "monitor"] {
        let runs = workers.names().iter().any(|found| found.ends_with(name));
        assert!(runs, "{name} is not among {workers:?}");
    }
}

#[tokio::test]
async fn repositories_find_what_was_recorded() {
    let world = keyed();
    let op_id = world.submit("key-1", &sample()).await.unwrap();
    let operations = NotificationOperationRepository::new(world.engine());
    let owner = OwnerId::anonymous();
    let key = IdemKey::new("key-1").unwrap();
    let found = operations.find_by_id(&op_id).await.unwrap().unwrap();
    assert_eq!(found.state(), Completed);
    let found = operations.find_by_idem_key(&owner, &key).await.unwrap();
    assert_eq!(found.unwrap().op_id(), &op_id);
    let completed = operations.find_by_state(Completed, 10).await.unwrap();
    let mine = operations.find_by_owner(&owner, 10).await.unwrap();
    assert_eq!((completed.len(), mine.len()), (1, 1));
    let first = PageRequest::default();
    let page = operations.find_paginated(&first).await.unwrap();
    assert_eq!((page.total, page.total_pages, page.data.len()), (1, 1, 1));
    let statistics = operations.statistics().await.unwrap();
    assert_eq!((statistics.total, statistics.completed), (1, 1));
    let log = NotificationWriteAheadLogRepository::new(world.engine());
    let entries = log.find_by_operation(&op_id).await.unwrap();
    assert_eq!(entries[0].outcome_type(), Some("OK"));
}

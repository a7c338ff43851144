//! A backup that is taken while orders run, and goes on elsewhere: `docs/14_sagas-guide.md` says how.

use orch_runtime::saga::SagaFilter;

use super::*;

/// The machine is lost after so many rounds. A server takes a second for each.
const ROUNDS: &[u32] = match STORE {
    StoreKind::Sqlite => &[0, 1, 2, 3, 4, 5, 6, 8, 12],
    StoreKind::Postgres => &[0, 1, 3],
};

/// What the provider says, in the order of the calls: the second payment is refused, some answers are lost.
const REPLIES: [Reply; 8] = [
    Reply::DoneButLost,
    Reply::Refuse("CARD_DECLINED"),
    Reply::Done,
    Reply::DoneLate,
    Reply::DoneButBusy,
    Reply::LostBefore,
    Reply::Done,
    Reply::DoneButLost,
];

/// Money is where it was before, whatever was under way: what was asked for is asked for again under the same key.
#[tokio::test]
async fn sagas_that_are_restored_end_whole_or_undone() {
    for pattern in [SagaPattern::Orchestration, SagaPattern::Choreography] {
        for rounds in ROUNDS {
            restored_after(pattern, *rounds).await;
        }
    }
}

async fn restored_after(pattern: SagaPattern, rounds: u32) {
    let mut shop = Shop::of(pattern, 9, 9);
    shop.world.provider.script(REPLIES);
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        ids.push(shop.order(key).await);
    }
    for _ in 0..rounds {
        shop.world.quiet().await;
        shop.world.advance(Duration::from_secs(16)).await;
        let now = orch_runtime::Clock::now(&shop.world.clock);
        shop.sagas.run_once(now).await.unwrap();
        shop.deliver().await;
    }
    let backup = shop.world.database().backed_up();
    // Calls that have begun reach the provider. What it answers is in no backup.
    shop.world.quiet().await;
    shop.world.provider.arrive();
    shop.world.restore(backup);
    shop.sagas = sagas(&shop.world);
    shop.sagas.set_pattern(pattern).unwrap();

    let mut sold = 0;
    for id in &ids {
        let saga = shop.settle(id).await;
        let is_undone = [SagaState::Compensated, SagaState::Failed].contains(&saga.state);
        assert!(
            saga.state == SagaState::Completed || is_undone,
            "{rounds}: {saga:?}"
        );
        sold += i64::from(saga.state == SagaState::Completed);
    }
    shop.assert_balanced(sold, 9, 9).await;
    let effects = i64::from(shop.world.provider.total_effects());
    assert_eq!(effects, shop.count("state = 'COMPLETED'").await, "{rounds}");
    let found = shop.sagas.check_integrity(Duration::from_secs(600)).await;
    assert_eq!(found.unwrap(), [], "{rounds}");
    let key = shop.order("a").await;
    assert_eq!(key, ids[0], "the key of a restored saga is taken");
    let all = shop
        .sagas
        .page(1, 10, &SagaFilter::default())
        .await
        .unwrap();
    assert_eq!(all.total, 3);
}

//! How many purchases are in which state, in both patterns.

use orch_runtime::http::{Api, ApiConfig, SagaEndpoint};
use orch_runtime::saga::{SagaPattern, SagaState};
use orch_runtime::serde_json::{Value, json};
use orch_runtime::testing::client::Client;

use purchase::purchase::controller::storefront;

use crate::world::{World, sample, world};

/// How many of them are in a state: another number for each state and pattern, so that none stands for another.
fn how_many(pattern: SagaPattern, state: SagaState) -> usize {
    let at = SagaState::ALL.iter().position(|known| *known == state);
    let more = usize::from(pattern == SagaPattern::Choreography) * 3;
    at.unwrap() + 1 + more
}

/// Purchases in every state.
async fn purchases(world: &World) {
    for pattern in SagaPattern::ALL {
        world.sagas().set_pattern(pattern).unwrap();
        for state in SagaState::ALL {
            for at in 0..how_many(pattern, state) {
                let key = format!("{pattern}-{state}-{at}");
                let id = world.initiate(&key, &sample()).await.unwrap().id;
                world.alter(&format!(
                    "update purchase_saga_states set status = '{state}' \
                     where transaction_id = '{id}'"
                ));
            }
        }
    }
}

fn expected(patterns: &[SagaPattern]) -> Value {
    let of = |state| -> usize {
        let counts = patterns.iter().map(|pattern| how_many(*pattern, state));
        counts.sum()
    };
    json!({
        "total": SagaState::ALL.map(of).iter().sum::<usize>(),
        "pending": of(SagaState::Pending),
        "inProgress": of(SagaState::InProgress),
        "completed": of(SagaState::Completed),
        "failed": of(SagaState::Failed),
        "compensating": of(SagaState::Compensating),
        "compensated": of(SagaState::Compensated),
    })
}

#[tokio::test]
async fn every_state_is_counted_in_each_pattern_and_in_both() {
    let world = world();
    let limits = Api::new(ApiConfig::default());
    let endpoint = SagaEndpoint::new(world.sagas(), &limits);
    let client = Client::new(storefront::routes(endpoint, None), &limits);
    let nothing = client.get("/sagas/stats", "").await;
    assert_eq!(nothing.body["stats"], expected(&[]));
    let none_ended = client.get("/patterns/comparison", "").await;
    assert_eq!(
        none_ended.body["patterns"][0]["completedShare"],
        Value::Null
    );
    purchases(&world).await;
    let all = client.get("/sagas/stats", "").await;
    assert_eq!((all.status, &all.body["success"]), (200, &json!(true)));
    assert_eq!(all.body["stats"], expected(&SagaPattern::ALL));
    let choreographed = client.get("/choreography/stats", "").await;
    let own = expected(&[SagaPattern::Choreography]);
    assert_eq!(choreographed.body["stats"], own);
    let both = client.get("/patterns/comparison", "").await;
    let patterns = both.body["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 2);
    for (pattern, seen) in SagaPattern::ALL.into_iter().zip(patterns) {
        assert_eq!(seen["pattern"], pattern.name());
        assert_eq!(seen["stats"], expected(&[pattern]));
        let is_active = pattern == SagaPattern::Choreography;
        assert_eq!(seen["isActive"], json!(is_active));
    }
    // 4 of 4 + 5 + 6, and 7 of 7 + 8 + 9.
    assert_eq!(patterns[0]["completedShare"], "26.6 %");
    assert_eq!(patterns[1]["completedShare"], "29.1 %");
}

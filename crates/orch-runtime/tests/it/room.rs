//! Room: what waits for it begins when there is some, and not at the next round of a loop.

use std::time::Duration;

use orch_runtime::engine::{EngineConfig, Shutdown};
use orch_runtime::testing::{Provider, Reply, World};

use crate::charge::{Charging, SETUP, charge};

const OPERATIONS: usize = 4;
/// Long enough for a look that finds nothing.
const WHILE: Duration = Duration::from_millis(50);

/// A world with room for one call.
fn narrow_world() -> World {
    World::new(SETUP, Provider::keyed(), |builder, provider| {
        let config = EngineConfig {
            concurrency: 1,
            ..EngineConfig::default()
        };
        builder.config(config).register(Charging::<false> {
            provider,
            keyed: true,
        })
    })
}

/// A process that forgets to look when a call ends leaves its queue lying for seconds.
#[tokio::test]
async fn what_found_no_room_begins_as_soon_as_there_is_some() {
    let world = narrow_world();
    world
        .provider
        .script(std::iter::repeat_n(Reply::Hang, OPERATIONS));
    for number in 0..OPERATIONS {
        let command = charge(&format!("order-{number}"));
        let accepted = world.submit(&format!("k-{number}"), &command).await;
        accepted.unwrap();
    }
    let (stop, shutdown) = Shutdown::new();
    let running = world.engine().clone();
    let loops = tokio::spawn(async move { running.run(shutdown, Duration::ZERO).await });
    for called in 1..=OPERATIONS {
        let begun = async {
            while (world.provider.total_effects() as usize) < called {
                tokio::task::yield_now().await;
            }
        };
        let begun = tokio::time::timeout(Duration::from_secs(30), begun).await;
        assert!(
            begun.is_ok(),
            "the clock stands still, and so does the queue"
        );
        // Meanwhile the process looks for more, finds that there is no room, and goes to sleep.
        let _ = tokio::time::timeout(WHILE, std::future::pending::<()>()).await;
        world.provider.release();
    }
    stop.request();
    loops.await.unwrap();
}

//! The same kills, with a real NATS server between the processes. `cargo xtask test nats` gets one and runs this.

use orch_runtime::saga::SagaPattern;
use orch_runtime::store::StoreKind;

use crate::kills::Chaos;
use crate::nats_server::NatsServer;

async fn killed_and_true(store: StoreKind) {
    let server = NatsServer::start().await;
    let mut chaos = Chaos::new(store, SagaPattern::Choreography, Some(server.url())).await;
    chaos.run().await;
}

/// What the server has given to a process that is killed it gives to the next one.
#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn killed_handlers_behind_a_server_of_events_lose_and_repeat_nothing() {
    killed_and_true(StoreKind::Sqlite).await;
}

#[tokio::test]
#[ignore = "needs a NATS server: cargo xtask test nats"]
async fn two_processes_behind_a_server_of_events_lose_and_repeat_nothing() {
    killed_and_true(StoreKind::Postgres).await;
}

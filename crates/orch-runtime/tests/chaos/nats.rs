//! The same kills, with a real NATS server between the processes. `cargo xtask test nats` gets one and runs this.

#[path = "../providers/emulator.rs"]
mod emulator;

use orch_runtime::saga::SagaPattern;
use orch_runtime::store::StoreKind;

use crate::kills::Chaos;
use emulator::Emulator;

/// Names the program nats-server.
const NATS_SERVER: &str = "ORCH_TEST_NATS_SERVER";

async fn killed_and_true(store: StoreKind) {
    let server = Emulator::start(NATS_SERVER, |command, [port], folder| {
        let port = port.to_string();
        let options = ["-a", "127.0.0.1", "-js", "-p", &port, "-sd"];
        command.args(options).arg(folder);
    });
    let server = server.await;
    let url = format!("nats://{}", server.address(0));
    let mut chaos = Chaos::new(store, SagaPattern::Choreography, Some(url)).await;
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

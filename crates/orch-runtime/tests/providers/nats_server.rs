//! A real NATS server for one test. `cargo xtask test nats` gets one and runs what needs it.

use crate::emulator::Emulator;

/// Names the program nats-server.
const NATS_SERVER: &str = "ORCH_TEST_NATS_SERVER";

/// A server with streams of its own.
pub(crate) struct NatsServer {
    emulator: Emulator,
}

impl NatsServer {
    pub(crate) async fn start() -> Self {
        let emulator = Emulator::start(NATS_SERVER, |command, [port], folder| {
            let port = port.to_string();
            let options = ["-a", "127.0.0.1", "-js", "-p", &port, "-sd"];
            command.args(options).arg(folder);
        });
        Self {
            emulator: emulator.await,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.emulator.address(0))
    }
}

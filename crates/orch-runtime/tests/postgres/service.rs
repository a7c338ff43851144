//! A whole service on PostgreSQL, in a process of its own. This test program starts itself again as the
//! service: [`child`] is that service.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orch_runtime::axum::Router;
use orch_runtime::gateway::GatewayKind;
use orch_runtime::service::{Module, Parts, Service, Setup, SetupError};
use orch_runtime::testing::{Provider, TestDatabase};
use orch_runtime::{Monitor, Workers};

use crate::STORE;
use crate::charge::{Charging, MIGRATIONS, TABLES};

const PATIENCE: Duration = Duration::from_secs(30);

const MODULE: Module = Module {
    domain: "CHARGE",
    gateways: &[("CHARGE", GatewayKind::Http)],
    start,
};

fn start(setup: &Setup) -> Result<Parts, SetupError> {
    let charging = Charging::<false> {
        provider: Provider::keyed(),
        keyed: true,
    };
    let engine = setup.engine(TABLES).register(charging).build()?;
    Ok(Parts {
        routes: Router::new(),
        workers: Workers::new().with(Monitor::new(&engine, setup.intervals().monitor)),
        engine,
    })
}

/// The service that the test below starts. By itself it is no test.
#[test]
#[ignore = "started by the other tests"]
fn child() {
    let service = Service::new("charger", "1.2.3").store(STORE);
    let service = service.migrations(MIGRATIONS).module(MODULE);
    let _ = service.run_with(vec!["--simulate".into()], std::env::vars_os());
}

struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(url: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "service::child", "--ignored", "--nocapture"])
            .env_clear()
            .envs([("DATABASE_URL", url), ("BIND_ADDR", "127.0.0.1:0")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let entry: serde_json::Value = serde_json::from_str(&line.ok()?).ok()?;
            entry["address"].as_str()?.parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            address: address.expect("it starts"),
        }
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let ask = "GET /metrics HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        stream.write_all(ask.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Who looks at the dashboard after a start must not wait five minutes to see that the disk is full.
#[test]
fn a_service_shows_its_server_right_after_its_start() {
    let place = TestDatabase::fresh(STORE, MIGRATIONS);
    let service = Running::start(&place.url());
    let until = Instant::now() + PATIENCE;
    loop {
        let shown = service.metrics();
        let all = [
            "orchestration_db_active_connections ",
            r#"orchestration_db_table_bytes{table="charge_operations"} "#,
            r#"orchestration_db_table_dead_rows{table="orch_lanes"} "#,
        ];
        if all.iter().all(|series| shown.contains(series)) {
            return;
        }
        assert!(Instant::now() < until, "{shown}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

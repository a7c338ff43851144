//! Restate: its server as a single node, and services in this process.

mod services;

use std::net::TcpListener as Listener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Response};
use tokio::process::{Child, Command};

use crate::ledger::{Ledger, Work};
use crate::measure::Peer;

use self::services::{Executions, REFUSED, serve};

/// Longest that the server may take to become healthy.
const START: Duration = Duration::from_secs(30);

/// Four partitions in place of 24: with two cores, more of them only split its shared commits.
const PARTITIONS: usize = 4;

/// A running server with the services registered. It is stopped when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Restate {
    _server: Arc<Child>,
    client: Client,
    ingress: String,
    executions: Executions,
}

impl Restate {
    pub(crate) async fn open(folder: &Path, program: &Path, work: Work) -> Result<Self> {
        let data = folder.join("restate");
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        std::fs::create_dir_all(&data)?;
        let ports = Ports::free()?;
        let settings = ports.settings(&data)?;
        let log = std::fs::File::create(data.join("server.log"))?;
        let server = Command::new(program)
            .args(["--no-logo", "--config-file"])
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let executions = Executions::default();
        let address = serve(Arc::clone(&executions)).await?;
        ports.register(&address).await?;
        let service = match work {
            Work::Operations => "Noop",
            Work::Sagas | Work::SagasUndone => "Order",
        };
        Ok(Self {
            _server: Arc::new(server),
            client: Client::builder().http2_prior_knowledge().build()?,
            ingress: format!("http://127.0.0.1:{}/{service}/run", ports.ingress),
            executions,
        })
    }

    async fn post(&self, path: &str, number: usize) -> Result<Response> {
        let url = format!("{}{path}", self.ingress);
        Ok(self.client.post(url).json(&number).send().await?)
    }
}

impl Peer for Restate {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        self.executions.get_or_init(|| ledger);
        Ok(())
    }

    /// The service runs at once: Restate knows no accept without an execution.
    async fn accept(&self, number: usize) -> Result<()> {
        let response = self.post("/send", number).await?;
        response.error_for_status()?.bytes().await?;
        Ok(())
    }

    async fn call(&self, number: usize, ledger: &Ledger) -> Result<Instant> {
        let response = self.post("", number).await?;
        let response = match ledger.work() {
            Work::SagasUndone => {
                let status = response.status();
                ensure!(status == REFUSED, "saga {number} ended with {status}");
                response
            }
            _ => response.error_for_status()?,
        };
        response.bytes().await?;
        Ok(Instant::now())
    }

    /// An answered call is a recorded one.
    async fn all_done(&self, _operations: usize) -> Result<bool> {
        Ok(true)
    }

    async fn all_accepted(&self, _operations: usize) -> Result<bool> {
        Ok(true)
    }
}

struct Ports {
    ingress: u16,
    admin: u16,
    node: u16,
}

impl Ports {
    fn free() -> Result<Self> {
        let listeners = (0..3).map(|_| Listener::bind("127.0.0.1:0"));
        let listeners = listeners.collect::<Result<Vec<_>, _>>()?;
        let port = |at: usize| anyhow::Ok(listeners[at].local_addr()?.port());
        Ok(Self {
            ingress: port(0)?,
            admin: port(1)?,
            node: port(2)?,
        })
    }

    /// Writes the server's settings.
    fn settings(&self, data: &Path) -> Result<PathBuf> {
        let Self {
            ingress,
            admin,
            node,
        } = self;
        let text = format!(
            "base-dir = \"{}\"\nnode-name = \"one\"\nlisten-mode = \"tcp\"\n\
             disable-telemetry = true\nlog-filter = \"warn\"\n\
             default-num-partitions = {PARTITIONS}\n\
             bind-address = \"127.0.0.1:{node}\"\n\
             advertised-address = \"http://127.0.0.1:{node}\"\n\
             [ingress]\nbind-address = \"127.0.0.1:{ingress}\"\n\
             [admin]\nbind-address = \"127.0.0.1:{admin}\"\n\
             [bifrost.local]\nrocksdb-disable-wal-fsync = false\n",
            data.display()
        );
        let file = data.join("restate.toml");
        std::fs::write(&file, text)?;
        Ok(file)
    }

    /// Tells the server of the service, as soon as it listens.
    async fn register(&self, service: &str) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/deployments", self.admin);
        let body = serde_json::json!({"uri": service});
        let begin = Instant::now();
        loop {
            let answer = Client::new().post(&url).json(&body).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(begin.elapsed() < START, "the server does not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

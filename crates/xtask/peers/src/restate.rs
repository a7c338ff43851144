//! Restate: its server as a single node, and a service in this process.

use std::net::TcpListener as Listener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use restate_sdk::prelude::*;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::ledger::Ledger;
use crate::measure::Peer;

/// Longest that the server may take to become healthy.
const START: Duration = Duration::from_secs(30);

/// Four partitions in place of 24: with two cores, more of them only split its shared commits.
const PARTITIONS: usize = 4;

/// A running server with the service registered. It is stopped when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Restate {
    _server: Arc<Child>,
    client: Client,
    ingress: String,
    executions: Executions,
}

/// Where executions are noted, once there is a place.
type Executions = Arc<OnceLock<Arc<Ledger>>>;

impl Restate {
    pub(crate) async fn open(folder: &Path, program: &Path) -> Result<Self> {
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
        let service = serve(Arc::clone(&executions)).await?;
        ports.register(&service).await?;
        Ok(Self {
            _server: Arc::new(server),
            client: Client::builder().http2_prior_knowledge().build()?,
            ingress: format!("http://127.0.0.1:{}/Noop/run", ports.ingress),
            executions,
        })
    }

    async fn post(&self, path: &str, number: usize) -> Result<()> {
        let url = format!("{}{path}", self.ingress);
        let response = self.client.post(url).json(&number).send().await?;
        response.error_for_status()?.bytes().await?;
        Ok(())
    }
}

impl Peer for Restate {
    async fn start(&self, ledger: Arc<Ledger>) -> Result<()> {
        self.executions.get_or_init(|| ledger);
        Ok(())
    }

    /// The service runs at once: Restate knows no accept without an execution.
    async fn accept(&self, number: usize) -> Result<()> {
        self.post("/send", number).await
    }

    async fn call(&self, number: usize, _ledger: &Ledger) -> Result<Instant> {
        self.post("", number).await?;
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

struct Noop(Executions);

#[service]
impl Noop {
    /// One step without an effect, recorded as a step that calls somebody would be.
    #[handler]
    async fn run(&self, context: Context<'_>, number: Json<u64>) -> HandlerResult<()> {
        let executions = Arc::clone(&self.0);
        let number = usize::try_from(number.into_inner())?;
        let step = async move || {
            if let Some(ledger) = executions.get() {
                ledger.execute(number);
            }
            Ok(())
        };
        context.run(step).name("noop").await?;
        Ok(())
    }
}

/// Serves the service; answers its address.
async fn serve(executions: Executions) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let endpoint = Endpoint::builder().bind(Noop(executions)).build();
    tokio::spawn(HttpServer::new(endpoint).serve(listener));
    Ok(address)
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

//! A generated service as a process, with a simulated provider.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// What takes longer will not happen any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two looks.
const POLL: Duration = Duration::from_millis(50);

/// What the Monitor shows first, and what the first call shows: the service has shown all it can.
const SHOWN: [&str; 2] = [
    "orchestration_oldest_due_seconds{",
    r#"orchestration_outcome_total{domain="payment",outcome="OK"} 1"#,
];

/// A running service. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Service {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Service {
    /// Starts `program` on a free port and an empty database, and waits until it listens.
    pub(super) fn start(program: &Path) -> Result<Self> {
        let name = format!("monitoring-{}", std::process::id());
        let folder = std::env::temp_dir().join("orch-gen-xtask").join(name);
        std::fs::create_dir_all(&folder)?;
        let database = format!("sqlite://{}", folder.join("service.db").display());
        let mut child = Command::new(program)
            .arg("--simulate")
            .current_dir(&folder)
            .env_clear()
            .envs([("DATABASE_URL", &*database), ("BIND_ADDR", "127.0.0.1:0")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let out = child.stdout.take();
        let mut service = Self {
            child,
            folder,
            address: ([127, 0, 0, 1], 0).into(),
        };
        service.address = address(out.context("its output is a pipe")?)?;
        Ok(service)
    }

    /// Asks for an operation.
    pub(super) fn submit(&self, path: &str, command: &str) -> Result<()> {
        let length = command.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nidempotency-key: k\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n"
        );
        let answer = self.ask(&head, command)?;
        ensure!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
        Ok(())
    }

    /// What it serves at `/metrics` once the first operation and the first look are in it.
    pub(super) fn metrics(&self) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask("GET /metrics HTTP/1.1\r\n", "")?;
            let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
            if SHOWN.iter().all(|part| body.contains(part)) {
                return Ok(body.to_owned());
            }
            ensure!(Instant::now() < until, "{SHOWN:?} are not all in\n{body}");
            std::thread::sleep(POLL);
        }
    }

    fn ask(&self, head: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{head}host: localhost\r\nconnection: close\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// The address that the service names in its log. What it logs afterwards is read by nobody and must
/// not stop it, so it is drained.
fn address(out: ChildStdout) -> Result<SocketAddr> {
    let mut lines = BufReader::new(out).lines();
    while let Some(line) = lines.next() {
        let line = line?;
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = entry["address"].as_str() {
            let address = address.parse()?;
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(address);
        }
    }
    bail!("the service ended before it listened")
}

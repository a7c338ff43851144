//! A service in a process of its own.

use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const PATIENCE: Duration = Duration::from_secs(60);
const CODE: &str = "the service ended with ";

/// How a process ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Says, as the child, which code a `main` would have ended with.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn report(code: ExitCode) {
    println!("{CODE}{code:?}");
}

/// Runs a service that ends by itself.
pub(crate) async fn finished(arguments: &str, variables: &[(&str, &str)]) -> End {
    let folder = TempDir::new().unwrap();
    let garbage = "this is no database, surely not at all";
    std::fs::write(folder.path().join("garbage.db"), garbage).unwrap();
    Process::spawn(folder, arguments, variables).end().await
}

/// A running service.
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    child: Child,
    out: Stream,
    err: Stream,
    folder: TempDir,
}

impl Process {
    /// Starts a service in a new folder and waits until it serves.
    pub(crate) async fn start(arguments: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_in(TempDir::new().unwrap(), arguments, variables).await
    }

    pub(crate) async fn start_in(
        folder: TempDir,
        arguments: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut process = Self::spawn(folder, arguments, variables);
        let Some(line) = process.out.line_with(r#""message":"started""#).await else {
            panic!("did not start: {:?}", process.end().await);
        };
        let log: serde_json::Value = serde_json::from_str(&line).unwrap();
        process.address = log["address"].as_str().unwrap().parse().unwrap();
        process
    }

    /// Starts a service and waits for nothing.
    pub(crate) fn spawn(folder: TempDir, arguments: &str, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "service::child", "--ignored", "--nocapture"])
            .env_clear()
            .env("CHILD_ARGUMENTS", arguments)
            .env("BIND_ADDR", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            out: Stream::of(child.stdout.take().unwrap()),
            err: Stream::of(child.stderr.take().unwrap()),
            child,
            folder,
        }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Waits until the process stands still at `boundary`.
    pub(crate) async fn stalled(&mut self, boundary: &str) {
        let line = self.err.line_with("stalled at").await.expect("it stalls");
        assert_eq!(line, format!("stalled at {boundary}"));
    }

    /// SIGKILL: nothing is cleaned up. The folder is what is left.
    pub(crate) async fn kill(mut self) -> TempDir {
        self.child.kill().await.unwrap();
        self.folder
    }

    /// Waits for the end.
    pub(crate) async fn end(self) -> End {
        self.end_and_keep().await.0
    }

    /// Waits for the end; the folder stays.
    pub(crate) async fn end_and_keep(mut self) -> (End, TempDir) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        ended.expect("it ends in time").unwrap();
        let (out, err) = (self.out.all().await, self.err.all().await);
        let code = out.split(CODE).nth(1).map(|rest| {
            let digits = rest.chars().skip_while(|c| !c.is_ascii_digit());
            digits.take_while(char::is_ascii_digit).collect::<String>()
        });
        let Some(code) = code.and_then(|code| code.parse().ok()) else {
            panic!("no exit code\n{out}\n{err}");
        };
        (End { code, out, err }, self.folder)
    }
}

/// The lines of an output, read as they come so that the process never waits for its reader.
struct Stream {
    lines: UnboundedReceiver<String>,
    seen: String,
}

impl Stream {
    fn of(output: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, lines) = unbounded_channel();
        tokio::spawn(async move {
            let mut reader = BufReader::new(output).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                drop(sender.send(line));
            }
        });
        let seen = String::new();
        Self { lines, seen }
    }

    async fn next(&mut self) -> Option<String> {
        let line = tokio::time::timeout(PATIENCE, self.lines.recv()).await;
        let line = line.unwrap_or_else(|_| panic!("nothing more after {}", self.seen))?;
        self.seen.push_str(&line);
        self.seen.push('\n');
        Some(line)
    }

    async fn line_with(&mut self, part: &str) -> Option<String> {
        loop {
            let line = self.next().await?;
            if line.contains(part) {
                return Some(line);
            }
        }
    }

    async fn all(mut self) -> String {
        while self.next().await.is_some() {}
        self.seen
    }
}

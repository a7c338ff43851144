//! A generated service as a real process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::{self, Message};
use crate::lines::Lines;
use crate::provider::Provider;

/// What takes longer will not happen any more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at something that only a look can tell.
const POLL: Duration = Duration::from_millis(20);

/// Looks until `look` finds something.
pub(crate) fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what} did not happen");
        std::thread::sleep(POLL);
    }
}

/// A folder for a database, and how services on it are started.
pub(crate) struct Site {
    folder: TempDir,
    program: PathBuf,
    variables: Vec<(String, String)>,
    arguments: Vec<&'static str>,
}

impl Site {
    /// Without limits on requests, with a lease of a second, calling `provider`.
    pub(crate) fn new(program: &Path, provider: &Provider) -> Self {
        Self::bare(program)
            .set("PAYMENT_GATEWAY_URL", &provider.url())
            .set("ORCH_RATE_LIMIT_PER_KEY", "off")
            .set("ORCH_RATE_LIMIT_PER_CLIENT", "off")
            .set("ORCH_TEST_LEASE", "1s")
    }

    /// With nothing configured but the database and any free port.
    pub(crate) fn bare(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("service.db");
        let site = Self {
            folder,
            program: program.to_owned(),
            variables: Vec::new(),
            arguments: Vec::new(),
        };
        site.set("DATABASE_URL", &format!("sqlite://{}", database.display()))
            .set("BIND_ADDR", "127.0.0.1:0")
    }

    /// Another program on the same database.
    pub(crate) fn replace_program(&mut self, program: &Path) {
        program.clone_into(&mut self.program);
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.unset(name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn argument(mut self, argument: &'static str) -> Self {
        self.arguments.push(argument);
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("service.db")
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&self) -> Service {
        self.start_with(&[])
    }

    /// Starts the service so that it stops for ever at `boundary`.
    pub(crate) fn start_stalling_at(&self, boundary: &str) -> Service {
        self.start_with(&[("ORCH_STALL_AT", boundary)])
    }

    fn start_with(&self, more: &[(&str, &str)]) -> Service {
        let service = self.spawn(more).listening();
        service.unwrap_or_else(|service| panic!("it did not start: {}", service.err.so_far()))
    }

    /// Starts the service; nothing when it refuses.
    pub(crate) fn try_start(&self) -> Option<Service> {
        self.spawn(&[]).listening().ok()
    }

    /// Starts the service without waiting for anything.
    pub(crate) fn spawn(&self, more: &[(&str, &str)]) -> Service {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .envs(more.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Service {
            out: Lines::of(child.stdout.take().unwrap()),
            err: Lines::of(child.stderr.take().unwrap()),
            address: ([127, 0, 0, 1], 0).into(),
            child,
        }
    }
}

/// A process. Dropped, it is killed.
pub(crate) struct Service {
    child: Child,
    pub(crate) out: Lines,
    pub(crate) err: Lines,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Waits until it listens.
    fn listening(mut self) -> Result<Self, Box<Self>> {
        let is_start = |line: &str| line.contains(r#""started""#);
        let Some(line) = self.out.wait_for(PATIENCE, is_start) else {
            return Err(Box::new(self));
        };
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        self.address = line["address"].as_str().unwrap().parse().unwrap();
        Ok(self)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ended, by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        poll("the end of the process", || self.child.try_wait().unwrap())
    }

    /// Waits until the process stands still at `boundary`; whether it did.
    pub(crate) fn stalled_at(&self, boundary: &str) -> bool {
        let wanted = format!("stalled at {boundary}");
        let found = self.err.wait_for(PATIENCE, |line| line == wanted);
        found.is_some()
    }

    /// The operation as its owner sees it.
    pub(crate) fn operation(&self, op_id: &str) -> Message {
        http::get(self.address, &format!("{}/{op_id}", http::PAYMENTS)).unwrap()
    }

    /// The state in which the operation comes to rest.
    pub(crate) fn rest(&self, op_id: &str) -> String {
        poll("the end of the operation", || {
            let state = self.operation(op_id).text("state");
            matches!(&*state, "COMPLETED" | "FAILED" | "PARKED").then_some(state)
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

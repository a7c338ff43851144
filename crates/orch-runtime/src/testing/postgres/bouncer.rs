//! A PgBouncer between a test and its server.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::binaries::{harmless_user, program};
use super::server::{PostgresServer, ServerError, free_port, run};

/// Looks for the listener, and the pause between them.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A PgBouncer in transaction mode in front of a server. Dropping it ends it.
#[derive(Debug)]
pub struct PgBouncer {
    binaries: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl PgBouncer {
    /// Starts one that has `connections` to `server`; `None` where the program is not installed.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(server: &PostgresServer, connections: u32) -> Result<Option<Self>, ServerError> {
        let Some(binaries) = folder() else {
            return Ok(None);
        };
        let folder = tempfile::Builder::new()
            .prefix("orch-pgbouncer-")
            .tempdir()?;
        let port = free_port()?;
        let place = folder.path().display();
        let settings = format!(
            "[databases]\n\
             postgres = host=127.0.0.1 port={} dbname=postgres user=postgres\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\n\
             max_client_conn = 200\nserver_login_retry = 1\nlogfile = {place}/bouncer.log\n",
            server.port()
        );
        fs::write(folder.path().join("bouncer.ini"), settings)?;
        if let Some(user) = harmless_user() {
            run(Command::new("chown").arg("-R").arg(user).arg(folder.path()))?;
        }
        let mut bouncer = Self {
            binaries,
            folder,
            port,
            child: None,
        };
        bouncer.start_again()?;
        Ok(Some(bouncer))
    }

    /// Its address, for a service that makes no named statements.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable&statement-cache-capacity=0",
            self.port
        )
    }

    /// Kills it: every connection breaks, whatever is under way on it.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(&mut self) -> Result<(), ServerError> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Starts it again at the same address, after a [`kill`](Self::kill).
    ///
    /// # Errors
    /// When it does not listen within ten seconds.
    pub fn start_again(&mut self) -> Result<(), ServerError> {
        let mut command = program(&self.binaries, "pgbouncer");
        command.arg(self.folder.path().join("bouncer.ini"));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.child = Some(command.stderr(Stdio::null()).spawn()?);
        for _ in 0..LOOKS {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.path().join("bouncer.log")).unwrap_or_default();
        Err(ServerError::new(format!(
            "pgbouncer does not listen: {log}"
        )))
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Where the program is: on the search path, or where Debian puts what is not for everybody.
fn folder() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.find(|folder: &PathBuf| Path::is_file(&folder.join("pgbouncer")))
}

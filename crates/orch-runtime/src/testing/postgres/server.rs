//! Starting servers, and stopping them.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use super::binaries::{folder, harmless_user, program};

/// No server can be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct ServerError(String);

impl ServerError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }
}

impl From<io::Error> for ServerError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<sqlx::Error> for ServerError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

/// A server of one's own. Dropping it stops it and removes its files.
#[derive(Debug)]
pub struct PostgresServer {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
}

/// Settings of a server that need not survive a power cut.
const FORGETFUL: &str = "fsync = off\nfull_page_writes = off\nsynchronous_commit = on\n";
/// Settings of one that must, as shipped.
const DURABLE: &str = "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n";

impl PostgresServer {
    /// Starts a server that waits for no disk.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self, ServerError> {
        Self::start_with(FORGETFUL)
    }

    /// Starts a server that survives a power cut, for measurements; `settings` are lines of
    /// `postgresql.conf`.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_durable(settings: &str) -> Result<Self, ServerError> {
        Self::start_with(&format!("{DURABLE}{settings}\n"))
    }

    fn start_with(settings: &str) -> Result<Self, ServerError> {
        let server = Self {
            folder: tempfile::Builder::new()
                .prefix("orch-postgres-")
                .tempdir()?,
            binaries: folder()?,
            port: free_port()?,
        };
        initialise(
            &server.binaries,
            server.folder.path(),
            server.port,
            settings,
        )?;
        server.control(&["-w", "start"])?;
        Ok(server)
    }

    /// Its address, as the superuser.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Stops it as a power cut would and starts it again.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart_immediately(&self) -> Result<(), ServerError> {
        self.control(&["-m", "immediate", "-w", "restart"])
    }

    fn control(&self, arguments: &[&str]) -> Result<(), ServerError> {
        control(&self.binaries, self.folder.path(), arguments)
    }

    /// The address of the server that all test processes of this machine share, which is started when
    /// there is none.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn shared() -> Result<String, ServerError> {
        static SHARED: OnceLock<Result<String, ServerError>> = OnceLock::new();
        let find = || match std::env::var("ORCH_TEST_POSTGRES") {
            Ok(url) => Ok(url),
            Err(_) => join(),
        };
        SHARED.get_or_init(find).clone()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let _ = self.control(&["-m", "immediate", "-w", "stop"]);
    }
}

fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable")
}

pub(super) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Makes `folder/data`.
fn initialise(
    binaries: &Path,
    folder: &Path,
    port: u16,
    settings: &str,
) -> Result<(), ServerError> {
    if let Some(user) = harmless_user() {
        run(Command::new("chown").arg(user).arg(folder))?;
    }
    let data = folder.join("data");
    let mut initdb = program(binaries, "initdb");
    initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    run(initdb.args(["--no-locale", "-D"]).arg(&data))?;
    let configuration = format!(
        "\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
         max_connections = 300\nlog_min_messages = fatal\n{settings}"
    );
    let file = data.join("postgresql.conf");
    let shipped = fs::read_to_string(&file)?;
    Ok(fs::write(file, shipped + &configuration)?)
}

fn control(binaries: &Path, folder: &Path, arguments: &[&str]) -> Result<(), ServerError> {
    let mut control = program(binaries, "pg_ctl");
    control.arg("-D").arg(folder.join("data"));
    control.arg("-l").arg(folder.join("data/server.log"));
    run(control.args(["-s", "-t", "60"]).args(arguments))
}

pub(super) fn run(command: &mut Command) -> Result<(), ServerError> {
    // A server that inherits a pipe keeps whoever reads it waiting.
    let errors = tempfile::tempfile()?;
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.stderr(errors.try_clone()?).status()?;
    if status.success() {
        return Ok(());
    }
    let text = io::read_to_string(rewound(errors)?)?;
    Err(ServerError::new(format!("{command:?}: {status}: {text}")))
}

fn rewound(mut file: File) -> io::Result<File> {
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// Stops the shared server some seconds after the last process that uses it has ended: it hides the
/// address first, and looks once more before it stops.
const WATCH: &str = r#"
idle=0
while [ "$idle" -lt 3 ]; do
    sleep 2
    idle=$((idle + 1))
    if [ "$idle" -eq 2 ]; then mv "$1/url" "$1/hidden"; fi
    for user in "$1"/users/*; do
        if kill -0 "${user##*/}" 2>/dev/null; then
            if [ "$idle" -ge 2 ]; then mv "$1/hidden" "$1/url"; fi
            idle=0
        else
            rm -f "$user"
        fi
    done
done
shift
"$@"
"#;

/// Joins the users of the shared server.
fn join() -> Result<String, ServerError> {
    let name = format!("orch-postgres-of-{}", user());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(folder.with_extension("locks"))?;
    let lock = File::create(folder.with_extension("locks").join("start"))?;
    lock.lock()?;
    for _ in 0..200 {
        let users = folder.join("users");
        if fs::create_dir_all(&users).is_ok() {
            let _ = fs::write(users.join(std::process::id().to_string()), "");
        }
        if let Ok(url) = fs::read_to_string(folder.join("url")) {
            return Ok(url);
        }
        if !folder.join("hidden").exists() {
            return start_shared(&folder);
        }
        // It is about to stop, or about to be found in use.
        pause();
    }
    Err(ServerError::new("the shared server does not stop"))
}

fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

fn user() -> String {
    let id = Command::new("id").arg("-u").output();
    id.map_or_else(
        |_| "anybody".to_owned(),
        |id| String::from_utf8_lossy(id.stdout.trim_ascii()).into_owned(),
    )
}

fn start_shared(folder: &Path) -> Result<String, ServerError> {
    let binaries = super::binaries::folder()?;
    // What a killed machine left behind.
    let _ = control(&binaries, folder, &["-m", "immediate", "-w", "stop"]);
    let _ = fs::remove_dir_all(folder);
    let users = folder.join("users");
    fs::create_dir_all(&users)?;
    fs::write(users.join(std::process::id().to_string()), "")?;
    let port = free_port()?;
    initialise(&binaries, folder, port, FORGETFUL)?;
    control(&binaries, folder, &["-w", "start"])?;
    let mut stop = program(&binaries, "pg_ctl");
    stop.arg("-D").arg(folder.join("data"));
    stop.args(["-s", "-m", "immediate", "-w", "stop"]);
    let stop_and_remove = "\"$@\"; rm -rf \"$0\"";
    let mut watch = Command::new("sh");
    watch.args(["-c", WATCH, "watch"]).arg(folder);
    watch.args(["sh", "-c", stop_and_remove]).arg(folder);
    watch.arg(stop.get_program()).args(stop.get_args());
    watch
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut watch, 0);
    watch.spawn()?;
    let url = url(port);
    fs::write(folder.join("url"), &url)?;
    Ok(url)
}

//! A provider's emulator as a process: started on free ports, stopped with the test.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use orch_runtime::clock::{Clock as _, SystemClock};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// How often a start is looked at, and how many times; the machine may be busy.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: u32 = 1_800;

/// Runs a program until its own input ends, which it does when the test process ends, however that
/// comes. Then the whole process group dies, with what the program started.
const UNTIL_INPUT_ENDS: &str = r#""$@" </dev/null & cat >/dev/null; kill -KILL 0"#;

/// A running emulator. Dropping it kills it and removes its files.
pub(crate) struct Emulator {
    shell: Child,
    ports: Vec<u16>,
    // Removed when it is dropped, after the processes that write to it.
    _folder: TempDir,
}

impl Emulator {
    /// Starts the program that the environment variable `variable` names, and waits until it listens on
    /// `N` free loopback ports. `arrange` adds arguments and variables, given the ports and an empty
    /// folder that is also the working directory.
    ///
    /// # Panics
    /// When it does not start; the message ends with what it wrote.
    pub(crate) async fn start<const N: usize>(
        variable: &str,
        arrange: impl FnOnce(&mut Command, [u16; N], &Path),
    ) -> Self {
        let program = named(variable);
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("emulator.log");
        let output = std::fs::File::create(&log).unwrap();
        let ports = free_ports::<N>();
        let mut command = Command::new("sh");
        command
            .args(["-c", UNTIL_INPUT_ENDS, "emulator"])
            .arg(&program)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        arrange(&mut command, ports, folder.path());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let emulator = Self {
            shell: command.spawn().unwrap(),
            ports: ports.to_vec(),
            _folder: folder,
        };
        if !emulator.listens().await {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            panic!("{} did not start: {said}", program.display());
        }
        emulator
    }

    /// Where the port that came as number `at` is.
    pub(crate) fn address(&self, at: usize) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[at]).into()
    }

    async fn listens(&self) -> bool {
        for _ in 0..LOOKS {
            let mut ready = 0;
            for &port in &self.ports {
                let reached = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
                ready += usize::from(reached.is_ok());
            }
            if ready == self.ports.len() {
                return true;
            }
            SystemClock.sleep(LOOK).await;
        }
        false
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

/// The program or file that the environment variable `variable` names.
///
/// # Panics
/// When it is not set.
pub(crate) fn named(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| {
        panic!("{variable} is not set: `cargo xtask test` gets what it names and runs this")
    })
    .into()
}

/// All are held at the same time, so that no two are the same.
fn free_ports<const N: usize>() -> [u16; N] {
    let held = [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

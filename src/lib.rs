//! The generator.
//!
//! ```text
//!   cli ──▶ plan ──▶ components ──▶ model ──▶ spec ──▶ naming
//!    │        └────▶ lock, disk::Read
//!    └────▶ apply ──▶ disk::Write
//! ```
//!
//! `spec` is what `orch.toml` says, `model` is that with every name and type worked out,
//! `components` turn the model into files, `plan` compares them with what is there, and `apply`
//! carries a plan out. Only `apply` writes to a user's package. `git` shows the linter what is staged.

pub mod apply;
pub mod cli;
pub mod components;
pub mod disk;
pub mod error;
pub mod git;
pub mod inject;
pub mod lock;
pub mod model;
pub mod naming;
pub mod package;
mod parallel;
pub mod plan;
pub mod schema;
pub mod spec;
pub mod templates;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

/// Runs a command line. On Unix it ends the process, with the exit code of the command.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let environment = cli::Environment {
        folder: std::env::current_dir().unwrap_or_default(),
        terminal: io::stdout().is_terminal(),
        seconds: seconds(),
        no_color: is_set("NO_COLOR"),
        target_dir: std::env::var_os("CARGO_TARGET_DIR").map(Into::into),
        step_summary: std::env::var_os("GITHUB_STEP_SUMMARY").map(Into::into),
        input: (io::stdin().is_terminal() && io::stdout().is_terminal() && !is_set("CI"))
            .then(|| cli::Input::new(io::stdin().lock())),
        patience: (io::stderr().is_terminal() && !is_set("CI")).then_some(PATIENCE),
    };
    let (mut out, mut err) = (Held::new(io::stdout()), Held::new(io::stderr()));
    let exit = cli::run(
        arguments,
        &environment,
        &mut cli::Output::new(&mut out, &mut err),
    );
    // A reader that has seen enough closes its end; the work is done all the same.
    let _ = out.flush();
    let _ = err.flush();
    leave(exit as u8)
}

/// Ends the process at once, where that can be done: the allocator would first give back piece by piece what the system takes whole.
#[cfg(unix)]
fn leave(exit: u8) -> ExitCode {
    signal_hook::low_level::exit(exit.into())
}

#[cfg(not(unix))]
fn leave(exit: u8) -> ExitCode {
    ExitCode::from(exit)
}

/// For how long work may be silent: what is over sooner would only flicker.
const PATIENCE: Duration = Duration::from_secs(1);

/// A stream whose text is held back until it is flushed: at the end, or before a question.
struct Held<W> {
    text: Vec<u8>,
    stream: W,
}

impl<W> Held<W> {
    const fn new(stream: W) -> Self {
        Self {
            text: Vec::new(),
            stream,
        }
    }
}

impl<W: Write> Write for Held<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        self.stream.write_all(&text)?;
        self.stream.flush()
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the process's one look at the clock; tests pass their own time"
)]
fn seconds() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

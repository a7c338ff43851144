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
//! carries a plan out. Only `apply` writes to a user's disk.

pub mod apply;
pub mod cli;
pub mod components;
pub mod disk;
pub mod error;
pub mod inject;
pub mod lock;
pub mod model;
pub mod naming;
pub mod package;
mod parallel;
pub mod plan;
pub mod schema;
pub mod spec;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// Runs a command line in this process.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let environment = cli::Environment {
        folder: std::env::current_dir().unwrap_or_default(),
        terminal: io::stdout().is_terminal(),
        seconds: seconds(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run(
        arguments,
        &environment,
        &mut cli::Output::new(&mut out, &mut err),
    );
    // A reader that has seen enough closes its end; the work is done all the same.
    let _ = io::stdout().write_all(&out);
    let _ = io::stderr().write_all(&err);
    ExitCode::from(exit as u8)
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

//! `cargo xtask bench`.

use std::io::Write;

use anyhow::Result;

use crate::End;
use crate::workspace::Workspace;

/// Runs.
///
/// # Errors
/// Never.
pub fn run(_workspace: &Workspace, _arguments: &[String], _out: &mut dyn Write) -> Result<End> {
    Ok(End::Usage)
}

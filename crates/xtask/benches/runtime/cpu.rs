//! CPU time of this process.

use anyhow::{Context, Result};

/// Ticks per second in `/proc`, the same on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Seconds of processor time, all threads, user and system.
pub(crate) fn seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("CPU time needs /proc")?;
    let after_name = stat.rsplit(')').next().context("no name")?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || -> Result<f64> { Ok(fields.next().context("no times")?.parse()?) };
    Ok((ticks()? + ticks()?) / TICKS)
}

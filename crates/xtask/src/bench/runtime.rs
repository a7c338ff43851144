//! The runtime under load: see `benches/runtime`, which measures.

use anyhow::Result;

use super::row::Row;
use super::{Bench, target};

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    target::rows(bench, "runtime", &[])
}

/// Ten minutes of load, then four with and without a reader that keeps its transaction open.
pub(super) fn soak(bench: &Bench<'_>) -> Result<Vec<Row>> {
    target::rows(bench, "runtime", &["--soak", "10"])
}

/// Sagas of three operations beside plain operations.
pub(super) fn sagas(bench: &Bench<'_>) -> Result<Vec<Row>> {
    target::rows(bench, "runtime", &["--sagas"])
}

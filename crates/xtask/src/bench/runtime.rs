//! The runtime under load: see `benches/runtime`, which measures.

use anyhow::Result;

use super::row::Row;
use super::{Bench, target};

pub(super) fn measure(bench: &Bench<'_>) -> Result<Vec<Row>> {
    target::rows(bench, "runtime")
}

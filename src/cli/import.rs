//! `orch-gen import`: a lost `orch.toml`, written again as it was applied last.

use super::Environment;
use super::args::Target;
use super::output::Output;
use super::target;
use crate::disk::{Real, Tree};
use crate::error::{Exit, Result};
use crate::plan::lost;

/// Writes it from what `orch.lock` remembers.
pub(super) fn run(
    arguments: &Target,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let root = target::with_a_lock(&Real, arguments, environment)?;
    let session = crate::apply::Session::open(&Real, &root)?;
    session.restore(&lost::spec(Tree::new(&Real, &root))?)?;
    output.say("orch.toml is as it was applied last");
    Ok(Exit::Done)
}

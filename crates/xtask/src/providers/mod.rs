//! Emulators of providers that tests call: programs that others wrote, fetched once into the build folder.
//!
//! | variable | program or file |
//! |---|---|
//! | [`STRIPE_MOCK`] | stripe-stateful-mock: charges and refunds with idempotency keys |
//! | [`MAILDEV`] | maildev: takes mail by SMTP, shows it by HTTP |
//! | [`PRISM`], [`TWILIO_OPENAPI`] | a server that checks requests against a description, and Twilio's own |
//! | [`MOTO`] | moto: S3 with conditional writes |
//!
//! Versions are pinned, and no script of a package is run. A variable that is set already wins: its
//! program is not fetched.

mod npm;
pub(crate) mod python;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// Names the program stripe-stateful-mock to the tests; it listens on the port in `PORT`.
pub const STRIPE_MOCK: &str = "ORCH_TEST_STRIPE_MOCK";
/// Names the program maildev.
pub const MAILDEV: &str = "ORCH_TEST_MAILDEV";
/// Names the program prism.
pub const PRISM: &str = "ORCH_TEST_PRISM";
/// Names the file with Twilio's description of its API, version 2010-04-01.
pub const TWILIO_OPENAPI: &str = "ORCH_TEST_TWILIO_OPENAPI";
/// Names the program `moto_server`.
pub const MOTO: &str = "ORCH_TEST_MOTO";

/// Sees to it that the emulators are there; answers the variables that name them to the tests.
///
/// # Errors
/// When one is missing and cannot be had.
pub fn provide(workspace: &Workspace) -> Result<Vec<(&'static str, PathBuf)>> {
    let tools = workspace.target().join("tools/providers");
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let mut named = Vec::new();
    if !npm::NAMES.into_iter().all(is_set) {
        named.extend(npm::provide(&tools.join("npm"))?);
    }
    if !is_set(MOTO) {
        named.push((MOTO, python::provide(&tools.join("python"))?));
    }
    named.retain(|(name, _)| !is_set(name));
    Ok(named)
}

/// Runs `fetch` in an empty `folder`, unless it holds already what `pins` names. A fetch that was
/// interrupted begins anew.
pub(crate) fn once(folder: &Path, pins: &str, fetch: impl FnOnce() -> Result<()>) -> Result<()> {
    let mark = folder.join("complete");
    if fs::read_to_string(&mark).is_ok_and(|fetched| fetched == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fetch()?;
    fs::write(&mark, pins).with_context(|| mark.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fetch that was cut off would be taken for a whole one.
    #[test]
    fn fetches_once_and_again_after_another_pin_or_an_interruption() {
        let place = std::env::temp_dir().join(format!("orch-once-{}", std::process::id()));
        let mut fetched = 0;
        let mut fetch = |pins: &str, works: bool| {
            let done = once(&place, pins, || {
                fetched += 1;
                anyhow::ensure!(works, "cut off");
                Ok(())
            });
            (done.is_ok(), fetched)
        };
        assert_eq!(fetch("a@1", false), (false, 1));
        assert_eq!(fetch("a@1", true), (true, 2));
        assert_eq!(fetch("a@1", true), (true, 2));
        assert_eq!(fetch("a@2", true), (true, 3));
        fs::remove_dir_all(&place).unwrap();
    }
}

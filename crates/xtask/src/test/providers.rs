//! The step on gateways: the runtime's clients against emulators of their providers.

use anyhow::Result;

use crate::providers;
use crate::workspace::Workspace;

/// One process, because its tests share the emulators that are slow to start.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "-p", "orch-runtime", "--all-features"];
    let job = workspace.cargo(&arguments).args(["--test", "providers"]);
    let emulators = providers::provide(workspace)?.into_iter();
    emulators
        .fold(job, |job, (name, path)| job.env(name, path))
        .run()
}

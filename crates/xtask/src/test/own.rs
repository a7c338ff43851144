//! Steps on this workspace itself.

use anyhow::Result;

use crate::workspace::Workspace;

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    workspace.cargo(&["fmt", "--all", "--check"]).run()
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let deny = ["--", "-D", "warnings"];
    workspace.cargo(&arguments).args(deny).run()
}

pub(super) fn test(workspace: &Workspace) -> Result<()> {
    let job = if workspace.has_nextest() {
        workspace.cargo(&["nextest", "run"])
    } else {
        workspace.cargo(&["test", "--lib", "--bins", "--tests"])
    };
    job.args(["--workspace", "--all-features"]).run()
}

pub(super) fn doctest(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "--doc", "--workspace", "--all-features"];
    workspace.cargo(&arguments).run()
}

pub(super) fn doc(workspace: &Workspace) -> Result<()> {
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features"];
    workspace
        .cargo(&arguments)
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

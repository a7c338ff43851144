//! Steps on this workspace itself.

use anyhow::Result;

use crate::workspace::Workspace;

/// The test programs that are quick.
const BLACK_BOX: [&str; 14] = [
    "--test", "chaos", "--test", "it", "--test", "http", "--test", "mutants", "--test", "postgres",
    "--test", "sim", "--test", "tidy",
];

pub(super) fn fmt(workspace: &Workspace) -> Result<()> {
    workspace.cargo(&["fmt", "--all", "--check"]).run()
}

pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features"];
    let deny = ["--", "-D", "warnings"];
    workspace.cargo(&arguments).args(deny).run()?;
    // As projects on PostgreSQL build it: without SQLite.
    let runtime = [
        "clippy",
        "-p",
        "orch-runtime",
        "--lib",
        "--no-default-features",
    ];
    let features = ["--features", "decimal,postgres,testing"];
    workspace.cargo(&runtime).args(features).args(deny).run()
}

pub(super) fn test(workspace: &Workspace) -> Result<()> {
    let job = if workspace.has_nextest() {
        workspace.cargo(&["nextest", "run"])
    } else {
        workspace
            .cargo(&["test", "--lib", "--bins"])
            .args(BLACK_BOX)
    };
    job.args(["--workspace", "--all-features"]).run()
}

/// Kills real processes of generated services, and takes one guarantee after the other out of a
/// generated project: its own tests must notice. One process, because its tests share a project.
pub(super) fn proof(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "--workspace", "--all-features", "--test", "proof"];
    workspace
        .cargo(&arguments)
        .args(["--", "--include-ignored"])
        .run()
}

/// Kills real processes in the middle of sagas much oftener than the usual tests do, and at every place of a
/// purchase on PostgreSQL, too; more seeds of simulated sagas.
pub(super) fn chaos(workspace: &Workspace) -> Result<()> {
    let arguments = ["test", "-p", "orch-runtime", "--all-features"];
    let run = |target: &str, filter: &str| {
        let job = workspace.cargo(&arguments).args(["--test", target, filter]);
        job.env("ORCH_CHAOS", "1")
            .env("ORCH_CHAOS_KILLS", "25")
            .env("ORCH_CHAOS_SAGAS", "80")
            .env("ORCH_SIM_SEEDS", "1000")
            .run()
    };
    run("chaos", "kills::")?;
    run("postgres", "hybrid::")?;
    run("sim", "every_promise_of_sagas")
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

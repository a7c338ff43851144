//! The step on what clippy is told: in packages on either store, a transaction that is held while the
//! provider answers is found by its type, and one that ended before is not.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

use super::files::{copy_file, copy_folder};

/// A package, the driver it calls by itself, and how that ends a transaction.
struct Case {
    package: &'static str,
    dependency: &'static str,
    pool: &'static str,
    result: &'static str,
    begin: &'static str,
    commit: &'static str,
}

const CASES: [Case; 2] = [
    Case {
        package: "payment",
        dependency: "rusqlite = \"0.39\"",
        pool: "&mut rusqlite::Connection",
        result: "rusqlite::Result<()>",
        begin: "transaction()?",
        commit: "commit()?",
    },
    Case {
        package: "payment-postgres",
        dependency: "sqlx = { version = \"0.9\", default-features = false, features = [\"postgres\"] }",
        pool: "&sqlx::PgPool",
        result: "Result<(), sqlx::Error>",
        begin: "begin().await?",
        commit: "commit().await?",
    },
];

impl Case {
    /// A function that calls the provider after its transaction, or within it.
    fn function(&self, holds: bool) -> String {
        let call = "drop(gateway.payment(op_id, command).await);";
        let commit = format!("transaction.{};", self.commit);
        let lines = if holds {
            [call, &commit]
        } else {
            [&commit, call]
        };
        let Self {
            pool,
            result,
            begin,
            ..
        } = self;
        format!(
            "//! Pays.\nuse super::gateway::PaymentGateway;\n\
             use super::generated::command::PaymentCommand;\nuse orch_runtime::OpId;\n\
             /// Pays.\n///\n/// # Errors\n/// When the database fails.\n\
             pub async fn pay<G: PaymentGateway>(\n    db: {pool},\n    gateway: &G,\n    op_id: &OpId,\n    \
             command: &PaymentCommand,\n) -> {result} {{\n    let transaction = db.{begin};\n    \
             {}\n    {}\n    Ok(())\n}}\n",
            lines[0], lines[1],
        )
    }
}

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let scratch = std::env::temp_dir().join("orch-gen-xtask").join("held");
    drop(fs::remove_dir_all(&scratch));
    let examples = workspace.root().join("examples");
    copy_file(&examples.join("Cargo.lock"), &scratch.join("Cargo.lock"))?;
    let members: Vec<String> = CASES
        .iter()
        .map(|case| format!("{:?}", case.package))
        .collect();
    let manifest = format!(
        "[workspace]\nmembers = [{}]\nresolver = \"3\"\n",
        members.join(", ")
    );
    fs::write(scratch.join("Cargo.toml"), manifest)?;
    for case in &CASES {
        let folder = scratch.join(case.package);
        copy_folder(&examples.join(case.package), &folder)?;
        let crates = workspace.root().join("crates");
        let crates = crates
            .to_str()
            .context("the repository's path is no text")?;
        edit(&folder.join("Cargo.toml"), "../../crates", crates)?;
        let dependencies = format!("[dependencies]\n{}\n", case.dependency);
        edit(
            &folder.join("Cargo.toml"),
            "[dependencies]\n",
            &dependencies,
        )?;
        edit(
            &folder.join("src/payment/mod.rs"),
            "pub mod orchestrator;",
            "pub mod held;\npub mod orchestrator;",
        )?;
    }
    for case in &CASES {
        is_found(workspace, &scratch, case).context(case.package)?;
    }
    fs::remove_dir_all(&scratch).context("cannot clean up")
}

fn is_found(workspace: &Workspace, scratch: &Path, case: &Case) -> Result<()> {
    let clippy = |holds: bool| {
        let module = scratch.join(case.package).join("src/payment/held.rs");
        fs::write(module, case.function(holds))?;
        let arguments = [
            "clippy",
            "--offline",
            "--lib",
            "-p",
            case.package,
            "--",
            "-D",
            "warnings",
        ];
        workspace.cargo_in(scratch, &arguments).ended()
    };
    let (_, said) = clippy(true)?;
    ensure!(
        said.contains("across an await point")
            && said.contains("held.rs")
            && said.contains("ORC004"),
        "a transaction is held across a call, and clippy says: {said}"
    );
    let (status, said) = clippy(false)?;
    ensure!(status.success(), "nothing is held, and clippy says: {said}");
    Ok(())
}

fn edit(path: &Path, from: &str, to: &str) -> Result<()> {
    let text = fs::read_to_string(path)?;
    ensure!(text.contains(from), "no {from} in {}", path.display());
    fs::write(path, text.replace(from, to)).with_context(|| path.display().to_string())
}

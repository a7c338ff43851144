//! What must not be there: dependencies that would turn the arrows of the architecture around.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{self, Workspace};

/// Crates that `package` must not depend on, over `edges` as `cargo tree` names them.
struct Absence {
    package: &'static str,
    edges: &'static str,
    absent: &'static [&'static str],
}

const ABSENCES: &[Absence] = &[
    Absence {
        package: "orch-runtime",
        edges: "normal,no-proc-macro",
        absent: &[
            "askama",
            "clap",
            "prettyplease",
            "proc-macro2",
            "quote",
            "syn",
            "toml_edit",
        ],
    },
    Absence {
        package: "orch-runtime",
        edges: "all",
        absent: &["orch-gen", "orch-lint"],
    },
    Absence {
        package: "orch-lint",
        edges: "all",
        absent: &["orch-gen", "orch-runtime"],
    },
];

pub(super) fn run(workspace: &Workspace) -> Result<()> {
    for absence in ABSENCES {
        check(workspace, absence)?;
    }
    examples_stand_on_the_runtime_only(workspace)
}

fn check(workspace: &Workspace, absence: &Absence) -> Result<()> {
    let Absence {
        package,
        edges,
        absent,
    } = absence;
    let arguments = ["tree", "-p", package, "-e", edges, "--all-features"];
    let tree = workspace.cargo(&arguments).args(["--prefix", "none"]);
    let tree = tree.output()?;
    for line in tree.lines() {
        let found = line.split_whitespace().next().unwrap_or_default();
        if absent.contains(&found) {
            bail!(
                "{package} must not depend on {found}: `cargo tree -p {package} -e {edges} -i {found}`"
            );
        }
    }
    Ok(())
}

/// The dependencies of a generated program are those of the runtime, and no others.
fn examples_stand_on_the_runtime_only(workspace: &Workspace) -> Result<()> {
    let metadata = workspace::metadata(&workspace.root().join("examples"))?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    for package in packages {
        let normal = normal_dependencies(package);
        if normal != ["orch-runtime"] {
            bail!(
                "{} depends on {normal:?} and not on orch-runtime alone",
                package["name"]
            );
        }
    }
    Ok(())
}

fn normal_dependencies(package: &Value) -> Vec<&str> {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter(|dependency| dependency["kind"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .collect()
}

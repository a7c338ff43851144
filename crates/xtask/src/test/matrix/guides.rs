//! Packages that the guides describe: each whole `orch.toml` in one of them is a member of the workspace, too.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::job::Job;
use crate::workspace::Workspace;

use super::Program;

/// How a block begins that is a whole `orch.toml`.
const BEGIN: &str = "```toml\nversion = 1\n";

/// Makes the packages in `root`; answers what they are called.
pub(super) fn generate(
    program: &Program,
    workspace: &Workspace,
    root: &Path,
) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for entry in fs::read_dir(workspace.root().join("docs"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        let guide = path.file_stem().context("a guide has a name")?;
        let guide = guide.to_string_lossy();
        let text = fs::read_to_string(&path)?;
        for (at, block) in text.split(BEGIN).skip(1).enumerate() {
            let (spec, _) = block.split_once("```").context("a block has an end")?;
            let number = guide.split('_').next().unwrap_or_default();
            let name = format!("row-guide-{number}-{}", at + 1);
            let member = root.join(&name);
            fs::create_dir_all(&member)?;
            let crates = program.crates.display().to_string();
            let runtime = format!("version = 1\n[runtime]\nsource = \"path\"\npath = {crates:?}\n");
            fs::write(member.join("orch.toml"), runtime + spec)?;
            let apply = Job::new(&program.orch_gen).args(["apply", "--quiet"]);
            apply.folder(&member).run()?;
            made.push(name);
        }
    }
    ensure!(!made.is_empty(), "no guide has an orch.toml any more");
    Ok(made)
}

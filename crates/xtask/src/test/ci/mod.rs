//! The step on CI: the GitHub Action and the job for GitLab, as their hosts run them.
//!
//! Both files are held against the published schemas of their hosts, and every shell line in them runs in a
//! scratch repository, with the program that was built here on the PATH. Cargo is a script there that
//! writes down what it was asked for: what it would install is what the other steps test.

mod github;
mod gitlab;
mod scratch;

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::job::Job;
use crate::providers::python;
use crate::workspace::Workspace;

use super::examples;
use scratch::Scratch;

/// Brings the schemas of both hosts with it, and a reader of YAML.
const PACKAGE: &str = "check-jsonschema==0.37.1";
const READ: &str = "import json, sys; from ruamel.yaml import YAML; \
     json.dump(YAML(typ='safe').load(open(sys.argv[1], encoding='utf-8')), sys.stdout)";

const ACTION: &str = "action.yml";
const GITLAB: &str = "ci/gitlab.yml";

/// Both files say what their hosts read, and what they run finds a fault, and nothing where there is none.
pub(super) fn run(workspace: &Workspace) -> Result<()> {
    let orch_gen = examples::build(workspace)?;
    let tools = workspace.target().join("tools/check-jsonschema");
    let hint = "no check-jsonschema: install Python 3 with venv and pip";
    python::environment(&tools, PACKAGE).context(hint)?;
    let schemas = [
        (ACTION, "vendor.github-actions"),
        (GITLAB, "vendor.gitlab-ci"),
    ];
    for (file, schema) in schemas {
        Job::new(tools.join("bin/check-jsonschema"))
            .args(["--builtin-schema", schema])
            .args([workspace.root().join(file)])
            .run()?;
    }
    let action = read(&tools, &workspace.root().join(ACTION))?;
    github::run(&action, &Scratch::new(&orch_gen, workspace.root())?).context(ACTION)?;
    let job = read(&tools, &workspace.root().join(GITLAB))?;
    gitlab::run(
        &job["orch-lint"],
        &Scratch::new(&orch_gen, workspace.root())?,
    )
    .context(GITLAB)
}

fn read(tools: &Path, file: &Path) -> Result<Value> {
    let python = Job::new(tools.join("bin/python"));
    let text = python.args(["-c", READ]).args([file]).output()?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

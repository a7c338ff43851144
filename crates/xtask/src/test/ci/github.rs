//! The GitHub Action: its steps, run one by one with what their expressions would be.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::scratch::{Ended, Scratch, ensure_code};

/// As GitHub starts it for `shell: bash`.
const BASH: [&str; 4] = ["bash", "--noprofile", "--norc", "-eo"];

/// What expressions are, by the text between their braces.
type Known<'k> = &'k [(&'k str, &'k str)];

pub(super) fn run(action: &Value, here: &Scratch) -> Result<()> {
    looks_for_the_program(action, here)?;
    installs_it(action, here)?;
    lints(action, here)
}

fn looks_for_the_program(action: &Value, here: &Scratch) -> Result<()> {
    let look = |version: &str, has_orch_gen: bool| {
        let known = [("inputs.version", version)];
        let ended = step(action, here, "tool", has_orch_gen, &known)?;
        ensure_code(&ended, 0, "looking for orch-gen")?;
        here.host_file("GITHUB_OUTPUT")
    };
    let own = env!("CARGO_PKG_VERSION");
    ensure!(look("", true)? == "found=true\n", "one on the PATH is used");
    ensure!(
        look(own, true)? == "found=true\n",
        "the version asked for is used"
    );
    let other = look("0.0.1", true)?;
    ensure!(
        other == "found=false\nkey=0.0.1\n",
        "another version: {other}"
    );
    let none = look("", false)?;
    let key = none
        .trim_end()
        .strip_prefix("found=false\nkey=")
        .unwrap_or_default();
    ensure!(
        key.len() == 40,
        "the action's own sources have no key: {none}"
    );
    ensure!(
        look("", false)? == none,
        "the same sources have another key"
    );
    Ok(())
}

fn installs_it(action: &Value, here: &Scratch) -> Result<()> {
    for (version, what) in [
        (
            "0.3.0",
            "install --locked orch-gen --version 0.3.0 --root /tools/orch-gen --force\n",
        ),
        ("", "install --locked --path "),
    ] {
        let known = [("inputs.version", version), ("runner.tool_cache", "/tools")];
        ensure_code(
            &step(action, here, "install", false, &known)?,
            0,
            "installing",
        )?;
        let asked = here.asked_of_cargo();
        ensure!(asked.starts_with(what), "installs by: {asked}");
        ensure_code(&step(action, here, "path", false, &known)?, 0, "the PATH")?;
        ensure!(
            here.host_file("GITHUB_PATH")? == "/tools/orch-gen/bin\n",
            "not on the PATH"
        );
    }
    Ok(())
}

fn lints(action: &Value, here: &Scratch) -> Result<()> {
    let lint = |since: &str, arguments: &str| {
        let defaults = |name| {
            action["inputs"][name]["default"]
                .as_str()
                .unwrap_or_default()
        };
        let known = [
            ("inputs.path", defaults("path")),
            ("inputs.since", since),
            ("inputs.args", arguments),
            ("inputs.format", defaults("format")),
        ];
        step(action, here, "lint", true, &known)
    };
    let clean = lint("", "")?;
    ensure_code(&clean, 0, "nothing is wrong")?;
    ensure!(results(here)? == 0, "findings where nothing is wrong");
    here.bad()?;
    let broken = lint("", "--statistics --except ORC803")?;
    ensure_code(&broken, 1, "a fault")?;
    ensure!(
        broken.out.contains("::error "),
        "no annotation: {}",
        broken.out
    );
    ensure!(results(here)? > 0, "a fault is not in the report");
    let summary = here.host_file("GITHUB_STEP_SUMMARY")?;
    ensure!(
        summary.contains("ORC001"),
        "it is not in the summary: {summary}"
    );
    let refused = lint("", "--only ORC000")?;
    ensure_code(&refused, 2, "a rule that is not there")?;
    ensure!(
        here.host_file("GITHUB_OUTPUT")?.is_empty(),
        "a report of nothing"
    );
    let base = here.commit()?;
    ensure_code(&lint(&base, "")?, 0, "a fault that was there before")?;
    here.good()
}

/// How many findings the report holds that the last step named.
fn results(here: &Scratch) -> Result<usize> {
    let output = here.host_file("GITHUB_OUTPUT")?;
    let path = output.trim_end().strip_prefix("sarif=");
    let path = path.with_context(|| format!("no report is named: {output}"))?;
    let report: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    ensure!(report["version"] == "2.1.0", "not SARIF: {path}");
    let results = report["runs"][0]["results"].as_array();
    Ok(results.context("no results")?.len())
}

/// Runs one step.
fn step(
    action: &Value,
    here: &Scratch,
    id: &str,
    has_orch_gen: bool,
    known: Known<'_>,
) -> Result<Ended> {
    let steps = action["runs"]["steps"].as_array().context("no steps")?;
    let step = steps.iter().find(|step| step["id"] == id);
    let step = step.with_context(|| format!("no step {id}"))?;
    ensure!(step["shell"] == "bash", "{id} does not run in bash");
    let script = step["run"].as_str().context("it runs nothing")?;
    ensure!(
        !script.contains("${{"),
        "{id}: an expression in a script is code of whoever wrote it"
    );
    let mut variables = Vec::new();
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        let value = evaluated(value.as_str().unwrap_or_default(), known)?;
        let name = NAMES.into_iter().find(|of| of == name);
        variables.push((name.context("a variable that is not listed here")?, value));
    }
    here.script(
        &[BASH.as_slice(), &["pipefail"]].concat(),
        script,
        has_orch_gen,
        &variables,
    )
}

const NAMES: [&str; 6] = ["VERSION", "ROOT", "LINT_PATH", "SINCE", "ARGS", "FORMAT"];

/// A text with the values of its expressions.
fn evaluated(text: &str, known: Known<'_>) -> Result<String> {
    let Some((before, rest)) = text.split_once("${{") else {
        return Ok(text.to_owned());
    };
    let (expression, after) = rest.split_once("}}").context("an expression has no end")?;
    let Some((_, value)) = known.iter().find(|(name, _)| *name == expression.trim()) else {
        bail!("nobody knows what `{}` is", expression.trim());
    };
    Ok(format!("{before}{value}{}", evaluated(after, known)?))
}

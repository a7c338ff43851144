//! One engine: whoever asks gets the same findings.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufReader;
use std::panic;
use std::path::Path;
use std::process::{Command, Stdio};

use lsp_server::{Message, Notification, Request};
use orch_lint::Options;
use serde_json::{Value, json};

use crate::operators;
use crate::originals;
use crate::package::Package;

const PROGRAM: &str = env!("CARGO_BIN_EXE_orch-gen");

/// Operators whose mutants are compared: in Rust, in SQL, in settings, in files that are not changed.
const COMPARED: &[&str] = &[
    "a transaction around the call",
    "a pool in the adapter",
    "a helper of another module that begins",
    "no unique key",
    "no Finalizer among the workers",
    "any other error",
    "a field that anybody changes",
    "a migration that empties the log",
    "a file that no module names",
    "an exception without a reason",
    "no tests but the one of the architecture",
];

/// Code, path and line.
type Found = BTreeSet<(String, String, u64)>;

/// Reads what is printed.
type Reader = fn(&str) -> Found;

/// A finding that only one of them has is one that somebody is surprised by.
#[test]
fn whoever_asks_gets_the_same_findings() {
    let originals = originals::all();
    let operators = operators::all();
    for (at, name) in COMPARED.iter().enumerate() {
        let operator = operators.iter().find(|of| of.name == *name).unwrap();
        let (before, from) = originals.split_at(at % originals.len());
        let mut packages = from.iter().chain(before);
        let package = packages.find_map(|of| operator.mutant(of)).unwrap();
        compare(name, operator.code, &package);
    }
}

fn compare(name: &str, code: &str, package: &Package) {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    package.write(&root);
    let report = orch_lint::lint(&root, &Options::default()).unwrap();
    let found = report.findings.iter().map(|of| {
        let line = u64::from(of.start.line);
        (of.code.to_owned(), of.path.clone(), line)
    });
    let wanted: Found = found.collect();
    let name = format!("{name} in {}", package.name);
    assert!(
        wanted.iter().any(|(of, _, _)| of == code),
        "{name}: {wanted:?}"
    );
    assert_eq!(
        of_test(&root),
        format!("\n{}", report.render_full(false)),
        "{name}"
    );
    git(&root, &["init", "-q"]);
    git(&root, &["add", "-A"]);
    let formats: [(&str, Reader); 5] = [
        ("concise", of_concise),
        ("gitlab", of_gitlab),
        ("junit", of_junit),
        ("rustc-json", of_rustc_json),
        ("sarif", of_sarif),
    ];
    let written = tempfile::tempdir().unwrap();
    let file = |format: &str| written.path().join(format).to_str().unwrap().to_owned();
    let mut arguments = vec!["--format=json".to_owned()];
    arguments.extend(formats.map(|(format, _)| format!("--output-file={format}={}", file(format))));
    assert_eq!(of_json(&lint(&root, &arguments)), wanted, "{name}");
    for (format, read) in formats {
        let said = fs::read_to_string(file(format)).unwrap();
        assert_eq!(read(&said), wanted, "{name}, {format}:\n{said}");
    }
    let staged = ["--format=json", "--staged"].map(str::to_owned);
    assert_eq!(of_json(&lint(&root, &staged)), wanted, "{name}, staged");
    assert_eq!(
        of_editor(&root, wanted.len()),
        wanted,
        "{name}, in an editor"
    );
}

/// What `tests/architecture.rs` of the package says.
fn of_test(root: &Path) -> String {
    let root = root.to_str().unwrap().to_owned();
    let failed = panic::catch_unwind(|| orch_lint::assert_clean(&root)).unwrap_err();
    failed.downcast_ref::<String>().unwrap().clone()
}

fn lint(root: &Path, arguments: &[String]) -> String {
    let mut command = Command::new(PROGRAM);
    command.arg("lint").args(arguments).current_dir(root);
    let ran = isolated(&mut command).output().unwrap();
    assert_eq!(
        ran.status.code(),
        Some(1),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap()
}

fn git(root: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    let status = isolated(command.args(arguments).current_dir(root)).status();
    assert!(status.unwrap().success(), "git {arguments:?}");
}

/// Without what the machine or a hook around the tests says to git.
fn isolated(command: &mut Command) -> &mut Command {
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GITHUB_STEP_SUMMARY",
    ] {
        command.env_remove(name);
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
}

fn entry(code: &str, path: &str, line: u64) -> (String, String, u64) {
    (code.to_owned(), path.to_owned(), line)
}

fn of_json(said: &str) -> Found {
    let document: Value = serde_json::from_str(said).unwrap();
    let findings = document["findings"].as_array().unwrap().iter();
    let read = |of: &Value| {
        let text = |key: &str| of[key].as_str().unwrap().to_owned();
        (text("code"), text("path"), of["line"].as_u64().unwrap())
    };
    findings.map(read).collect()
}

/// `src/lib.rs:3:1: error ORC302 outcome-catch-all: ..`; the lines after the findings count them.
fn of_concise(said: &str) -> Found {
    said.lines()
        .filter_map(|line| of_place(line, |rest| rest.split(' ').nth(1)))
        .collect()
}

/// `<failure ..>src/lib.rs:3:1: ORC302 ..</failure>`.
fn of_junit(said: &str) -> Found {
    let failures = said
        .lines()
        .filter(|line| line.trim_start().starts_with("<failure"));
    let texts = failures.map(|line| line.split_once('>').unwrap().1);
    texts
        .filter_map(|text| of_place(text, |rest| rest.split(' ').next()))
        .collect()
}

fn of_place(text: &str, code: impl Fn(&str) -> Option<&str>) -> Option<(String, String, u64)> {
    let (place, rest) = text.split_once(": ")?;
    let mut parts = place.rsplitn(3, ':');
    let line = parts.nth(1)?.parse().ok()?;
    Some(entry(code(rest)?, parts.next()?, line))
}

fn of_gitlab(said: &str) -> Found {
    let document: Value = serde_json::from_str(said).unwrap();
    let read = |of: &Value| {
        let code = of["description"]
            .as_str()
            .unwrap()
            .split(':')
            .next()
            .unwrap();
        let location = &of["location"];
        let line = location["positions"]["begin"]["line"].as_u64().unwrap();
        entry(code, location["path"].as_str().unwrap(), line)
    };
    document.as_array().unwrap().iter().map(read).collect()
}

fn of_rustc_json(said: &str) -> Found {
    let read = |line: &str| {
        let of: Value = serde_json::from_str(line).unwrap();
        let message = &of["message"];
        let code = message["code"]["code"].as_str().unwrap();
        let span = &message["spans"][0];
        let line = span["line_start"].as_u64().unwrap();
        entry(
            code.strip_prefix("orch::").unwrap(),
            span["file_name"].as_str().unwrap(),
            line,
        )
    };
    said.lines().map(read).collect()
}

fn of_sarif(said: &str) -> Found {
    let document: Value = serde_json::from_str(said).unwrap();
    let read = |of: &Value| {
        let place = &of["locations"][0]["physicalLocation"];
        let line = place["region"]["startLine"].as_u64().unwrap();
        let path = place["artifactLocation"]["uri"].as_str().unwrap();
        entry(of["ruleId"].as_str().unwrap(), path, line)
    };
    let results = document["runs"][0]["results"].as_array().unwrap();
    results.iter().map(read).collect()
}

/// What an editor that opens the folder is told of, until it is as many findings as there should be, and
/// what else comes before the server ends.
fn of_editor(root: &Path, wanted: usize) -> Found {
    let mut command = Command::new(PROGRAM);
    command
        .arg("lsp")
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut to = server.stdin.take().unwrap();
    let mut from = BufReader::new(server.stdout.take().unwrap());
    let uri = format!("file://{}", root.display());
    let params = json!({
        "processId": null,
        "rootUri": uri,
        "workspaceFolders": [{ "uri": uri, "name": "mutant" }],
        "capabilities": {},
    });
    let mut say = |message: Message| message.write(&mut to).unwrap();
    say(Message::Request(Request::new(
        1.into(),
        "initialize".to_owned(),
        params,
    )));
    say(Message::Notification(Notification::new(
        "initialized".to_owned(),
        json!({}),
    )));
    let mut found = Found::new();
    let mut is_ending = false;
    while let Some(message) = Message::read(&mut from).unwrap() {
        match message {
            Message::Notification(said) if said.method == "textDocument/publishDiagnostics" => {
                let path = said.params["uri"].as_str().unwrap();
                let path = path.strip_prefix(&format!("{uri}/")).unwrap();
                let told = said.params["diagnostics"].as_array().unwrap().iter();
                found.extend(told.map(|one| {
                    let line = one["range"]["start"]["line"].as_u64().unwrap() + 1;
                    entry(one["code"].as_str().unwrap(), path, line)
                }));
            }
            Message::Response(answer) if answer.id == 2.into() => {
                say(Message::Notification(Notification::new(
                    "exit".to_owned(),
                    Value::Null,
                )));
            }
            _ => {}
        }
        if found.len() >= wanted && !is_ending {
            is_ending = true;
            say(Message::Request(Request::new(
                2.into(),
                "shutdown".to_owned(),
                Value::Null,
            )));
        }
    }
    assert!(server.wait().unwrap().success());
    found
}

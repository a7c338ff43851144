//! The linter beside another program: two lists of findings in one stream.

use crate::command::{PROGRAM, Place, ran};
use serde_json::Value;
use std::process::Command;

/// A package of no dependencies that the compiler and the linter both have something to say about.
fn package() -> Place {
    let place = Place::new();
    place.write(
        "Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n[workspace]\n",
    );
    place.write(
        "src/lib.rs",
        "//! Shop.\n/// Pays.\npub struct Pay;\nimpl orch_runtime::Orchestrator for Pay {\n    \
         fn execute(&self) -> bool { let unused = 1; true }\n}\n",
    );
    place
}

/// rust-analyzer reads the lines of one command: each is a diagnostic of cargo or of the linter, whole.
#[test]
fn findings_of_cargo_and_of_the_linter_are_one_stream_of_lines() {
    let place = package();
    let arguments = [
        "lint",
        "--format",
        "rustc-json",
        "--",
        "cargo",
        "check",
        "--offline",
        "--message-format=json",
        "--target-dir",
        "target",
    ];
    let ran = place.run(&arguments);
    assert_eq!(ran.code, 1, "{ran:?}");
    let lines: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let code = |line: &Value| line["message"]["code"]["code"].as_str().map(str::to_owned);
    let codes: Vec<String> = lines.iter().filter_map(code).collect();
    for wanted in ["E0433", "orch::ORC001"] {
        assert!(codes.iter().any(|code| code == wanted), "{codes:?}");
    }
}

/// What the linter finds is not kept until a slow program ends, and what that prints is left as it is.
#[cfg(unix)]
#[test]
fn both_are_passed_on_as_they_are() {
    let place = package();
    let lint = ["lint", "--format", "concise", "--", "sh", "-c"];
    let text = |script: &str| place.run(&[&lint[..], &[script]].concat());
    let both = text("printf 'one\\n  two\\nno end'; exit 0");
    assert_eq!(both.code, 1, "{both:?}");
    for part in ["one\n", "  two\n", "no end\n", "ORC001"] {
        assert!(both.out.contains(part), "{part}: {}", both.out);
    }
    // The program goes on until the linter's findings are in the file.
    let waiting = "until grep -q ORC001 out.txt; do :; done; echo seen";
    let command =
        format!("{PROGRAM} lint --format concise -- sh -c '{waiting}' > out.txt; cat out.txt");
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).current_dir(place.path(""));
    let waited = ran(shell);
    assert!(
        waited.out.contains("ORC001") && waited.out.ends_with("seen\n"),
        "{waited:?}"
    );
}

/// A program that fails is a failure, also when the linter finds nothing; one that is not there is named.
#[cfg(unix)]
#[test]
fn a_program_that_fails_is_a_failure() {
    let place = Place::with_package();
    let ran = place.run_in("pay", &["lint", "--", "sh", "-c", "exit 7"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    place.run_in("pay", &["lint", "--", "true"]).done();
    let ran = place.run_in("pay", &["lint", "--", "no-such-program", "x"]);
    let ran = ran.refused(2, "OG001");
    assert!(ran.err.contains("`no-such-program`"), "{ran:?}");
    place
        .run_in("pay", &["lint", "--fix", "--", "true"])
        .refused(2, "OG001");
}

//! `orch-gen doctor`: each thing that can be wrong, and the command that puts it right.

use crate::command::{Place, Ran, ran};
use serde_json::Value;
use std::process::Command;

/// A package in a git repository.
fn in_git() -> Place {
    let place = Place::with_package();
    let done = Command::new("git")
        .args(["init", "-q"])
        .current_dir(place.path("pay"))
        .status();
    assert!(done.unwrap().success());
    place
}

fn doctor(place: &Place) -> Ran {
    place.run(&["doctor", "--out", "pay", "--json"])
}

/// What is said of one thing: its status and what to type.
fn said(ran: &Ran, name: &str) -> (String, String) {
    let document = ran.json();
    let checks = document["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name}: {document:#}"));
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("fix"))
}

/// Requires that this is a problem with this fix, and that nothing was changed by looking.
fn problem(place: &Place, name: &str, fix: &str) {
    let before = place.everything();
    let ran = doctor(place);
    assert_eq!(before, place.everything(), "doctor wrote something");
    assert_eq!(ran.code, 1, "{name}: {ran:?}");
    let (status, said) = said(&ran, name);
    assert_eq!(status, "problem", "{name}");
    assert!(said.contains(fix), "{name}: {said}");
}

#[test]
fn a_fresh_package_is_healthy() {
    let place = in_git();
    let ran = place.run_in("pay/src", &["doctor"]).done();
    let lines: Vec<&str> = ran.out.lines().filter(|line| line.contains("  ")).collect();
    for name in [
        "cargo",
        "rustc",
        "rustfmt",
        "clippy",
        "package",
        "orch.toml",
        "orch.lock",
        "generator",
        "interrupted",
        "merge bases",
        "drift",
        "runtime",
        "workspace",
        "gitignore",
    ] {
        let line = lines
            .iter()
            .find(|line| line.contains(&format!("  {name} ")));
        assert!(
            line.is_some_and(|line| line.starts_with("ok ")),
            "{name}: {}",
            ran.out
        );
    }
    assert_eq!(ran.out.lines().last(), Some("no problems, no warnings"));
    let quiet = place.run_in("pay", &["doctor", "--quiet"]).done();
    assert_eq!(quiet.out, "");
}

#[test]
fn outside_a_package_only_the_toolchain_is_looked_at() {
    let place = Place::new();
    place
        .run(&["doctor", "--out", "nowhere"])
        .refused(2, "OG001");
    let ran = place.run(&["doctor", "--json"]).done();
    assert_eq!(said(&ran, "package").0, "ok");
    place.write("Cargo.toml", "[package]\nname = \"shop\"\n");
    let ran = place.run(&["doctor"]).done();
    assert!(
        ran.out.contains("nothing was generated into it yet"),
        "{}",
        ran.out
    );
}

#[test]
fn a_spec_that_does_not_parse_is_a_problem() {
    let place = Place::with_package();
    place.write("pay/orch.toml", "version = 1\n[stroe]\n");
    problem(&place, "orch.toml", "did you mean `store`?");
}

#[test]
fn a_damaged_or_missing_lock_is_a_problem() {
    let place = Place::with_package();
    place.write("pay/orch.lock", "<<<<<<< HEAD\n");
    problem(&place, "orch.lock", "take it from version control");
    std::fs::remove_file(place.path("pay/orch.lock")).unwrap();
    problem(&place, "orch.lock", "orch-gen apply");
    place.run(&["apply", "--out", "pay"]).done();
    assert_eq!(doctor(&place).code, 0);
}

#[test]
fn drift_is_a_problem_whose_fix_works() {
    let place = Place::with_package();
    std::fs::remove_file(place.path("pay/src/lib.rs")).unwrap();
    problem(&place, "drift", "orch-gen apply");
    place.run(&["apply", "--out", "pay"]).done();
    place.write("pay/src/lib.rs", "// edited\n");
    problem(&place, "drift", "orch-gen apply --force");
    place.run(&["apply", "--out", "pay", "--force"]).done();
    assert_eq!(doctor(&place).code, 0);
}

/// Without its base the next merge of a file is a conflict, and nobody knows before.
#[test]
fn a_lost_or_damaged_merge_base_is_a_problem() {
    let place = Place::with_package();
    let base = std::fs::read_dir(place.path("pay/.orch/base"))
        .unwrap()
        .next();
    let base = base.unwrap().unwrap().path();
    let text = std::fs::read(&base).unwrap();
    std::fs::write(&base, "other").unwrap();
    problem(&place, "merge bases", "version control");
    std::fs::remove_file(&base).unwrap();
    problem(&place, "merge bases", "orch-gen apply");
    std::fs::write(
        &base,
        String::from_utf8(text).unwrap().replace('\n', "\r\n"),
    )
    .unwrap();
    assert_eq!(
        said(&doctor(&place), "merge bases").0,
        "ok",
        "line ends of a checkout"
    );
}

#[test]
fn an_interrupted_run_is_a_problem() {
    let place = Place::with_package();
    place.write("pay/.orch/staging/journal", "x");
    problem(&place, "interrupted", "orch-gen apply");
}

#[test]
fn another_runtime_than_this_versions_is_a_problem() {
    let place = Place::with_package();
    place.write("pay/vendor/orch-runtime/src/lib.rs", "//! Mine.\n");
    problem(&place, "runtime", "orch-gen apply --force");
    std::fs::remove_file(place.path("pay/vendor/orch-runtime/src/lib.rs")).unwrap();
    problem(&place, "runtime", "orch-gen apply");
    let spec = place.read("pay/orch.toml");
    let spec = spec.replace("\"vendored\"", "\"path\"\npath = \"../nowhere\"");
    place.write("pay/orch.toml", &spec);
    problem(&place, "runtime", "correct `path`");
}

#[test]
fn vendored_crates_in_a_workspace_have_to_be_excluded() {
    let place = Place::with_package();
    let manifest = place.read("pay/Cargo.toml");
    assert!(manifest.contains("exclude = [\"vendor\"]"));
    place.write(
        "pay/Cargo.toml",
        &manifest.replace("exclude = [\"vendor\"]", ""),
    );
    problem(&place, "workspace", "exclude = [\"vendor\"]");
}

/// What is not committed is missing on the next machine.
#[test]
fn what_has_to_be_committed_may_not_be_ignored() {
    let place = in_git();
    let before = place.read("pay/.gitignore");
    for line in ["orch.lock", "*.toml", ".orch/", "migrations", "*.sql"] {
        place.write("pay/.gitignore", &format!("{before}{line}\n"));
        problem(&place, "gitignore", "git check-ignore -v");
    }
    place.write(
        "pay/.gitignore",
        &format!("{before}*.toml\n!orch.toml\n!Cargo.toml\n"),
    );
    assert_eq!(said(&doctor(&place), "gitignore").0, "ok");
}

#[test]
fn the_version_that_wrote_the_tree_is_compared() {
    let place = Place::with_package();
    let lock = place.read("pay/orch.lock");
    let wrote = |version: &str| {
        let ours = format!("generator = \"{}\"", env!("CARGO_PKG_VERSION"));
        assert!(lock.contains(&ours));
        place.write(
            "pay/orch.lock",
            &lock.replace(&ours, &format!("generator = \"{version}\"")),
        );
    };
    wrote("99.0.0");
    problem(&place, "generator", "install orch-gen 99.0.0 or newer");
    wrote("0.0.1");
    let ran = doctor(&place).done();
    assert_eq!(
        said(&ran, "generator"),
        ("warning".to_owned(), "orch-gen upgrade".to_owned())
    );
    place.run(&["upgrade", "--out", "pay"]).done();
    assert_eq!(said(&doctor(&place), "generator").0, "ok");
}

/// Tools that are there and do not run, and a compiler that is too old.
#[cfg(unix)]
#[test]
fn a_toolchain_that_cannot_build_is_a_problem() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    for (name, script) in [
        ("rustc", "echo 'rustc 1.70.0 (abc 2023-06-01)'"),
        ("rustfmt", "exit 1"),
        (
            "cargo",
            "echo cargo 1.89.0; test \"$RUSTUP_AUTO_INSTALL\" = 0",
        ),
    ] {
        let path = place.path(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = place.command("", &["doctor", "--json"]);
    command.env("PATH", place.path(""));
    let ran = ran(command);
    assert_eq!(ran.code, 1, "{ran:?}");
    let of = |name| said(&ran, name);
    assert_eq!(of("cargo").0, "ok", "a toolchain could be downloaded");
    assert_eq!(
        of("rustc"),
        ("problem".to_owned(), "rustup update stable".to_owned())
    );
    assert_eq!(of("rustfmt").1, "rustup component add rustfmt");
    assert_eq!(of("clippy").1, "rustup component add clippy");
    assert_eq!(ran.json()["healthy"], Value::Bool(false));
}

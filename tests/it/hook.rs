//! The linter as a hook of git.

#![cfg(unix)]

use crate::command::{PROGRAM, ran};
use crate::repository::{BAD, GOOD, Repository};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const HOOK: &str = ".git/hooks/pre-commit";
const INSTALL: &[&str] = &["hook", "install"];
const UNINSTALL: &[&str] = &["hook", "uninstall"];
const APPEND: &[&str] = &["hook", "install", "--append"];
const OTHER: &str = "#!/bin/sh\n# Somebody else's.\ntouch ran\nexit 0\n";

fn with_hook(text: &str, mode: u32) -> Repository {
    let repository = Repository::new();
    repository.place.write(HOOK, text);
    fs::set_permissions(repository.path(HOOK), Permissions::from_mode(mode)).unwrap();
    repository
}

fn mode(repository: &Repository) -> u32 {
    let found = fs::metadata(repository.path(HOOK)).unwrap();
    found.permissions().mode() & 0o777
}

/// Commits what is staged, with the program under test where the hook looks for it.
fn commit(repository: &Repository) -> i32 {
    let mut path = std::ffi::OsString::from(Path::new(PROGRAM).parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut command = repository.git_command(&["commit", "-qm", "next"]);
    command.env("PATH", path);
    ran(command).code
}

#[test]
fn a_commit_that_breaks_a_rule_is_not_made() {
    for package in ["", "services/the shop's"] {
        let repository = Repository::with_package_in(package);
        repository.run(INSTALL).done();
        repository.stage("src/pay.rs", BAD);
        repository.write("src/pay.rs", GOOD);
        assert_eq!(commit(&repository), 1, "{package}");
        repository.stage("src/pay.rs", &format!("// Pays.\n{GOOD}"));
        repository.write("src/pay.rs", BAD);
        assert_eq!(commit(&repository), 0, "{package}");
        // On a branch without the package there is nothing to lint.
        repository.place.write("README.md", "Shop.\n");
        repository.git(&[
            "rm",
            "-rqf",
            &repository.at("src"),
            &repository.at("Cargo.toml"),
        ]);
        repository.git(&["add", "-A"]);
        assert_eq!(commit(&repository), 0, "{package}");
    }
}

#[test]
fn installing_twice_is_the_same_and_uninstalling_takes_all_of_it() {
    let repository = Repository::new();
    let first = repository.run(INSTALL).done();
    assert!(first.out.contains(HOOK), "{first:?}");
    let text = repository.place.read(HOOK);
    assert!(text.starts_with("#!/bin/sh\n") && text.contains("orch-gen lint --staged"));
    assert_eq!(mode(&repository), 0o755);
    let again = repository.run(INSTALL).done();
    assert!(again.out.contains("already"), "{again:?}");
    assert_eq!(repository.place.read(HOOK), text);
    repository.run(UNINSTALL).done();
    assert!(!repository.path(HOOK).exists());
    let nothing = repository.run(UNINSTALL).done();
    assert!(nothing.out.contains("Nothing"), "{nothing:?}");
    repository.run(&["hook", "install", "--pre-push"]).done();
    assert!(repository.path(".git/hooks/pre-push").exists());
    assert!(!repository.path(HOOK).exists());
}

/// Somebody else's checks would be lost.
#[test]
fn a_hook_of_somebody_else_is_kept() {
    for text in [OTHER, "#!/usr/bin/env python3\nprint()\n"] {
        let repository = with_hook(text, 0o750);
        let ran = repository.run(INSTALL);
        assert!(
            ran.err.contains("orch-gen lint --staged || exit $?"),
            "{ran:?}"
        );
        ran.refused(2, "OG066");
        repository.run(UNINSTALL).done();
        assert_eq!(repository.place.read(HOOK), text);
        assert_eq!(mode(&repository), 0o750);
    }
    let python = with_hook("#!/usr/bin/env python3\nprint()\n", 0o755);
    python.run(APPEND).refused(2, "OG066");
    let link = Repository::new();
    link.place.write("hook.sh", OTHER);
    fs::create_dir_all(link.path(".git/hooks")).unwrap();
    std::os::unix::fs::symlink("../../hook.sh", link.path(HOOK)).unwrap();
    link.run(APPEND).refused(2, "OG066");
    assert_eq!(link.place.read("hook.sh"), OTHER);
}

/// It ends with `exit 0`, behind which nothing is reached.
#[test]
fn lines_in_a_script_of_somebody_else_run_before_it_and_can_be_taken_out() {
    let repository = with_hook(OTHER, 0o750);
    repository.run(APPEND).done();
    repository.run(INSTALL).done();
    assert_eq!(mode(&repository), 0o750);
    repository.stage("src/pay.rs", BAD);
    assert_eq!(commit(&repository), 1);
    assert!(!repository.path("ran").exists());
    repository.stage("src/pay.rs", &format!("// Pays.\n{GOOD}"));
    assert_eq!(commit(&repository), 0);
    assert!(repository.path("ran").exists());
    repository.run(UNINSTALL).done();
    assert_eq!(repository.place.read(HOOK), OTHER);
    assert_eq!(mode(&repository), 0o750);
    let idle = with_hook(OTHER, 0o640);
    let ran = idle.run(APPEND).done();
    assert!(ran.err.contains("chmod +x"), "{ran:?}");
}

#[test]
fn hooks_are_where_the_settings_and_the_working_tree_say() {
    let repository = Repository::with_package_in("shop");
    repository.git(&["config", "core.hooksPath", ".hooks"]);
    repository.run(INSTALL).done();
    assert!(repository.path(".hooks/pre-commit").exists());
    repository.run(UNINSTALL).done();
    repository.git(&["config", "--unset", "core.hooksPath"]);
    repository.git(&["worktree", "add", "-q", "second"]);
    ran(repository.command("second/shop", INSTALL)).done();
    assert!(repository.path(HOOK).exists());
    repository.run(UNINSTALL).done();
    assert!(!repository.path(HOOK).exists());
}
